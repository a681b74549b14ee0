package laws

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// All laws hold at their reduced size. `make laws` runs them in full.
func TestLawsHold(t *testing.T) {
	for _, law := range All() {
		t.Run(law.Name, func(t *testing.T) {
			out, err := law.Run(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if !out.Holds() {
				t.Errorf("it does not hold that %s", law.Title)
			}
			for _, r := range out.Rows {
				t.Logf("%t %s: %.5g, by theory %.5g (%.5g to %.5g)", r.Holds(), r.What, r.Measured, r.Expected, r.Low, r.High)
			}
			for _, chart := range out.Charts {
				text, err := chart.CSV()
				if err != nil {
					t.Fatal(err)
				}
				if rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll(); err != nil || len(rows) < 3 {
					t.Errorf("the numbers of chart %s are %d rows, %v", chart.Name, len(rows), err)
				}
			}
		})
	}
}

// A law run with the parameters of a test, small enough to be quick.
func TestParametersChangeWhatIsMeasured(t *testing.T) {
	law, err := Named("queue")
	if err != nil {
		t.Fatal(err)
	}
	out, err := law.Run(Settings{Sets: []string{"rho=0.7", "customers=20000", "service_ms=2", "seed=9"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Rows) != 3 || math.Abs(out.Rows[0].Expected-0.7*2/0.3) > 1e-9 {
		t.Errorf("with a load of 0.7 and 2 ms: %+v", out.Rows)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for _, test := range []struct{ law, set, says string }{
		{"queue", "rho=1", "set rho: expected a number from 0 to 0.95"},
		{"queue", "rho", "expected key=value"},
		{"queue", "rhoo=0.5", "did you mean \"rho\"?"},
		{"queue", "customers=1e4.5", "expected a whole number"},
		{"queue", "customers=1000.5", "expected a whole number"},
		{"gossip", "nodes=1", "expected 2 or more"},
		{"gossip", "runs=NaN", "expected a whole number"},
		{"capture", "agree=6", "at most as many as approvers"},
		{"capture", "approvers=201", "at most as many as nodes"},
		{"search", "latency.mean=x", "latency.mean"},
		{"search", "workload.searches.count=0", "searches"},
		{"stale", "churn.session.model=lognormal", "churn.session"},
		{"load", "workload.approvals.count=0", "approvals"},
	} {
		law, err := Named(test.law)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = law.Run(Settings{Sets: []string{test.set}}); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s with %s: %v, want one that says %s", test.law, test.set, err, test.says)
		}
	}
	if _, err := Named("quue"); err == nil || !strings.Contains(err.Error(), "queue") {
		t.Errorf("a law of another name: %v", err)
	}
}

// The tests of goodness of fit tell a distribution from one that is a little off: a law
// that cannot fail says nothing.
func TestAWrongDistributionIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var right, wrong []float64
	var counts []int
	poisson := distuv.Poisson{Lambda: 8, Src: rand.NewPCG(3, 4)}
	for range 5000 {
		x := r.ExpFloat64()
		right, wrong = append(right, x), append(wrong, 1.08*x)
		counts = append(counts, int(poisson.Rand()))
	}
	unit := distuv.Exponential{Rate: 1}.CDF
	if p := fits(right, unit); p < 0.01 {
		t.Errorf("exponential draws are exponential with p = %v", p)
	}
	if p := fits(wrong, unit); p > 0.01 {
		t.Errorf("draws that are 8 %% too long are exponential with p = %v", p)
	}
	if p := same(right, wrong); p > 0.05 {
		t.Errorf("samples of two distributions are the same with p = %v", p)
	}
	for mean, found := range map[float64]bool{8: false, 8.4: true} {
		of := distuv.Poisson{Lambda: mean}
		if p := fitsCounts(tally(counts), func(k int) float64 { return of.Prob(float64(k)) }); (p < 0.01) != found {
			t.Errorf("counts with the mean 8 are those of the mean %v with p = %v", mean, p)
		}
	}
	ps := make([]float64, 100)
	if rejected("", ps, 1).Holds() || !rejected("", append(ps[:5:5], ones(95)...), 1).Holds() || rejected("", append(ps[:6:6], ones(94)...), 1).Holds() {
		t.Error("of a hundred tests five may fail, and no more")
	}
	if (Row{Measured: math.NaN(), High: 1}).Holds() || (&Outcome{}).Holds() {
		t.Error("a law holds without a number")
	}
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }
