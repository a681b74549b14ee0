package probe

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever the lists of masters look like and however answers merge, exactly
// the nodes that answered are in the set.
func TestAMergedAnswerHoldsTheNodesThatAnswered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "nodes")
		probes := make([]Probe, n)
		for i := range probes {
			probes[i].Node = uint32(i)
		}
		want := make(map[int]bool)
		var answers []any
		for range rapid.IntRange(0, 300).Draw(t, "answers") {
			i := rapid.IntRange(0, len(probes)-1).Draw(t, "node")
			answers = append(answers, probes[i].Answer(nil))
			want[i] = true
		}
		var merged any
		for len(answers) > 0 {
			merged = answers[0]
			if len(answers) == 1 {
				break
			}
			i := rapid.IntRange(1, len(answers)-1).Draw(t, "merge with")
			answers[i] = probes[0].Merge(merged, answers[i])
			answers = answers[1:]
		}
		got := Nodes(merged, n)
		for i := range n {
			if got.Has(i) != want[i] {
				t.Fatalf("node %d: %v", i, got.Has(i))
			}
		}
	})
}
