package sim

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever the lists of masters look like and however answers merge, each node that
// answered is in the set once.
func TestAMergedAnswerHoldsEachNodeOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "nodes")
		probes := make([]probe, n+5) // the last ones came after the search
		for i := range probes {
			probes[i].node = uint32(i)
		}
		want := make(map[int]bool)
		var answers []any
		for range rapid.IntRange(0, 300).Draw(t, "answers") {
			i := rapid.IntRange(0, len(probes)-1).Draw(t, "node")
			answers = append(answers, probes[i].Answer(nil))
			if i < n {
				want[i] = true
			}
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
		got := nodesOf(merged, n)
		if got.size() != len(want) {
			t.Fatalf("%d nodes, want %d", got.size(), len(want))
		}
		for i := range n {
			if got.has(i) != want[i] {
				t.Fatalf("node %d: %v", i, got.has(i))
			}
		}
	})
}
