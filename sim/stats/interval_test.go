package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"spreadable/sim/stats"
)

// normal draws n values of a normal distribution.
func normal(r *rand.Rand, n int, mean, sd float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = mean + sd*r.NormFloat64()
	}
	return values
}

func TestIntervalsCoverTheTruthAsOftenAsTheySay(t *testing.T) {
	for _, n := range []int{2, 5, 10, 30} {
		r, covered := rand.New(rand.NewPCG(1, uint64(n))), 0
		for range 1000 {
			if m := stats.MeanOf(normal(r, n, 42, 7)); m.Low() <= 42 && 42 <= m.High() {
				covered++
			}
		}
		if covered < 930 || covered > 970 {
			t.Errorf("%d of 1000 intervals over %d values cover the mean", covered, n)
		}
	}
}

func TestAnIntervalIsStudents(t *testing.T) {
	// t of 4 degrees of freedom at 97.5 % is 2.776445, the deviation of 1..5 is √2.5.
	m := stats.MeanOf([]float64{1, 2, 3, 4, 5})
	if want := 2.776445 * math.Sqrt(2.5/5); m.Value != 3 || math.Abs(m.Half-want) > 1e-5 {
		t.Errorf("%v ± %v, want 3 ± %v", m.Value, m.Half, want)
	}
	if !m.Within(0.66) || m.Within(0.65) {
		t.Error("half of the width is 1.96 of 3")
	}
	if p := m.P(3 - m.Half); math.Abs(p-0.05) > 1e-9 {
		t.Errorf("at the bound of a 95 %% interval p is %v", p)
	}
}

func TestEqualValuesLeaveNoDoubt(t *testing.T) {
	m := stats.MeanOf([]float64{0.1, 0.1, 0.1})
	if m.Value != 0.1 || m.Half != 0 || m.P(0.1) != 1 || m.P(0.2) != 0 || !m.Within(0) {
		t.Errorf("%+v", m)
	}
}

func TestOneValueHasNoInterval(t *testing.T) {
	m := stats.MeanOf([]float64{7})
	if m.Value != 7 || !math.IsNaN(m.Half) || m.Within(1) || !math.IsNaN(m.P(0)) {
		t.Errorf("%+v", m)
	}
}

// The planted effect is 2 % of a mean whose values scatter by 10 %, of which common random
// numbers take away all but 0.5 %.
func TestCommonRandomNumbersFindASmallEffect(t *testing.T) {
	r, found := rand.New(rand.NewPCG(2, 2)), 0
	for range 200 {
		a := normal(r, 10, 100, 10)
		b := normal(r, 10, 0, 0.5)
		for i := range b {
			b[i] += a[i] * 1.02
		}
		if stats.MeanOf(stats.Differences(a, b)).P(0) < 0.05 {
			found++
		}
	}
	if found < 199 {
		t.Errorf("found in %d of 200 comparisons", found)
	}
}

func TestWhereThereIsNoEffectProbabilitiesAreEven(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := make([]float64, 200)
	for i := range p {
		p[i] = stats.MeanOf(stats.Differences(normal(r, 10, 100, 10), normal(r, 10, 100, 10))).P(0)
	}
	slices.Sort(p)
	distance := 0.0 // of Kolmogorov and Smirnov, whose 1 % bound is 1.63/√n
	for i, x := range p {
		distance = max(distance, math.Abs(x-float64(i)/200), math.Abs(x-float64(i+1)/200))
	}
	if distance > 1.63/math.Sqrt(200) {
		t.Errorf("the distance from an even distribution is %v", distance)
	}
}

func TestHolmsCorrectionIsThatOfThePaper(t *testing.T) {
	got := stats.Holm([]float64{0.01, math.NaN(), 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, math.NaN(), 0.06, 0.06, 0.02} {
		if math.IsNaN(want) != math.IsNaN(got[i]) || math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%d: %v, want %v", i, got[i], want)
		}
	}
	if p := stats.Holm([]float64{0.9, 0.8}); p[0] != 1 || p[1] != 1 {
		t.Errorf("%v", p)
	}
}
