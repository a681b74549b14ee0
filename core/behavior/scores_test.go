package behavior

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/peer"
)

var (
	alice = peer.FromID(1)
	bob   = peer.FromID(2)
	carol = peer.FromID(3)
)

// near compares with values that are known to three decimals.
func near(got, want float64) bool { return math.Abs(got-want) < 0.0006 }

func TestRepeatedFaultsWeighMore(t *testing.T) {
	var s Scores
	rule := Rules()[SlaveMasters]
	want := map[int]float64{1: 1, 2: 2, 3: 3.414, 4: 5.146, 5: 7.146, 13: 30.249}
	for n := 1; n <= 13; n++ {
		s.Add(0, rule, SlaveMasters, alice, 1)
		if w, known := want[n]; known && !near(s.Suspicion(SlaveMasters, alice), w) {
			t.Errorf("after %d faults the suspicion is %v, npm has %v", n, s.Suspicion(SlaveMasters, alice), w)
		}
	}
}

func TestRepeatedGoodDeedsWeighLess(t *testing.T) {
	var s Scores
	rule := Rules()[SlaveMasters]
	for range 5 {
		s.Add(0, rule, SlaveMasters, alice, 1)
	}
	for n, want := range []float64{6.146, 5.146, 4.439, 3.862} {
		s.Sub(0, rule, SlaveMasters, alice, 1)
		if got := s.Suspicion(SlaveMasters, alice); !near(got, want) {
			t.Errorf("after %d good deeds the suspicion is %v, npm has %v", n+1, got, want)
		}
	}
}

func TestAGoodDeedEndsARowOfFaults(t *testing.T) {
	var s Scores
	rule := Rules()[SlaveMasters]
	add := func() { s.Add(0, rule, SlaveMasters, alice, 1) }
	add()
	add()
	add() // 3.414
	s.Sub(0, rule, SlaveMasters, alice, 1)
	add() // weighs 1 again, and so does the next
	add()
	if got := s.Suspicion(SlaveMasters, alice); !near(got, 4.414) {
		t.Errorf("the suspicion is %v, want 4.414", got)
	}
	if row := s.Rows()[0]; row.Up != 2 || row.Down != 0 {
		t.Errorf("%d faults and %d good deeds in a row, want 2 and 0", row.Up, row.Down)
	}
}

func TestAFaultWeighsItsBase(t *testing.T) {
	var s Scores
	rule := Rules()[BacklinkNetworkSize]
	for _, want := range []float64{0.5, 1, 1.707} {
		s.Add(0, rule, BacklinkNetworkSize, alice, 0.5)
		if got := s.Suspicion(BacklinkNetworkSize, alice); !near(got, want) {
			t.Errorf("the suspicion is %v, want %v", got, want)
		}
	}
}

func TestWhatWeighsNothingIsNoFault(t *testing.T) {
	var s Scores
	for _, base := range []float64{0, -1, math.NaN(), math.Inf(-1)} {
		s.Add(0, Rules()[Registration], Registration, alice, base)
		if s.Len() != 0 {
			t.Fatalf("a fault of weight %v is remembered", base)
		}
	}
}

func TestScoresOfPeersAndActionsAreApart(t *testing.T) {
	var s Scores
	rules := Rules()
	s.Add(0, rules[Registration], Registration, alice, 1)
	s.Add(0, rules[RequestDelays], RequestDelays, bob, 1)
	s.Sub(0, rules[Registration], Registration, bob, 1)
	s.Sub(0, rules[RequestDelays], RequestDelays, alice, 1)
	if s.Len() != 2 || s.Suspicion(Registration, alice) != 1 || s.Suspicion(RequestDelays, bob) != 1 {
		t.Errorf("the scores are %+v", s.Rows())
	}
}

// The end of npm's measured case: a slave that hides its masters is banned
// after the 13th fault, once its score is older than twice the lifetime.
func TestABanNeedsSuspicionAndAge(t *testing.T) {
	const life = 320 * time.Second
	rules := Rules()
	for _, c := range []struct {
		name   string
		faults int
		first  time.Duration // age of the score at the sweep
		want   bool
	}{
		{"12 faults", 12, 3 * life, false},
		{"13 faults, young", 13, life, false},
		{"13 faults, exactly two lifetimes old", 13, 2 * life, false},
		{"13 faults, older", 13, 2*life + 1, true},
	} {
		var s Scores
		const now = 1000 * time.Hour
		s.Add(now-c.first, rules[ResponseSchema], ResponseSchema, alice, 1)
		for range c.faults - 1 {
			s.Add(now, rules[ResponseSchema], ResponseSchema, alice, 1)
		}
		verdicts := s.Sweep(now, &rules, life)
		want := []Verdict{{Peer: alice, Action: ResponseSchema, Life: 18 * 24 * time.Hour}}
		if !c.want {
			want = nil
		}
		if !slices.Equal(verdicts, want) {
			t.Errorf("%s: verdicts %v, want %v", c.name, verdicts, want)
		}
		if forgotten := s.Len() == 0; forgotten != c.want {
			t.Errorf("%s: forgotten with the verdict: %v, want %v", c.name, forgotten, c.want)
		}
	}
}

func TestAScoreIsForgottenWhenUnusedForItsLifetime(t *testing.T) {
	rules := Rules()
	rules[Registration].FailLife = time.Minute
	for _, c := range []struct {
		action Action
		unused time.Duration
		want   int
	}{
		{SlaveMasters, time.Hour, 1}, // the sync's lifetime, exactly
		{SlaveMasters, time.Hour + 1, 0},
		{Registration, time.Minute, 1}, // its own
		{Registration, time.Minute + 1, 0},
	} {
		var s Scores
		s.Add(0, rules[c.action], c.action, alice, 1000)
		s.Add(time.Hour, rules[c.action], c.action, alice, 1)
		s.Sub(2*time.Hour, rules[c.action], c.action, alice, 1) // a good deed is use, too
		rules[c.action].Ban = false
		s.Sweep(2*time.Hour+c.unused, &rules, time.Hour)
		if s.Len() != c.want {
			t.Errorf("%v unused for %v: %d scores, want %d", c.action, c.unused, s.Len(), c.want)
		}
	}
}

func TestARuleMaySetItsOwnDelayOrNoBan(t *testing.T) {
	rules := Rules()
	rules[Registration].Ban = true
	rules[Registration].BanDelay = 0
	rules[Authentication].Ban = false
	rules[Authentication].BanDelay = 0
	var s Scores
	s.Add(0, rules[Registration], Registration, alice, 11)
	s.Add(0, rules[Authentication], Authentication, alice, 11)
	want := []Verdict{{Peer: alice, Action: Registration, Life: 10 * time.Minute}}
	if got := s.Sweep(1, &rules, time.Hour); !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
}

func TestVerdictsComeByPeerAndAction(t *testing.T) {
	rules := Rules()
	var want []Verdict
	for a := range rules {
		rules[a].Ban = !Action(a).IsLogin()
	}
	for _, p := range []peer.Peer{alice, bob, carol} {
		for a := range NumActions {
			if rules[a].Ban {
				want = append(want, Verdict{Peer: p, Action: a, Life: rules[a].BanLife})
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var s Scores
		for _, v := range rapid.Permutation(want).Draw(t, "order") {
			s.Add(0, rules[v.Action], v.Action, v.Peer, 1000)
			s.Add(10*time.Hour, rules[v.Action], v.Action, v.Peer, 1)
		}
		if got := s.Sweep(10*time.Hour, &rules, time.Hour); !slices.Equal(got, want) {
			t.Fatalf("verdicts %v, want %v", got, want)
		}
	})
}

// A deed is a fault (add) or a good deed of one peer, of one kind.
type deed struct {
	add  bool
	a    Action
	p    peer.Peer
	base float64
}

func drawDeeds(t *rapid.T) []deed {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
		return deed{
			add:  rapid.Bool().Draw(t, "add"),
			a:    Action(rapid.IntRange(0, int(NumActions)-1).Draw(t, "action")),
			p:    peer.FromID(rapid.Uint32Range(1, 4).Draw(t, "p")),
			base: rapid.SampledFrom([]float64{0.5, 1}).Draw(t, "base"),
		}
	}), 0, 200).Draw(t, "deeds")
}

func (d deed) do(s *Scores, now time.Duration) {
	rule := Rules()[d.a]
	if d.add {
		s.Add(now, rule, d.a, d.p, d.base)
	} else {
		s.Sub(now, rule, d.a, d.p, d.base)
	}
}

func TestRememberedSuspicionIsAboveZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Scores
		for i, d := range drawDeeds(t) {
			d.do(&s, time.Duration(i))
			for _, row := range s.Rows() {
				if !(row.Suspicion > 0) || row.Up > 0 && row.Down > 0 || row.Since > row.Used {
					t.Fatalf("remembered: %+v", row)
				}
			}
		}
	})
}

func TestAsManyGoodDeedsClearPlainFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]Action{RequestDelays, Registration}).Draw(t, "action")
		var s Scores
		n := rapid.IntRange(0, 300).Draw(t, "n")
		for range n {
			s.Add(0, Rules()[a], a, alice, 1)
		}
		if got := s.Suspicion(a, alice); got != float64(n) {
			t.Fatalf("after %d faults the suspicion is %v", n, got)
		}
		for range n {
			s.Sub(0, Rules()[a], a, alice, 1)
		}
		if s.Len() != 0 {
			t.Fatalf("%d good deeds did not clear %d faults: %+v", n, n, s.Rows())
		}
	})
}

func TestEnoughGoodDeedsClearAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Scores
		for _, d := range drawDeeds(t) {
			d.do(&s, 0)
		}
		// n repeated deeds weigh about 2*sqrt(n), n faults at most n^1.5.
		for range 1_000_000 {
			if s.Len() == 0 {
				return
			}
			row := s.rows[0]
			s.Sub(0, Rules()[row.Action], row.Action, row.Peer, 1)
		}
		t.Fatalf("never cleared: %+v", s.Rows())
	})
}

func TestPeersDoNotAffectEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := drawDeeds(t)
		var mixed, sorted Scores
		for _, d := range deeds {
			d.do(&mixed, 0)
		}
		// The same history of each peer and action, but one after another.
		slices.SortStableFunc(deeds, func(x, y deed) int {
			return int(y.p.ID())*100 + int(y.a) - int(x.p.ID())*100 - int(x.a)
		})
		for _, d := range deeds {
			d.do(&sorted, 0)
		}
		if !slices.Equal(mixed.Rows(), sorted.Rows()) {
			t.Fatalf("the order of peers matters:\n%+v\n%+v", mixed.Rows(), sorted.Rows())
		}
	})
}

func TestScoresSurviveARestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s, restored Scores
		for i, d := range drawDeeds(t) {
			d.do(&s, time.Duration(i))
		}
		restored.Restore(slices.Collect(slices.Values(rapid.Permutation(s.Rows()).Draw(t, "order"))))
		if !slices.Equal(s.Rows(), restored.Rows()) {
			t.Fatalf("restored %+v, want %+v", restored.Rows(), s.Rows())
		}
	})
}

func TestRestoreDropsImpossibleScores(t *testing.T) {
	good := Row{Peer: alice, Action: Registration, Up: 1, Suspicion: 1}
	rows := []Row{{Peer: alice, Action: Registration, Up: 9, Suspicion: 9}, good}
	for _, spoil := range []func(*Row){
		func(r *Row) { r.Peer = peer.Peer{} },
		func(r *Row) { r.Action = NumActions },
		func(r *Row) { r.Suspicion = 0 },
		func(r *Row) { r.Suspicion = -1 },
		func(r *Row) { r.Suspicion = math.NaN() },
		func(r *Row) { r.Suspicion = math.Inf(1) },
	} {
		bad := good
		bad.Peer = bob
		spoil(&bad)
		rows = append(rows, bad)
	}
	var s Scores
	s.Restore(rows)
	if got := s.Rows(); !slices.Equal(got, []Row{good}) {
		t.Errorf("restored %+v, want only the later score of alice", got)
	}
}

func TestIdleScoresTakeNoMemory(t *testing.T) {
	rules := Rules()
	allocs := testing.AllocsPerRun(100, func() {
		var s Scores
		s.Sub(0, rules[RequestDelays], RequestDelays, alice, 1)
		s.Suspicion(RequestDelays, alice)
		s.Sweep(0, &rules, time.Hour)
		s.Rows()
	})
	if allocs != 0 {
		t.Errorf("%v allocations without a fault", allocs)
	}
}

func TestForgottenScoresGiveTheirMemoryBack(t *testing.T) {
	rules := Rules()
	var subbed, swept Scores
	subbed.Add(0, rules[Registration], Registration, alice, 1)
	subbed.Sub(0, rules[Registration], Registration, alice, 1)
	swept.Add(0, rules[Registration], Registration, alice, 1)
	swept.Sweep(time.Hour, &rules, time.Minute)
	if subbed.faults != nil || swept.faults != nil {
		t.Error("empty scores hold memory")
	}
}

// An attacker with many addresses fills the scores of one action only, up to a bound, and
// pushes out the one that has not changed for the longest time.
func TestScoresAreBounded(t *testing.T) {
	var s Scores
	rules := Rules()
	s.Add(0, rules[Registration], Registration, alice, 1)
	numbered := func(i int) peer.Peer { return peer.FromID(uint32(1000 + i)) }
	for i := range MaxRows {
		s.Add(time.Duration(1+i), rules[Authentication], Authentication, numbered(i), 1)
	}
	s.Add(MaxRows+1, rules[Authentication], Authentication, numbered(0), 1)
	s.Add(MaxRows+2, rules[Authentication], Authentication, numbered(MaxRows), 1)
	if s.Len() != MaxRows+1 || s.Suspicion(Registration, alice) != 1 {
		t.Errorf("%d scores, want %d and one of another action", s.Len(), MaxRows)
	}
	for i, want := range map[int]float64{0: 2, 1: 0, 2: 1, MaxRows: 1} {
		if got := s.Suspicion(Authentication, numbered(i)); got != want {
			t.Errorf("the suspicion of host %d is %g, want %g", i, got, want)
		}
	}
}

func TestASuspicionMayHaveABound(t *testing.T) {
	var s Scores
	rule := Rules()[Authentication]
	for i := range 30 {
		s.Add(time.Duration(i), rule, Authentication, alice, 1)
	}
	row, found := s.Get(Authentication, alice)
	if !found || row.Suspicion != 10 || row.Used != 29 {
		t.Errorf("after 30 faults: %+v", row)
	}
	if verdicts := s.Sweep(time.Hour/8, &[NumActions]Rule{Authentication: rule}, time.Hour); len(verdicts) > 0 {
		t.Errorf("condemned: %+v", verdicts)
	}
	s.Forget(Authentication, alice)
	if _, found := s.Get(Authentication, alice); found || s.Len() > 0 {
		t.Errorf("not forgotten: %+v", s.Rows())
	}
}
