package core

import (
	"testing"

	"spreadable/core/draw"
)

// A master that lies about npm nodes in a large network makes an entry node name 64
// approvers, not a thousand; and other counts than the default have one value.
func TestALiarMakesEntryNodesNameFewMore(t *testing.T) {
	of := func(text string) Terms {
		count, err := draw.ParseCount(text)
		if err != nil {
			t.Fatal(err)
		}
		return Terms{Approvers: count}
	}
	for _, c := range []struct {
		terms             Terms
		size, count, most int
	}{
		{Terms{}, 1, 1, 1}, {Terms{}, 12, 2, 4}, {Terms{}, 4096, 4, 64}, {Terms{}, 1_000_000, 10, 64},
		{of("r-6"), 12, 2, 4}, {of("3"), 100, 3, 3}, {of("auto"), 1_000_000, 1000, 1000}, {of("r-5"), 100, 3, 3},
	} {
		if count, most := c.terms.counts(c.size); count != c.count || most != c.most {
			t.Errorf("%v of %d nodes: %d and %d, want %d and %d", c.terms.Approvers, c.size, count, most, c.count, c.most)
		}
	}
}
