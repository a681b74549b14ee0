package experiment_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"spreadable/sim/experiment"
	"spreadable/sim/result"
)

// sideOf makes repetitions that measured these latencies, with seeds of their own.
func sideOf(name string, seed uint64, latencies ...float64) experiment.Side {
	side := experiment.Side{Name: name}
	for i, latency := range latencies {
		side.Records = append(side.Records, &experiment.Record{
			Repetition: i + 1, Seed: seed + uint64(i), Outcome: experiment.Complete,
			Summary: &result.Summary{
				Fingerprint: fmt.Sprint(latency, i),
				Search:      &result.Search{LatencyMS: &result.Latency{P90: latency}},
			},
		})
	}
	return side
}

const p90 = "search.latency_ms.p90"

func compared(t *testing.T, a, b experiment.Side, metrics ...string) *experiment.Comparison {
	t.Helper()
	c, err := experiment.Compare(a, b, metrics)
	if err != nil {
		t.Fatal(err)
	}
	experiment.Correct([]*experiment.Comparison{c})
	return c
}

func TestAPlantedEffectIsFoundInTenPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	found := 0
	for range 200 {
		var a, b []float64
		for range 10 {
			x := 100 + 8*r.NormFloat64()
			a, b = append(a, x), append(b, x*1.02+0.5*r.NormFloat64())
		}
		c := compared(t, sideOf("a", 1, a...), sideOf("b", 1, b...), p90)
		if d := c.Differences[0]; d.Found() && *d.Low > 0 && c.SameSeeds && !c.Identical {
			found++
		}
	}
	if found < 198 {
		t.Errorf("found in %d of 200 comparisons", found)
	}
}

func TestEqualRunsAreIdentical(t *testing.T) {
	c := compared(t, sideOf("a", 1, 100, 110, 90), sideOf("b", 1, 100, 110, 90))
	if !c.Identical || c.Pairs != 3 || c.Differences[0].Found() {
		t.Errorf("%+v", c)
	}
	if list := experiment.Regressions([]*experiment.Comparison{c}, 0); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

func TestWhatCannotBeComparedIsRefused(t *testing.T) {
	failed := sideOf("failed", 1, 100)
	failed.Records[0].Outcome = experiment.Failed
	longer := sideOf("longer", 1, 100)
	longer.Records[0].Summary.Engine.VirtualS = 60
	for want, other := range map[string]experiment.Side{
		"no complete repetition has the same number": failed,
		"lasted 0s and 60s of virtual time":          longer,
		"single runs with different seeds":           sideOf("other", 9, 100),
	} {
		if _, err := experiment.Compare(sideOf("a", 1, 100), other, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := experiment.Compare(sideOf("a", 1, 1), sideOf("b", 1, 1), []string{"approval.success"}); err == nil || !strings.Contains(err.Error(), "approval.success was not measured on both sides") {
		t.Errorf("%v", err)
	}
}

// A regression is worse by more than the margin for sure, on the worse side only.
func TestRegressionsAreBeyondTheMargin(t *testing.T) {
	base := []float64{100, 104, 96, 101, 99}
	for _, c := range []struct {
		factor, margin float64
		want           int
	}{{1.03, 0.01, 1}, {1.005, 0.01, 0}, {0.9, 0.01, 0}, {1.03, 0.05, 0}} {
		var other []float64
		for i, x := range base {
			other = append(other, x*c.factor+0.1*float64(i%2))
		}
		comparison := compared(t, sideOf("a", 1, base...), sideOf("b", 1, other...), p90)
		if list := experiment.Regressions([]*experiment.Comparison{comparison}, c.margin); len(list) != c.want {
			t.Errorf("%+v: %d regressions", c, len(list))
		}
	}
}

func TestNumbersHaveABetterSide(t *testing.T) {
	for metric, want := range map[string]int{
		p90: -1, "search.coverage.mean": 1, "search.failed": -1, "approval.success": 1, "structure.masters": 0,
		"search.errors.REQUEST_TIMEDOUT": -1, "search.partial_coverage.mean": 1, "search.complete": 1, "approval.gini": -1,
	} {
		if got := experiment.Better(metric); got != want {
			t.Errorf("%s is better at %d, want %d", metric, got, want)
		}
	}
}

func TestVariantsAreChosenByNumberOrValues(t *testing.T) {
	p := plan(t, grid)
	for choice, want := range map[string]string{
		"3": "[2] []", "nodes=20": "[2 3] [ latency.mean=20ms  latency.mean=40ms]",
		"latency.mean=40ms,nodes=10": "[1] []", "": "[0 1 2 3] [ nodes=10 latency.mean=20ms  nodes=10 latency.mean=40ms  nodes=20 latency.mean=20ms  nodes=20 latency.mean=40ms]",
	} {
		variants, rest, err := p.Select(choice)
		if got := fmt.Sprintf("%v %v", variants, rest); got != want || err != nil {
			t.Errorf("%q: %s, want %s (%v)", choice, got, want, err)
		}
	}
	for _, bad := range []string{"0", "5", "nodes", "seed=1", "nodes=11"} {
		if _, _, err := p.Select(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
