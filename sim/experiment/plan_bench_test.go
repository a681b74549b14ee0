package experiment_test

import (
	"testing"

	"spreadable/sim/experiment"
	"spreadable/sim/scenario"
)

func BenchmarkPlan(b *testing.B) {
	text := []byte("name: many\nduration: 100s\nsweep: {nodes: {from: 1, to: 1000, step: 1}}\n")
	for b.Loop() {
		d, err := scenario.ParseDesign("many.yaml", text, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := experiment.NewPlan(d, "v1"); err != nil {
			b.Fatal(err)
		}
	}
}
