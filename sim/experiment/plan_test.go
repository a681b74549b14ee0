package experiment_test

import (
	"slices"
	"strings"
	"testing"

	"spreadable/sim/experiment"
	"spreadable/sim/scenario"
)

// plan makes the plan of a scenario's text.
func plan(t *testing.T, text string, sets ...string) *experiment.Plan {
	t.Helper()
	p, err := planned(text, "v1", sets...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func planned(text, version string, sets ...string) (*experiment.Plan, error) {
	d, err := scenario.ParseDesign("plan.yaml", []byte(text), sets)
	if err != nil {
		return nil, err
	}
	return experiment.NewPlan(d, version)
}

const grid = "name: grid\nduration: 60s\nsweep: {nodes: [10, 20], latency.mean: [20ms, 0.04s]}\nrepeat: 3\n"

func TestThereIsAVariantForEachCombination(t *testing.T) {
	p := plan(t, grid)
	var labels []string
	for i := range p.Variants {
		labels = append(labels, p.Label(i))
	}
	want := []string{"nodes=10 latency.mean=20ms", "nodes=10 latency.mean=40ms", "nodes=20 latency.mean=20ms", "nodes=20 latency.mean=40ms"}
	if !slices.Equal(labels, want) {
		t.Errorf("%v", labels)
	}
}

func TestRepetitionsHaveTheSameSeedsInAllVariants(t *testing.T) {
	p := plan(t, grid)
	var seeds []uint64
	for r := 1; r <= 3; r++ {
		for v := range p.Variants {
			s, err := p.Scenario(v, r)
			if err != nil {
				t.Fatal(err)
			}
			if s.Seed != p.Variants[0].SeedOf(r) {
				t.Errorf("repetition %d of variant %d has seed %d", r, v, s.Seed)
			}
		}
		seeds = append(seeds, p.Variants[0].SeedOf(r))
	}
	if seeds[0] != 1 || seeds[1] == seeds[2] || seeds[1] >= 1<<48 {
		t.Errorf("seeds %v", seeds)
	}
	if other := plan(t, grid, "seed=2"); other.Variants[0].SeedOf(2) == seeds[1] || other.Variants[0].SeedOf(2) == seeds[2] {
		t.Error("a neighbouring seed has repetitions in common")
	}
}

// A key tells apart all that decides what happens in a run, and nothing else.
func TestAKeyIsOfAllThatDecides(t *testing.T) {
	same := []string{
		grid,
		"# a comment\n" + grid,
		strings.Replace(grid, "20ms", "0.02s", 1),
		strings.Replace(grid, "repeat: 3", "repeat: 30", 1),
		strings.Replace(grid, "repeat: 3", "repeat: {until: {structure.masters: 2%}}", 1),
		grid + "seed: 1\n",
	}
	first := plan(t, grid).Variants[0].Runs
	for _, text := range same {
		if got := plan(t, text).Variants[0].Runs; got[0] != first[0] || got[2] != first[2] {
			t.Errorf("other keys of\n%s", text)
		}
	}
	keys := []string{first[0], first[1], first[2]}
	for _, text := range []string{
		grid + "seed: 2\n", grid + "levels: 1\nsync_interval: 8s\n", strings.Replace(grid, "60s", "61s", 1),
		strings.Replace(grid, "nodes", "join: {bootstrap: 2}\nsweep.nodes", 1),
	} {
		if p, err := planned(text, "v1"); err == nil {
			keys = append(keys, p.Variants[0].Runs...)
		}
	}
	p, err := planned(grid, "v2")
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, p.Variants[0].Runs...)
	slices.Sort(keys)
	if len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Errorf("the same key twice in %v", keys)
	}
}

func TestConditionsAreReadAsTheyAreWritten(t *testing.T) {
	for where, want := range map[string]int{
		"nodes == 10":                                         2,
		"nodes < 20 || latency.mean < 30ms":                   3,
		"!(nodes == 10)":                                      2,
		"nodes * latency.mean <= 0.4s":                        3,
		"latency.mean / 20ms == nodes / 10":                   2,
		"latency.mean + 10ms > 1s - 960ms":                    2,
		"registration == directed":                            4,
		"registration != \"directed\" || nodes == 20":         2,
		"duration >= 1m0s && duration < 1h && -nodes < 0":     4,
		"(nodes == 10) == (latency.mean == 20ms)":             2,
		"approval.period > 4m59s && churn.crash < 50%":        4,
		"node.trusted == false && levels == 1 && nodes != 10": 2,
	} {
		p, err := planned(grid, "v1", "sweep.where="+quoted(where))
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if len(p.Variants) != want {
			t.Errorf("%s: %d variants, want %d", where, len(p.Variants), want)
		}
	}
}

func quoted(text string) string { return "'" + text + "'" }

func TestBadConditionsSayWhatIsWrong(t *testing.T) {
	for where, want := range map[string]string{
		"nodes <":               "expected a condition such as",
		"nodes":                 "is a value, not a condition",
		"nodez > 5":             "unknown key \"nodez\"; did you mean \"nodes\"?",
		"nodes < 20ms":          "a number cannot be compared with a duration",
		"nodes + 20ms < 3":      "a number + a duration makes no sense",
		"registration < nodes":  "a text cannot be compared with a number",
		"registration < direct": "a text is neither less nor more than another",
		"nodes && true":         "&& joins conditions, not a number and a condition",
		"latency.meen < 3ms":    "the scenario has no value latency.meen",
		"nodes > 100":           "no variant meets",
		"len(nodes) < 3":        "expected values, keys and",
		"!nodes":                "a number has no !",
		"nodes % 2 == 0":        "there is no operator %",
	} {
		_, err := planned(grid, "v1", "sweep.where="+quoted(where))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "--set sweep.where=") {
			t.Errorf("%s: %v", where, err)
		}
	}
}

func TestPlansHaveLimits(t *testing.T) {
	huge := "name: huge\nduration: 60s\nsweep: {nodes: {from: 1, to: 1000, step: 1}, seed: {from: 1, to: 1000, step: 1}}\n"
	if _, err := planned(huge, "v1"); err == nil || !strings.Contains(err.Error(), "more than 100000 combinations") {
		t.Errorf("%v", err)
	}
	twins := "name: twins\nnodes: 10\nduration: 60s\nsweep: {latency.mean: [20ms, 0.02s]}\n"
	if _, err := planned(twins, "v1"); err == nil || !strings.Contains(err.Error(), "variants 1 and 2 are the same: latency.mean=20ms") {
		t.Errorf("%v", err)
	}
}
