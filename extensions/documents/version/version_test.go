package version_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/extensions/documents/version"
)

func versions() *rapid.Generator[version.Version] {
	return rapid.Custom(func(t *rapid.T) (v version.Version) {
		copy(v[:], rapid.SliceOfN(rapid.Byte(), version.Size, version.Size).Draw(t, "bytes"))
		return v
	})
}

// However the clock of the machine jumps, what a node writes is later than what it wrote
// before and than what it replaces.
func TestAWriteIsLaterThanWhatItReplaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clocks := []*version.Clock{version.NewClock(rand.Uint64), version.NewClock(rand.Uint64)}
		var current version.Version
		var all []version.Version
		for range rapid.IntRange(1, 30).Draw(t, "writes") {
			wall := time.Duration(rapid.Int64Range(-1e15, 2e18).Draw(t, "wall"))
			next := rapid.SampledFrom(clocks).Draw(t, "writer").Next(wall, current)
			if next.Compare(current) <= 0 {
				t.Fatalf("%v replaces %v", next, current)
			}
			if slices.Contains(all, next) {
				t.Fatalf("%v twice", next)
			}
			all, current = append(all, next), next
		}
	})
}

// A document whose version is far ahead does not make other documents' versions so.
func TestAClockThatIsAheadDoesNotDragOthersAlong(t *testing.T) {
	ahead := version.NewClock(rand.Uint64).Next(1000*time.Hour, version.Version{})
	c := version.NewClock(rand.Uint64)
	if v := c.Next(time.Hour, ahead); v.Compare(ahead) <= 0 || v.Ahead(time.Hour) != 999*time.Hour {
		t.Errorf("%v ahead", v.Ahead(time.Hour))
	}
	if v := c.Next(time.Hour, version.Version{}); v.Ahead(time.Hour) != 0 {
		t.Errorf("another document is %v ahead", v.Ahead(time.Hour))
	}
}

func TestTextsHaveTheOrderOfTheirVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := versions().Draw(t, "a"), versions().Draw(t, "b")
		if a.Compare(b) < 0 != (a.String() < b.String()) || (a.Compare(b) == 0) != (a == b) {
			t.Fatalf("%v and %v", a, b)
		}
		text, err := json.Marshal(a)
		var back version.Version
		if err != nil || json.Unmarshal(text, &back) != nil || back != a {
			t.Fatalf("%v is %s, read as %v", a, text, back)
		}
	})
}

// Two writes of one node that replace the same version differ, also when its clock is far
// behind, or when it has started anew in between.
func TestTwoWritesDiffer(t *testing.T) {
	ahead := version.NewClock(rand.Uint64).Next(time.Hour, version.Version{})
	c := version.NewClock(rand.Uint64)
	if a, b := c.Next(1, ahead), c.Next(1, ahead); a == b {
		t.Errorf("%v twice", a)
	}
	if a, b := version.NewClock(rand.Uint64).Next(1, ahead), version.NewClock(rand.Uint64).Next(1, ahead); a == b {
		t.Errorf("%v twice", a)
	}
}
