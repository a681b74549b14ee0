package core

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core/peer"
	"spreadable/core/state"
)

// What others can make a node remember is bounded, and each memory holds just its bound.
func TestMemoriesHoldTheirBounds(t *testing.T) {
	n, env := alone(t, 1, 0)
	l := &n.level1
	d, found := &discovery{level: l}, &available{}
	for what, memory := range map[string]struct {
		most int
		fill func(i int) // with something new
		held func() int
	}{
		"nodes found": {maxAvailable, func(i int) { found.add(peer.FromID(uint32(i+1)), env.now) }, func() int { return len(found.nodes) }},
		"lost peers":  {maxLost, func(i int) { l.keepLost(peer.FromID(uint32(i + 1))) }, func() int { return len(l.reserve.lost) }},
		"full hosts":  {maxFull, func(i int) { l.guarded().survey.enter(host(i+1), l.rounds) }, func() int { return len(l.guard.survey.full) }},
		"absent names": {maxAbsent, func(i int) { d.miss(acquaintance{peer: peer.FromID(uint32(i + 1)), place: -1}) },
			func() int { return len(l.guard.absent) }},
		"masters of cut answers": {maxCuts, func(i int) { l.noteAnswer(peer.FromID(uint32(i+1)), time.Hour, true) }, func() int { return len(l.guard.cuts) }},
		"doubted masters": {maxDoubts, func(i int) { l.resolve(&claim{master: peer.FromID(uint32(i + 1)), size: 9, wild: true}) },
			func() int { return len(l.guard.doubts) }},
	} {
		for i := range memory.most + 9 {
			if memory.fill(i); memory.held() != min(i+1, memory.most) {
				t.Fatalf("%s: of %d the node remembers %d, want at most %d", what, i+1, memory.held(), memory.most)
			}
		}
	}
	if l.resolve(&claim{master: peer.FromID(1), size: 9, wild: true}); l.guard.doubts[peer.FromID(1)].strikes != 2 {
		t.Error("a doubt that is remembered is not renewed, as there are many")
	}
	if latest := l.reserve.lost[maxLost-1].peer; latest != peer.FromID(maxLost+9) {
		t.Errorf("the latest lost peer is %d", latest.ID())
	}
	if found.has(peer.FromID(9)) || !found.has(peer.FromID(10)) {
		t.Error("of the nodes found the oldest are not those that are forgotten")
	}
}

// Each memory that ends by itself does so on time.
func TestMemoriesEndOnTime(t *testing.T) {
	p := peer.FromID(50)
	for what, memory := range map[string]struct {
		last  int32 // the last sync in which it is remembered
		begin func(l *level)
		is    func(l *level) bool
	}{
		"an absent name": {absentFor - 1, func(l *level) { (&discovery{level: l}).miss(acquaintance{peer: p, place: -1}) }, func(l *level) bool { return l.isAbsent(p) }},
		"a doubt": {doubtFor, func(l *level) { l.resolve(&claim{master: p, size: 9, wild: true}) }, func(l *level) bool {
			l.forgetDoubts()
			_, doubted := l.suspected(p)
			return doubted
		}},
		"a discount": {1, func(l *level) { l.resolve(&claim{master: p, size: 9, wild: true}) }, func(l *level) bool { return l.discounts(p) }},
	} {
		n, _ := alone(t, 1, 0)
		l := &n.level1
		l.rounds = 100
		memory.begin(l)
		for l.rounds = 100; l.rounds < 200; l.rounds++ {
			if got, want := memory.is(l), l.rounds <= 100+memory.last; got != want {
				t.Errorf("%s: after %d syncs it is remembered: %v", what, l.rounds-100, got)
				break
			}
		}
	}
}

// A full host is refused for fullFor syncs. When too many are full, those make place that
// would soon be asked about again.
func TestFullHostsMakePlaceForOthers(t *testing.T) {
	for age, want := range map[int32]int{fullFor/2 - 1: maxFull, fullFor / 2: 1} {
		s := &survey{}
		for i := range maxFull {
			s.enter(host(i+1), 10)
		}
		s.enter(maxFull+1, 10+age)
		if got := len(s.full); got != want {
			t.Errorf("after %d syncs %d hosts are full, want %d", age, got, want)
		}
		if until, is := s.full[maxFull+1]; is && until != 10+age+fullFor {
			t.Errorf("a host is full until sync %d", until)
		}
	}
}

// A newcomer whose host has its share of places waits twice as long each time, up to 16
// sync intervals.
func TestANewcomerOfAFullHostWaitsLongerEachTime(t *testing.T) {
	n, _ := alone(t, 0, 0)
	l := &n.level1
	for i, want := range []int32{1, 2, 4, 8, 16, 16, 16} {
		l.keepOut()
		waits := int32(0)
		for l.isKeptOut() {
			l.rounds++
			waits++
		}
		if waits != want {
			t.Errorf("the %d. time it waits %d syncs, want %d", i+1, waits, want)
		}
	}
}

// A claim that is not too large counts until it has failed maxStrikes times in a row.
func TestAClaimFailsSomeTimesBeforeItIsDoubted(t *testing.T) {
	n, _ := alone(t, 1, 0)
	l := &n.level1
	for i := 1; i <= maxStrikes+2; i++ {
		c := &claim{master: peer.FromID(50), size: 9, credit: 9}
		want := 9
		if i >= maxStrikes {
			want = 0
		}
		if l.resolve(c); c.credit != want {
			t.Errorf("after %d failures %d slaves count, want %d", i, c.credit, want)
		}
	}
	if limits := n.Limits(); limits.Doubts != 1 || limits.Doubted != 1 {
		t.Errorf("%+v for one doubt", limits)
	}
	l.resolve(&claim{master: peer.FromID(50), size: 0})
	if _, is := l.suspected(peer.FromID(50)); is {
		t.Error("a claim that holds leaves a doubt")
	}
}

// A sample has as many slaves as asked for, each once, and claims are believed from half on.
func TestClaimsHoldFromHalfOn(t *testing.T) {
	n, _ := alone(t, 1, 0)
	var slaves []Peer
	for id := range uint32(40) {
		slaves = append(slaves, peer.FromID(id+50))
	}
	for _, have := range []int{1, maxSample - 1, maxSample, maxSample + 1, 40} {
		c := &claim{slaves: slaves[:have], size: have}
		c.draw(n, c.slaves, maxSample)
		distinct := make(map[Peer]bool)
		for _, p := range c.sample {
			distinct[p] = true
		}
		if len(distinct) != min(have, maxSample) {
			t.Errorf("of %d slaves %d are asked", have, len(distinct))
		}
		for there := range len(c.sample) + 1 {
			c.there = there
			if want := 2*(have*there/len(c.sample)) >= have; c.holds() != want {
				t.Errorf("%d of %d confirm a claim of %d: it holds: %v", there, len(c.sample), have, c.holds())
			}
		}
	}
}

// Each list of a state may be as long as its bound.
func TestListsOfAStateHoldTheirBounds(t *testing.T) {
	for what, list := range map[string]struct {
		most int
		set  func(s *state.State, rows int)
	}{
		"slaves":     {maxRows, func(s *state.State, rows int) { s.Slaves = make([]state.Slave, rows) }},
		"masters":    {maxRows, func(s *state.State, rows int) { s.Masters = make([]state.Master, rows) }},
		"fails":      {maxRows, func(s *state.State, rows int) { s.Fails = make([]state.Fail, rows) }},
		"delays":     {maxRows, func(s *state.State, rows int) { s.Delays = make([]state.Delay, rows) }},
		"scores":     {maxRows, func(s *state.State, rows int) { s.Scores = make([]state.Score, rows) }},
		"bans":       {maxRows, func(s *state.State, rows int) { s.Bans = make([]state.Ban, rows) }},
		"candidates": {maxRows, func(s *state.State, rows int) { s.Candidates = make([]state.Candidate, rows) }},
		"approvals":  {maxApprovals, func(s *state.State, rows int) { s.Approvals = make([]state.Approval, rows) }},
		"keys":       {maxApprovals, func(s *state.State, rows int) { s.Keys = make([]state.Key, rows) }},
		"branches":   {maxRows, func(s *state.State, rows int) { s.Tree.Lists = [][]state.Branch{make([]state.Branch, rows)} }},
		"ages":       {maxRows, func(s *state.State, rows int) { s.Ages = make([]state.Age, rows) }},
	} {
		var s state.State
		if list.set(&s, list.most); checkSizes(&s) != nil {
			t.Errorf("%d %s are refused: %v", list.most, what, checkSizes(&s))
		}
		want := fmt.Sprintf("%d %s, want at most %d", list.most+1, what, list.most)
		if list.set(&s, list.most+1); checkSizes(&s) == nil || checkSizes(&s).Error() != want {
			t.Errorf("%d %s: %v", list.most+1, what, checkSizes(&s))
		}
	}
}

// A stranger is asked sixteen times at once after a pause, and then once in each pause.
func TestStrangersAreAskedAtASteadyRate(t *testing.T) {
	const pause = time.Second
	var a available
	now, asked := time.Hour, 0
	for range 100 {
		if a.mayLook(now, pause) {
			asked++
		}
	}
	if asked != lookBurst {
		t.Errorf("%d are asked at once, want %d", asked, lookBurst)
	}
	for range 10 {
		if now += pause - 1; a.mayLook(now, pause) {
			t.Error("one is asked before a pause is over")
		}
		if now++; !a.mayLook(now, pause) || a.mayLook(now, pause) {
			t.Error("not one is asked after a pause")
		}
	}
}

// A node that was found counts as available for as long as it is said to.
func TestNodesFoundAreForgotten(t *testing.T) {
	var a available
	a.add(peer.FromID(2), time.Hour)
	a.add(peer.FromID(3), time.Hour+time.Second)
	a.add(peer.FromID(2), time.Hour+time.Second) // is known: no new time
	for _, test := range []struct {
		at   time.Duration
		left int
	}{{availableLife, 2}, {availableLife + 1, 1}, {availableLife + time.Second, 1}, {availableLife + time.Second + 1, 0}} {
		if a.sweep(time.Hour + test.at); len(a.nodes) != test.left {
			t.Errorf("after %v %d nodes are left, want %d", test.at, len(a.nodes), test.left)
		}
	}
}

// Lost peers are asked in turn, one in maxLost syncs each, for a week.
func TestLostPeersAreAskedInTurn(t *testing.T) {
	n, env := alone(t, 1, 1)
	l := &n.level1
	if !l.lookBack().IsZero() {
		t.Error("a node that has lost no peer looks back")
	}
	for id := range uint32(3) {
		l.keepLost(peer.FromID(50 + id))
	}
	times := make(map[Peer]int)
	for range 4 * maxLost {
		l.rounds++
		if p := l.lookBack(); !p.IsZero() {
			times[p]++
		}
	}
	for id := range uint32(3) {
		if p := peer.FromID(50 + id); times[p] != 4 {
			t.Errorf("%d is asked %d times in %d syncs, want 4", p.ID(), times[p], 4*maxLost)
		}
	}
	l.rounds = 0
	if env.now += lostLife; l.lookBack() != peer.FromID(50) {
		t.Error("a lost peer is forgotten too soon")
	}
	if env.now++; !l.lookBack().IsZero() || len(l.reserve.lost) != 0 {
		t.Error("a lost peer is asked after a week")
	}
}
