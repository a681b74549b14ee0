package sim

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim/population"
	"spreadable/sim/scenario"
)

// Draws of the same period are compared, and no others.
func TestOnlyDrawsOfTheSamePeriodAreCompared(t *testing.T) {
	draw := func(period time.Duration, approvers ...uint32) *message.ApprovalKey {
		key := &message.ApprovalKey{StartedAt: period * time.Minute}
		for _, id := range approvers {
			key.Approvers = append(key.Approvers, peer.FromID(id))
		}
		return key
	}
	for _, c := range []struct {
		what     string
		draws    []*message.ApprovalKey
		compared int
		agreed   bool
	}{
		{"no draw", nil, 0, false},
		{"one entry node", []*message.ApprovalKey{draw(1, 7, 8)}, 0, false},
		{"an entry node that did not draw", []*message.ApprovalKey{draw(1, 7, 8), nil}, 0, false},
		{"one draw on each side of a period's end", []*message.ApprovalKey{draw(1, 7, 8), draw(2, 9, 8)}, 0, false},
		{"the same draw", []*message.ApprovalKey{draw(1, 7, 8), draw(1, 7, 8)}, 2, true},
		{"another order", []*message.ApprovalKey{draw(1, 7, 8), draw(1, 8, 7)}, 2, false},
		{"one approver less", []*message.ApprovalKey{draw(1, 7, 8), draw(1, 7)}, 2, false},
		{"two of three of a period", []*message.ApprovalKey{draw(1, 7, 8), draw(2, 9, 8), draw(2, 9, 8)}, 2, true},
		{"two periods, one in discord", []*message.ApprovalKey{draw(1, 7), draw(1, 7), draw(2, 8), draw(2, 9)}, 4,
			false},
	} {
		if compared, agreed := compare(c.draws); compared != c.compared || agreed != c.agreed {
			t.Errorf("%s: compared %d, agreed %v", c.what, compared, agreed)
		}
	}
}

// The entry nodes of an approval are different; the first is the one that a single draw
// gives, and when too many are wanted, each node comes once.
func TestDifferentNodesAreDrawn(t *testing.T) {
	for seed := range uint64(50) {
		stream := func() *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
		for n := 1; n < 6; n++ {
			alive := population.New(&scenario.Scenario{Nodes: n}).At(0)
			got := (&entries{world: new(world)}).different(stream(), alive, 4)
			if want := alive.Random(stream()); got[0] != want {
				t.Errorf("of %d the first is %d, alone it is %d", n, got[0], want)
			}
			if sorted := slices.Compact(slices.Sorted(slices.Values(got))); len(sorted) != min(n, 4) ||
				sorted[0] < 0 || sorted[len(sorted)-1] >= n {
				t.Errorf("of %d: %v", n, got)
			}
		}
	}
}

// As many clients as a scenario may have never share an address with each other or with a
// node.
func TestEveryClientHasAnAddressOfItsOwn(t *testing.T) {
	const most = 20_000_000 // searches and approvals together
	nodes := netip.MustParsePrefix("10.0.0.0/8")
	last := clientIP(0)
	for i := 1; i < most; i++ {
		ip := clientIP(i)
		if ip.Compare(last) <= 0 || nodes.Contains(ip) {
			t.Fatalf("client %d has %v, the one before %v", i, ip, last)
		}
		last = ip
	}
}

// Each seed has a midnight of its own, in the hundred years from 2026 on, at which its
// run starts.
func TestRunsStartAtAMidnightOfTheSeed(t *testing.T) {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := make(map[time.Duration]bool)
	earliest, latest := time.Duration(1<<62), time.Duration(0)
	for seed := range uint64(2000) {
		at := epoch(seed)
		if at%(24*time.Hour) != 0 || at != epoch(seed) {
			t.Fatalf("seed %d starts at %v", seed, time.Unix(0, int64(at)).UTC())
		}
		seen[at] = true
		earliest, latest = min(earliest, at), max(latest, at)
	}
	if since := time.Unix(0, int64(earliest)).Sub(first); since < 0 || since > 365*24*time.Hour {
		t.Errorf("the earliest of 2,000 runs starts %v after the first possible", since)
	}
	if until := first.AddDate(0, 0, 36500).Sub(time.Unix(0, int64(latest))); until <= 0 || until > 365*24*time.Hour {
		t.Errorf("the latest of 2,000 runs starts %v before the last possible", until)
	}
	if len(seen) < 1900 {
		t.Errorf("2,000 seeds start at %d midnights", len(seen))
	}
}
