package scenario_test

import (
	"reflect"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

const designText = `
name: design
duration: 60s
sweep:
  nodes: {from: 100, to: 10000, factor: 10}
  latency.mean: {from: 20ms, to: 1.1s, step: 500ms}
  network.loss: {from: 0.1%, to: 0.3%, step: 0.1%}
  zip:
    - {sync_interval: [8s, 16s], registration: [directed, original]}
  faults: [[{at: 5s, do: crash, on: 30%}], [{at: 9s, do: crash, on: 1}]]
  where: nodes < 5000
repeat: {until: {convergence.rounds: 2%}}
`

func design(t *testing.T, text string, sets ...string) *scenario.Design {
	t.Helper()
	d, err := scenario.ParseDesign("design.yaml", []byte(text), sets)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestASweepListsTheValuesOfEachKey(t *testing.T) {
	d := design(t, designText)
	want := map[string]string{
		"nodes":                      "100 1000 10000",
		"latency.mean":               "20ms 520ms 1.02s",
		"network.loss":               "0.1% 0.2% 0.3%",
		"sync_interval,registration": "8s,directed 16s,original",
		"faults":                     "[{at: 5s, do: crash, on: 30%}] [{at: 9s, do: crash, on: 1}]",
	}
	for _, axis := range d.Sweep.Axes {
		var rows []string
		for _, row := range axis.Rows {
			rows = append(rows, strings.Join(row, ","))
		}
		key := strings.Join(axis.Keys, ",")
		if got := strings.Join(rows, " "); got != want[key] {
			t.Errorf("%s: %s, want %s", key, got, want[key])
		}
	}
	if len(d.Sweep.Axes) != len(want) || d.Sweep.Where != "nodes < 5000" {
		t.Errorf("%+v", d.Sweep)
	}
	if r := (scenario.Repeat{Until: []scenario.Precision{{Path: "convergence.rounds", Share: 0.02}}, Max: 50}); !reflect.DeepEqual(d.Repeat, r) {
		t.Errorf("%+v", d.Repeat)
	}
}

// A range includes its ends, so one from a value to the same has that value.
func TestARangeIncludesItsEnds(t *testing.T) {
	for text, want := range map[string]string{
		"{from: 30, to: 30, step: 10}": "30", "{from: 30, to: 30, factor: 2}": "30", "{from: 30, to: 39, step: 10}": "30",
		"{from: 30, to: 40, step: 10}": "30 40", "{from: 30, to: 60, factor: 2}": "30 60", "{from: 30, to: 59, factor: 2}": "30",
	} {
		d := design(t, "name: ends\nduration: 60s\nsweep: {nodes: "+text+"}\n")
		var values []string
		for _, row := range d.Sweep.Axes[0].Rows {
			values = append(values, row...)
		}
		if got := strings.Join(values, " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, err := scenario.ParseDesign("design.yaml", []byte("name: ends\nduration: 60s\nsweep: {nodes: {from: 30, to: 29, step: 10}}\n"), nil); err == nil {
		t.Error("a range that goes backward is taken")
	}
}

func TestASweepCanBeMadeSmallerFromOutside(t *testing.T) {
	d := design(t, designText, "sweep.nodes=[30, 40]", "repeat=2", "sweep.where=nodes < 40")
	if got := d.Sweep.Axes[0].Rows; !reflect.DeepEqual(got, [][]string{{"30"}, {"40"}}) || d.Repeat.Count != 2 || d.Sweep.Where != "nodes < 40" {
		t.Errorf("%v, %+v", got, d.Repeat)
	}
}

func TestAVariantIsTheScenarioWithItsValues(t *testing.T) {
	d := design(t, designText)
	s, err := d.Variant([]scenario.Setting{{Key: "nodes", Value: "30"}, {Key: "latency.mean", Value: "0.5s"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Judge(s); err != nil {
		t.Fatal(err)
	}
	if text, ok := s.Text("latency.mean"); text != "500ms" || !ok || s.Nodes != 30 {
		t.Errorf("latency %s, %d nodes", text, s.Nodes)
	}
	plain, err := scenario.Parse("plain.yaml", []byte("name: design\nnodes: 30\nduration: 60s\nlatency: {mean: 500ms}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Hash() != s.Hash() {
		t.Error("a variant is another scenario than one that says the same")
	}
	if s.WithSeed(7).Hash() == s.Hash() || s.WithSeed(1).Hash() != s.Hash() {
		t.Error("the seed is not what WithSeed says")
	}
}

func TestABadValueIsNamedByItsPlace(t *testing.T) {
	d := design(t, "name: d\nduration: 60s\nsweep:\n  latency.mean: [20ms, 30]\n")
	axis := d.Sweep.Axes[0]
	_, err := d.Variant([]scenario.Setting{{Key: axis.Keys[0], Value: axis.Rows[1][0], Place: axis.Place(1)}})
	if want := "design.yaml:4:24: latency.mean: expected a duration with a unit"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v", err)
	}
	if _, err := scenario.ParseDesign("d.yaml", []byte("name: d\nsweep:\n  nodes: [1, 2]\n  zip: {nodes: [1], seed: [2]}\n"), nil); err == nil || err.Error() != "d.yaml:4:17: sweep: nodes is varied twice" {
		t.Errorf("%v", err)
	}
}

func TestQuantitiesHaveUnits(t *testing.T) {
	for text, want := range map[string]scenario.Quantity{
		"20ms": {0.02, scenario.Seconds}, "5%": {0.05, scenario.Fraction}, "7": {7, scenario.Plain},
		"5Mbit/s": {5e6, scenario.BitRate},
	} {
		if q, ok := scenario.ParseQuantity(text); q != want || !ok {
			t.Errorf("%s is %v", text, q)
		}
	}
	if q, ok := scenario.ParseQuantity("original"); ok {
		t.Errorf("a word is %v", q)
	}
}
