package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// still is an Env at one moment: for what a node decides without asking any other.
type still struct {
	now    time.Duration
	random *rand.Rand
	timers []time.Duration
	notes  []string
}

func (s *still) Now() time.Duration  { return s.now }
func (s *still) Wall() time.Duration { return s.now }
func (s *still) Rand() *rand.Rand    { return s.random }

func (s *still) After(d time.Duration, _ uint32) { s.timers = append(s.timers, d) }

func (s *still) Note(n Note) { s.notes = append(s.notes, fmt.Sprintf("%s %d", n.What, n.About.ID())) }

func (s *still) Call(Peer, message.Request, Sink, uint32)    { panic("a node at one moment asks") }
func (s *still) Reply(Ticket, message.Response)              { panic("a node at one moment answers") }
func (s *still) Offload(time.Duration, func(), Sink, uint32) { panic("a node at one moment works") }

// asking is a world at one moment that takes down which nodes are asked.
type asking struct {
	*still
	asked []uint32
}

func (a *asking) Call(to Peer, _ message.Request, _ Sink, _ uint32) {
	a.asked = append(a.asked, to.ID())
}

// asks lets the node ask others, without an answer.
func (s *still) asks(n *Node) *asking {
	a := &asking{still: s}
	n.env = a
	return a
}

// alone is node 1 of the directed rule in such a world, a day after its start, with
// slaves 2 and up, and so many other masters, 101 and up, of five slaves each. Addresses
// have the order of the numbers.
func alone(t *testing.T, slaves, masters int) (*Node, *still) {
	t.Helper()
	env := &still{now: 24 * time.Hour, random: rand.New(rand.NewPCG(1, 2))}
	c := &Config{Hosts: peer.HostsOff, Book: peer.NewBook(0), Bootstrap: []Peer{peer.FromID(1)}}
	for i := range 200 {
		if _, err := c.Book.Intern(peer.MustParse(fmt.Sprintf("10.0.%d.%d:4000", 100+i/100, 100+i%100))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	n := &Node{}
	n.Init(c, env, &Pool{}, peer.FromID(1))
	l := &n.level1
	for i := range slaves {
		l.addSlave(peer.FromID(uint32(i)+2), 0)
	}
	if slaves > 0 {
		l.setMaster(n.self, slaves, env.now)
	}
	for i := range masters {
		l.setMaster(peer.FromID(uint32(i)+101), 5, env.now)
	}
	return n, env
}

// settle makes the node's view a settled one.
func (l *level) settle() {
	for range 3 {
		l.view.observe(l.size())
	}
}

// A view has settled when the size has changed by no more than a 32nd twice in a row.
func TestAViewSettlesInTwoRounds(t *testing.T) {
	for _, test := range []struct {
		sizes            []int
		settled, changed bool
	}{
		{nil, false, false},
		{[]int{100}, false, true},
		{[]int{100, 100}, false, false},
		{[]int{100, 100, 100}, true, false},
		{[]int{100, 100, 100, 50}, false, true},
		{[]int{100, 100, 100, 50, 50}, false, false},
		{[]int{100, 100, 100, 50, 50, 50}, true, false},
		{[]int{31, 32, 33}, true, true},
		{[]int{30, 31, 32}, false, true}, // 1 is more than a 32nd of 31
		{[]int{66, 64, 62}, false, true},
		{[]int{66, 64, 64}, true, false},
		{[]int{63, 61, 61}, false, false},
	} {
		var v view
		for _, size := range test.sizes {
			v.observe(size)
		}
		if v.settled() != test.settled || v.changed != test.changed {
			t.Errorf("after sizes %v: settled %v, changed %v", test.sizes, v.settled(), v.changed)
		}
	}
}

// The slaves of some masters that step down at once do not keep the others from it.
func TestAViewStaysCalmWhileMastersStepDown(t *testing.T) {
	for _, test := range []struct {
		sizes []int
		want  bool
	}{
		{[]int{1000}, false},
		{[]int{1000, 950}, false},
		{[]int{1000, 950, 1000}, true},
		{[]int{1000, 1000, 1000, 900, 960}, true},
		{[]int{1000, 1000, 1000, 880, 1000}, false}, // 120 is more than an eighth of 880
		{[]int{300, 300, 300, 1000}, false},
		{[]int{300, 300, 300, 1000, 1000, 1000}, true},
	} {
		var v view
		for _, size := range test.sizes {
			v.observe(size)
		}
		if v.calmed() != test.want {
			t.Errorf("after sizes %v the view is calm: %v, want %v", test.sizes, v.calmed(), test.want)
		}
	}
}

// A sixteenth of the optimum, and always one, may be too many.
func TestSlackIsASixteenthAndOne(t *testing.T) {
	for optimum, want := range map[int]int{2: 1, 15: 1, 16: 2, 31: 2, 32: 3, 101: 7} {
		if got := slack(optimum); got != want {
			t.Errorf("the slack of %d is %d, want %d", optimum, got, want)
		}
		if got := (directed{}).mostSlaves(optimum); got != optimum+want {
			t.Errorf("a master may have %d slaves at an optimum of %d, want %d", got, optimum, optimum+want)
		}
		if got := (original{}).mostSlaves(optimum); got != optimum {
			t.Errorf("an original master may have %d slaves at an optimum of %d", got, optimum)
		}
	}
}

// Each rule draws the times of its first syncs evenly from a range of its own.
func TestSyncsAreSpreadOverTheInterval(t *testing.T) {
	const interval = DefaultSyncInterval
	for _, test := range []struct {
		what      string
		up        time.Duration // since the start
		draw      func(*Node) time.Duration
		low, high time.Duration
	}{
		{"first sync", 0, directed{}.firstSync, 0, interval / 16},
		{"second sync", interval / 16, directed{}.nextSync, interval / 4, interval * 5 / 4},
		{"second sync of the latest", interval / 2, directed{}.nextSync, interval / 4, interval * 5 / 4},
		{"third sync", interval/2 + 1, directed{}.nextSync, interval, interval},
		{"second sync of the original", 0, original{}.nextSync, interval, interval},
		{"second sync of the original with noise", 0, func(n *Node) time.Duration {
			n.cfg.SyncNoise = time.Second
			return original{}.nextSync(n)
		}, interval - time.Second, interval + time.Second},
	} {
		n, env := alone(t, 0, 0)
		n.started = env.now - test.up
		var drawn []time.Duration
		for range 2000 {
			drawn = append(drawn, test.draw(n))
		}
		low, high := slices.Min(drawn), slices.Max(drawn)
		near := (test.high - test.low) / 100
		if low < test.low || low > test.low+near || high > test.high || high < test.high-near {
			t.Errorf("%s: from %v to %v, want from %v to %v", test.what, low, high, test.low, test.high)
		}
	}
}

// A draw has both its ends.
func TestJitterIncludesItsEnds(t *testing.T) {
	n, _ := alone(t, 0, 0)
	seen := make(map[time.Duration]bool)
	for range 200 {
		seen[n.jitter(3, 5)] = true
	}
	if len(seen) != 3 || !seen[3] || !seen[4] || !seen[5] {
		t.Errorf("from 3 to 5: %v", seen)
	}
}

// A master remembers introductions up to a limit that grows with the network. A node
// without a place remembers the first few nodes that ask it. A plain slave with a place
// remembers none, for it asks no master.
func TestIntroductionsAreBounded(t *testing.T) {
	for _, test := range []struct {
		slaves, masters int
		backlink        uint32
		want            int
	}{{0, 3, 101, 0}, {0, 3, 0, maxCallers}, {2, 0, 0, 64 + 4}, {2, 3, 0, 64 + 4*4}} {
		n, _ := alone(t, test.slaves, test.masters)
		if n.level1.backlink = (Peer{}); test.backlink > 0 {
			n.level1.backlink = peer.FromID(test.backlink)
		}
		n.cfg.rule.hear(&n.level1, Peer{})
		n.cfg.rule.hear(&n.level1, peer.FromID(101))
		for i := range uint32(400) {
			for range 2 {
				n.cfg.rule.hear(&n.level1, peer.FromID(1000+i))
			}
		}
		heard, known := []Peer(nil), 0
		if n.level1.reserve != nil {
			heard = n.level1.reserve.heard
		}
		if test.masters == 0 || test.slaves == 0 && test.want > 0 {
			known = 1 // 101 is no master that this node knows, or it has no place
		}
		if len(heard) != test.want || known == 0 && slices.Contains(heard, peer.FromID(101)) {
			t.Errorf("with %d slaves and %d other masters a node remembers %d introductions, want %d", test.slaves, test.masters, len(heard), test.want)
		}
		if test.want > 0 && heard[known] != peer.FromID(1000) {
			t.Errorf("the first stranger is %d", heard[known].ID())
		}
	}
}

// When a master lists a newcomer, by the rule.
func TestCapacityOfAMaster(t *testing.T) {
	const interval = DefaultSyncInterval
	for _, test := range []struct {
		what       string
		slaves     int // of 30 nodes, so the optimum is 6 and 7 are not too many
		told       int // size that the newcomer's provider told it
		unsettled  bool
		interviews int
		since      time.Duration // it has stepped down; 0 is never
		lost       time.Duration // it has lost a peer, and no slave; 0 is never
		want       bool
	}{
		{what: "one below the most", slaves: 6, want: true},
		{what: "the most", slaves: 7, want: false},
		{what: "unsettled", slaves: 20, unsettled: true, want: true},
		{what: "an interview takes a place", slaves: 6, interviews: 1, want: false},
		{what: "a place and an interview", slaves: 5, interviews: 1, want: true},
		{what: "the provider knows of more", slaves: 7, told: 36, want: true},
		{what: "the provider knows of fewer", slaves: 6, told: 4, want: true},
		// of 120 the optimum is 11
		{what: "four times the size is believed", slaves: 11, told: 120, want: true},
		{what: "a million is four times the size", slaves: 12, told: 1_000_000, want: false},
		{what: "less than nothing", slaves: 6, told: -1_000_000, want: true},
		{what: "just stepped down", slaves: 0, since: 2*interval - 1, want: false},
		{what: "stepped down before", slaves: 0, since: 2 * interval, want: true},
		{what: "stepped down unsettled", slaves: 0, unsettled: true, since: interval, want: false},
		// of 22, the survivors of 30, the optimum is 5
		{what: "young while masters die", slaves: 4, lost: 2*interval - 1, want: true},
		{what: "enough while masters die", slaves: 5, lost: 2*interval - 1, want: false},
		{what: "masters died before", slaves: 6, lost: 2 * interval, want: true},
	} {
		n, env := alone(t, test.slaves, 0)
		l := &n.level1
		l.setMaster(peer.FromID(101), 30-test.slaves, env.now)
		if !test.unsettled {
			l.settle()
		}
		l.interviews = int32(test.interviews)
		if test.since > 0 {
			l.steppedDown = env.now - test.since
		}
		if test.lost > 0 {
			l.reserves().lost = []lost{{peer.FromID(102), env.now - test.lost}}
		}
		if got := (directed{}).hasCapacity(l, test.told); got != test.want {
			t.Errorf("%s: capacity %v", test.what, got)
		}
	}
}

// A settled master normalizes when there is more than the slack too much, and only then.
// It tells all slaves that it gives up, and when it steps down the masters, too.
func TestNormalizingWaitsForTheSlack(t *testing.T) {
	for _, test := range []struct {
		what                 string
		slaves, masters, big int // other masters of 5 slaves, and one of so many
		left                 int // slaves afterwards
		notes, told          int
	}{
		{"as many slaves as may be", 7, 0, 23, 7, 0, 0}, // 30 nodes, optimum 6
		{"one slave too many", 8, 0, 22, 6, 2, 2},       // sheds down to the optimum
		// 31 nodes, optimum 6: seven would be within the slack
		{"as many masters as may be", 1, 4, 10, 1, 0, 0},
		{"a small one of seven masters", 1, 5, 10, 1, 0, 0}, // 36 nodes, optimum 7
		// 41 nodes, optimum 7: nine are too many
		{"the smallest of nine masters", 1, 8, 0, 0, 1, 9},
		{"one of the largest of nine", 6, 8, 0, 6, 0, 0}, // of 46 nodes it is the first
		{"the first of those that step down", 4, 8, 0, 0, 1, 12},
	} {
		n, still := alone(t, test.slaves, test.masters)
		env, l := still.asks(n), &n.level1
		if test.big > 0 {
			l.setMaster(peer.FromID(150), test.big, env.now)
		}
		l.normalize()
		if len(l.slaves) != test.left || len(env.notes) != test.notes {
			t.Errorf("%s: %d slaves, want %d; notes %v", test.what, len(l.slaves), test.left, env.notes)
		}
		if len(env.asked) != test.told {
			t.Errorf("%s: it tells %v, want %d nodes", test.what, env.asked, test.told)
		}
		if stepped := test.left == 0; stepped != (l.steppedDown == env.now) || stepped != (l.masterIndex(n.self) < 0) {
			t.Errorf("%s: stepped down at %v", test.what, l.steppedDown)
		}
	}
}

// A rank counts the larger masters, and of equal ones those of lower addresses.
func TestRankIsBySizeAndAddress(t *testing.T) {
	// three others have five, at higher addresses
	for slaves, want := range map[int]int{6: 0, 5: 0, 4: 3} {
		n, _ := alone(t, slaves, 3)
		if got := n.level1.rank(); got != want {
			t.Errorf("with %d slaves the rank is %d, want %d", slaves, got, want)
		}
	}
	n, env := alone(t, 5, 0)
	n.self = peer.FromID(50)
	n.level1.setMaster(peer.FromID(49), 5, env.now)
	n.level1.setMaster(peer.FromID(51), 5, env.now)
	if got := n.level1.rank(); got != 2 { // 1 and 49 come before 50, and 51 after it
		t.Errorf("among four of its size the rank is %d", got)
	}
}

// A node that finds no place asks again after a sixteenth of the interval or less, then
// ever later, up to half of it; and sets one timer only.
func TestRetriesComeEverLater(t *testing.T) {
	const interval = DefaultSyncInterval
	for tries, most := range map[int32]time.Duration{0: interval / 16, 1: interval / 8, 2: interval / 4, 3: interval / 2, 4: interval / 2, 40: interval / 2} {
		n, env := alone(t, 0, 0)
		l := &n.level1
		var waits []time.Duration
		for range 300 {
			l.tries, l.retryDue = tries, false
			// of no network: it asks none
			n.pool.run(n, func(t *Task) { l.registerDirected(t, n.budget(interval)) }, nil, 0)
			if l.tries != tries+1 || !l.retryDue || len(env.timers) != 1 {
				t.Fatalf("after a failure %d tries, a retry due %v, timers %v", l.tries, l.retryDue, env.timers)
			}
			waits, env.timers = append(waits, env.timers[0]), nil
		}
		if low, high := slices.Min(waits), slices.Max(waits); low < most/2 || low > most*11/20 || high > most || high < most*19/20 {
			t.Errorf("after %d failures the next attempt comes in %v to %v, want %v to %v", tries, low, high, most/2, most)
		}
		n.pool.run(n, func(t *Task) { l.registerDirected(t, n.budget(interval)) }, nil, 0)
		n.cfg.ManualSync, l.retryDue = true, false
		n.pool.run(n, func(t *Task) { l.registerDirected(t, n.budget(interval)) }, nil, 0)
		if len(env.timers) > 0 {
			t.Errorf("timers %v beside the one that is set, or with syncs by hand", env.timers)
		}
	}
}

// A slave is new for as long as the news of its registration may take, and no longer.
func TestASlaveIsNewForTheTimeOfAnInterview(t *testing.T) {
	n, env := alone(t, 2, 0)
	l := &n.level1
	for age, want := range map[time.Duration]bool{0: true, DefaultServerTimeout + DefaultPingTimeout - 1: true, DefaultServerTimeout + DefaultPingTimeout: false} {
		l.joined[1] = env.now - age
		if l.isNew(l.slaves[1]) != want {
			t.Errorf("a slave of %v is new: %v", age, !want)
		}
	}
	if l.isNew(l.slaves[0]) || l.isNew(peer.FromID(99)) {
		t.Error("a slave of a day is new, or a node that is no slave")
	}
}

// A newcomer tries four places at the most, in the order of a directing provider; among
// the masters of an npm provider it draws, the free ones first.
func TestPlacesAreTriedInOrder(t *testing.T) {
	place := func(id uint32, spares ...uint32) message.Place {
		p := message.Place{Address: peer.FromID(id), NetworkSize: 20} // optimum 5
		for _, s := range spares {
			p.Spares = append(p.Spares, peer.FromID(s))
		}
		return p
	}
	order := func(n *Node, size int, places ...message.Place) (ids []uint32) {
		for _, p := range n.level1.order(&message.Provision{NetworkSize: size, Results: places}) {
			ids = append(ids, p.ID())
		}
		return ids
	}
	n, _ := alone(t, 1, 0) // its slave is 2
	if got := order(n, 20, place(9, 9), place(8, 8), place(2, 2), place(1, 1), place(7, 7), place(6, 6), place(5, 5)); !slices.Equal(got, []uint32{9, 8, 7, 6}) {
		t.Errorf("of a directing provider's places it tries %v, want 9, 8, 7 and 6: not itself and its slave", got)
	}
	if got := order(n, 2, place(2, 2)); !slices.Equal(got, []uint32{2}) {
		t.Errorf("of two nodes each may list the other: it tries %v", got)
	}
	if got := order(n, 20); len(got) > 0 {
		t.Errorf("without a place it tries %v", got)
	}
	first := make(map[uint32]int)
	for range 200 {
		got := order(n, 20, place(20, 20, 21, 22, 23), place(30, 30, 31), place(40, 40, 41, 42, 43, 44), place(50, 50))
		for _, id := range got[:3] {
			if id != 20 && id != 30 && id != 50 {
				t.Fatalf("%v: the first three are not the masters with fewer than five slaves", got)
			}
		}
		if len(got) != 4 || slices.Contains([]uint32{20, 30, 40, 50}, got[3]) {
			t.Fatalf("%v: the fourth is not a slave of one of them", got)
		}
		first[got[0]]++
		first[got[3]]++
	}
	if len(first) != 3+8 {
		t.Errorf("the first master and the slave are always among %v", first)
	}
}

// A place that has just been lost is tried last. One that was lost long ago is tried in its
// turn: it may have been we that were cut off, and others name it.
func TestPlacesThatWereJustLostAreTriedLast(t *testing.T) {
	n, env := alone(t, 0, 0)
	l := &n.level1
	l.keepLost(peer.FromID(9))
	p := &message.Provision{NetworkSize: 20}
	for _, id := range []uint32{9, 8} {
		p.Results = append(p.Results, message.Place{Address: peer.FromID(id), NetworkSize: 20, Spares: []Peer{peer.FromID(id)}})
	}
	for after, want := range map[time.Duration][]Peer{
		0: {peer.FromID(8), peer.FromID(9)}, 2 * n.cfg.SyncInterval: {peer.FromID(9), peer.FromID(8)},
	} {
		env.now += after
		if got := l.order(p); !slices.Equal(got, want) {
			t.Errorf("%v after the loss of 9 it tries %v", after, got)
		}
		env.now -= after
	}
}

// The addresses for the day when all masters are dead are none of masters, and none that
// have been lost. A slave that knows too few takes those of nodes that introduce
// themselves.
func TestWhatIsKnownElsewhereIsOfUse(t *testing.T) {
	n, _ := alone(t, 0, 1)
	l := &n.level1
	l.setBacklink(peer.FromID(101))
	l.keepLost(peer.FromID(60))
	for _, id := range []uint32{50, 60, 101, 51, 52} {
		directed{}.hear(l, peer.FromID(id))
	}
	if want := [4]Peer{{}, peer.FromID(52), peer.FromID(51), peer.FromID(50)}; l.known != want {
		t.Errorf("it knows %v, want %v", l.known, want)
	}
	directed{}.hear(l, peer.FromID(53))
	if l.known[1] == peer.FromID(53) {
		t.Error("an introduction displaces an address that is known")
	}
}

// A master whose size is another than the provider's keeps its place, and so do those
// behind it, now and at the next attempt.
func TestPlacesOfOtherSizesAreTried(t *testing.T) {
	n, env := alone(t, 0, 0)
	var places []message.Place
	for id, size := range []int{20, 3, 4000, 20} {
		p := peer.FromID(uint32(101 + id))
		places = append(places, message.Place{Address: p, NetworkSize: size, Spares: []Peer{p}})
	}
	for range 3 {
		got := n.level1.order(&message.Provision{NetworkSize: 20, Lifetime: time.Minute, Results: places})
		if len(got) != 4 || got[0] != places[0].Address || got[3] != places[3].Address {
			t.Errorf("it tries %v, want all four in order", got)
		}
		env.now += time.Minute
	}
}

// A plain slave takes over its backlink's list as it is, and keeps none of what it looked
// through as a master; without an answer it keeps the old list, but not itself in it.
func TestASlaveBelievesItsBacklink(t *testing.T) {
	n, _ := alone(t, 2, 3)
	l := &n.level1
	l.keepSlaves(func(int) bool { return false })
	l.looked = []*message.Structure{{}}
	if l.believe(answer{}); len(l.masters.List) != 3 || l.masterIndex(n.self) >= 0 || l.looked != nil {
		t.Errorf("without an answer: masters %v, looked through %v", l.masters.List, l.looked)
	}
	up := told(3, 101, 105)
	if l.believe(answer{peer: peer.FromID(101), said: up}); l.masters != up.Masters {
		t.Errorf("masters %v, want the very list of the backlink", l.masters.List)
	}
}

// Bootstrap addresses other than one's own take turns in the syncs of a master.
func TestMastersMeetAtEachBootstrapAddress(t *testing.T) {
	n, _ := alone(t, 1, 0)
	n.cfg.Bootstrap = []Peer{peer.FromID(7), peer.FromID(1), peer.FromID(9)}
	var met []uint32
	for n.level1.rounds = range 6 {
		met = append(met, n.level1.rendezvous().ID())
	}
	if !slices.Equal(met, []uint32{0, 9, 7, 0, 9, 7}) {
		t.Errorf("in six syncs it asks %v", met)
	}
}
