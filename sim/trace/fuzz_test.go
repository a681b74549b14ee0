package trace_test

import (
	"slices"
	"testing"

	"spreadable/sim/trace"
)

// Whatever is given as a window is refused, or makes one that can be recorded.
func FuzzParseWindow(f *testing.F) {
	for _, text := range []string{"nodes=0-20,from=100s,to=110s", "nodes=3,7,9", "nodes=0-4,17,entries=5000", "from=1s", "nodes=,", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := trace.ParseWindow(text)
		if err != nil {
			return
		}
		if len(w.Nodes) == 0 || !slices.IsSorted(w.Nodes) || w.Nodes[0] < 0 || w.From < 0 || w.To != 0 && w.To < w.From || w.Entries <= 0 {
			t.Errorf("%q makes %+v", text, w)
		}
	})
}
