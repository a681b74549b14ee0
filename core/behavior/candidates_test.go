package behavior

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/peer"
)

// win adds wins, one letter each: A is alice, B bob, C carol.
func win(c *Candidates, action string, size int, winners string) {
	for i, letter := range winners {
		c.Add(time.Duration(i), action, peer.FromID(uint32(letter-'A'+1)), size)
	}
}

func TestTheThresholdGrowsWithTheNetwork(t *testing.T) {
	for _, c := range []struct {
		size       int
		configured float64
		want       float64
	}{
		{1, 0, 0}, {2, 0, 1}, {9, 0, 4}, {10, 0, 4.326748710922225}, {100, 0, 5}, {100, 7.5, 7.5}, {2, 7.5, 1},
	} {
		candidates := Candidates{Threshold: c.configured}
		if got := candidates.threshold(c.size); got != c.want {
			t.Errorf("configured %v, the threshold in a network of %d is %v, want %v", c.configured, c.size, got, c.want)
		}
	}
}

// Values computed in JavaScript by npm's arithmetic.
func TestWinsRaiseSuspicionAndOthersWinsExcuse(t *testing.T) {
	for _, c := range []struct {
		size    int
		winners string
		want    []Candidate
	}{
		{100, "AAAAAA", []Candidate{{Peer: alice, Suspicion: 6}}},
		{100, "AAAAAAB", []Candidate{
			{Peer: alice, Suspicion: 6, Excuse: 0.447213595499958},
			{Peer: bob, Suspicion: 1, Since: 6},
		}},
		{100, "AAAAAABABCCB", []Candidate{
			{Peer: alice, Suspicion: 7, Excuse: 1.341640786499874},
			// not excused by C's second win: C was the newest
			{Peer: bob, Suspicion: 3, Excuse: 0.894427190999916, Since: 6},
			{Peer: carol, Suspicion: 2, Excuse: 0.447213595499958, Since: 9},
		}},
		{9, "ABABABABABABABABABAB", []Candidate{
			{Peer: alice, Suspicion: 10, Excuse: 0.5},
			// nine steps of a half, cut at the highest threshold
			{Peer: bob, Suspicion: 10, Excuse: 4, Since: 1},
		}},
		// fully excused at once
		{2, "AB", []Candidate{{Peer: bob, Suspicion: 1, Since: 1}}},
		{1, "AB", []Candidate{{Peer: alice, Suspicion: 1}, {Peer: bob, Suspicion: 1, Since: 1}}},
	} {
		var candidates Candidates
		win(&candidates, "store", c.size, c.winners)
		for i := range c.want {
			c.want[i].Action = "store"
		}
		if got := candidates.Rows(); !slices.Equal(got, c.want) {
			t.Errorf("after %s in a network of %d:\n%+v, want\n%+v", c.winners, c.size, got, c.want)
		}
	}
}

func TestAWinExcusesForEveryAction(t *testing.T) {
	var c Candidates
	win(&c, "play", 100, "AA")
	win(&c, "store", 100, "BC")
	if got := c.Rows()[0]; got.Action != "play" || got.Excuse != 0.447213595499958 {
		t.Errorf("after another's win elsewhere the candidate is %+v", got)
	}
	if c.Rows()[1].Suspicion != 1 {
		t.Errorf("wins of one action count for another: %+v", c.Rows())
	}
}

func TestOfCandidatesAsNewTheFirstIsTheNewest(t *testing.T) {
	var c Candidates
	c.Add(0, "store", alice, 100)
	c.Add(0, "store", bob, 100)   // excuses alice
	c.Add(0, "store", alice, 100) // excuses no candidate, as alice is taken for the newest
	if rows := c.Rows(); rows[0].Excuse == 0 || rows[1].Excuse != 0 {
		t.Errorf("the candidates are %+v", rows)
	}
}

func TestACandidateThatWinsTooOftenIsSuspicious(t *testing.T) {
	var c Candidates
	win(&c, "store", 100, "AAAA")
	if c.Suspicious("store", alice, 100) || c.Weight("store", alice, 100) != 0 {
		t.Error("four wins are suspicious at a threshold of five")
	}
	if !c.Suspicious("store", alice, 9) {
		t.Error("four wins are not suspicious in a network of nine, whose threshold is four")
	}
	win(&c, "store", 100, "A")
	if !c.Suspicious("store", alice, 100) || c.Weight("store", alice, 100) != 5 {
		t.Errorf("five wins weigh %v", c.Weight("store", alice, 100))
	}
	if c.Suspicious("play", alice, 100) || c.Suspicious("store", bob, 100) || c.Weight("store", bob, 100) != 0 {
		t.Error("another action or another peer is suspicious")
	}
	win(&c, "store", 100, "B")
	if got, want := c.Weight("store", alice, 100), 5-0.447213595499958; got != want {
		t.Errorf("with an excuse five wins weigh %v, want %v", got, want)
	}
}

func TestSweepCutsSuspicionToTheThreshold(t *testing.T) {
	var c Candidates
	win(&c, "store", 100, "AAAAAAAAAAAA")
	c.Sweep(100)
	if got := c.Rows()[0].Suspicion; got != 5 {
		t.Errorf("the suspicion is %v, want 5", got)
	}
	win(&c, "store", 100, "BCBC") // alice's excuse grows to 1.79
	c.Sweep(2)                    // the network shrank: the threshold is 1
	if c.Len() != 2 || c.Suspicious("store", alice, 2) {
		t.Errorf("the candidates are %+v, want bob and carol, as alice is excused", c.Rows())
	}
	if c.Sweep(1); c.rows != nil {
		t.Errorf("in a network of one there are candidates: %+v", c.Rows())
	}
}

func TestRememberedCandidatesAreNotFullyExcused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Candidates
		size := rapid.IntRange(1, 200).Draw(t, "size")
		for i := range rapid.IntRange(0, 200).Draw(t, "wins") {
			p := peer.FromID(rapid.Uint32Range(1, 5).Draw(t, "p"))
			action := rapid.SampledFrom([]string{"play", "store"}).Draw(t, "action")
			if rapid.IntRange(0, 9).Draw(t, "sweep") == 0 {
				c.Sweep(size)
			}
			c.Add(time.Duration(i), action, p, size)
			for _, row := range c.Rows() {
				if !(row.Excuse >= 0 && row.Excuse < row.Suspicion) {
					t.Fatalf("remembered: %+v", row)
				}
				if w := c.Weight(row.Action, row.Peer, size); !(w >= 0) || w > 0 && !c.Suspicious(row.Action, row.Peer, size) {
					t.Fatalf("%+v weighs %v", row, w)
				}
			}
		}
		var restored Candidates
		restored.Restore(c.Rows())
		if !slices.Equal(restored.Rows(), c.Rows()) {
			t.Fatalf("restored %+v, want %+v", restored.Rows(), c.Rows())
		}
	})
}

func TestRestoreDropsImpossibleCandidates(t *testing.T) {
	good := Candidate{Action: "store", Peer: alice, Suspicion: 2, Excuse: 1}
	rows := []Candidate{good, {Action: "store", Peer: alice, Suspicion: 5}}
	for _, spoil := range []func(*Candidate){
		func(r *Candidate) { r.Peer = peer.Peer{} },
		func(r *Candidate) { r.Suspicion = 0 },
		func(r *Candidate) { r.Suspicion = math.NaN() },
		func(r *Candidate) { r.Suspicion = math.Inf(1) },
		func(r *Candidate) { r.Excuse = -1 },
		func(r *Candidate) { r.Excuse = 2 },
		func(r *Candidate) { r.Excuse = math.NaN() },
	} {
		bad := good
		bad.Peer = bob
		spoil(&bad)
		rows = append(rows, bad)
	}
	var c Candidates
	c.Restore(rows)
	if got := c.Rows(); !slices.Equal(got, []Candidate{good}) {
		t.Errorf("restored %+v, want only alice's first", got)
	}
}

func TestNoCandidatesTakeNoMemory(t *testing.T) {
	allocs := testing.AllocsPerRun(100, func() {
		var c Candidates
		c.Suspicious("store", alice, 100)
		c.Weight("store", alice, 100)
		c.Sweep(100)
		c.Rows()
	})
	if allocs != 0 {
		t.Errorf("%v allocations without a win", allocs)
	}
}
