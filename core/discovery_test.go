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

// told is a structure with so many slaves that names masters from one number to another.
func told(slaves int, from, to uint32) *message.Structure {
	s := &message.Structure{}
	for i := range slaves {
		s.Slaves = append(s.Slaves, peer.FromID(uint32(10_000+i)))
	}
	var list []message.Master
	for id := from; id < to; id++ {
		list = append(list, message.Master{Peer: peer.FromID(id), Size: 5})
	}
	s.Masters = message.NewMasters(list)
	return s
}

// A walk meets each node once, and neither itself, nor none, nor one that has told
// already.
func TestAWalkMeetsEachOnce(t *testing.T) {
	n, _ := alone(t, 5, 0)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	d.skip(peer.FromID(7))
	d.meetAs(acquaintance{peer.FromID(8), 3, -1})
	for _, id := range []uint32{0, 1, 7, 8, 9, 9} {
		d.meet(peer.FromID(id))
	}
	if !slices.Equal(d.met, []acquaintance{{peer.FromID(8), 3, -1}, {peer.FromID(9), -1, -1}}) {
		t.Errorf("met %v", d.met)
	}
}

// How many nodes a walk meets is bounded: by what the network may have grown to since the
// last one, once it has settled, and by the most masters that any network has. An answer
// names no more than its own network can have.
func TestWalksAreBounded(t *testing.T) {
	n, _ := alone(t, 5, 3)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	for i := range uint32(maxMasters + 100) {
		d.meet(peer.FromID(1000 + i))
	}
	if len(d.met) != maxMasters {
		t.Errorf("an unsettled master meets %d", len(d.met))
	}
	n.level1.settle()
	d = n.level1.beginDiscovery(n.budget(time.Second))
	for i := range uint32(1000) {
		d.meet(peer.FromID(1000 + i))
	}
	if len(d.met) != 4*4+64 {
		t.Errorf("a settled master that knows four meets %d", len(d.met))
	}
}

// What one peer names is asked in portions: eight names, one more for each that answers,
// and four more for each that is a master. So an honest list is asked as a whole soon, and
// a liar's is not, however long it is and whatever size it claims.
func TestNamesAreAskedInPortions(t *testing.T) {
	n, _ := alone(t, 5, 3)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	list := told(5, 1000, 2000)
	list.Masters.Total = 1_000_000
	d.take(acquaintance{peer.FromID(101), 1, -1}, list)
	if len(d.met) != DefaultNewNames {
		t.Fatalf("of a thousand names %d are asked at first", len(d.met))
	}
	for i := range 2 {
		d.take(d.met[i], told(3*i, 0, 0)) // the first is no master
	}
	d.listen(0)
	if want := DefaultNewNames + 1 + namesForMaster; len(d.met) != want {
		t.Errorf("after one answer, and one of a master, %d are asked, want %d", len(d.met), want)
	}
	d.finish()
	if !n.level1.unfinished || n.Limits().NamesLeft != 1000-DefaultNewNames-1-namesForMaster {
		t.Errorf("left for the next sync: %+v", n.Limits())
	}
}

// A new name that did not answer is not asked again for some syncs, whoever names it.
func TestNamesThatDidNotAnswerAreLeftAlone(t *testing.T) {
	n, _ := alone(t, 5, 3)
	l := &n.level1
	d := l.beginDiscovery(n.budget(time.Second))
	d.take(acquaintance{peer.FromID(101), 1, -1}, told(5, 150, 152))
	d.miss(d.met[0])
	d.miss(acquaintance{peer.FromID(155), -1, -1}) // it had introduced itself
	d.finish()
	for range absentFor {
		d = l.beginDiscovery(n.budget(time.Second))
		d.take(acquaintance{peer.FromID(102), -1, -1}, told(5, 150, 156))
		if d.met[0].peer != peer.FromID(151) || d.met[len(d.met)-1].peer != peer.FromID(155) {
			t.Fatalf("round %d: asked %v", l.rounds, d.met)
		}
		d.meet(peer.FromID(150))
		if d.met[len(d.met)-1].peer != peer.FromID(150) {
			t.Errorf("a name that introduces itself is not asked")
		}
		d.finish()
		l.rounds++
	}
	d = l.beginDiscovery(n.budget(time.Second))
	d.take(acquaintance{peer.FromID(102), -1, -1}, told(5, 150, 152))
	if d.finish(); len(d.met) != 2 || len(l.guard.absent) != 0 {
		t.Errorf("after %d syncs: asked %v", absentFor, d.met)
	}
}

// An answer with slaves makes its sender a master of that size; one without does not.
func TestMastersAreThoseWithSlaves(t *testing.T) {
	n, _ := alone(t, 5, 0)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	d.take(acquaintance{peer.FromID(101), -1, -1}, told(3, 200, 202))
	d.take(acquaintance{peer.FromID(102), -1, -1}, told(0, 202, 204))
	if want := []message.Master{{Peer: peer.FromID(101), Size: 3}}; !slices.Equal(d.confirmed, want) || len(d.told) != 1 || len(d.met) != 4 {
		t.Errorf("confirmed %v, met %v", d.confirmed, d.met)
	}
}

// A list is looked through once: not again where its sender gave the very same at the
// last walk, unless the view has changed or it is the 64th sync, nor where another has
// named the same masters.
func TestListsAreLookedThroughOnce(t *testing.T) {
	for _, test := range []struct {
		what    string
		rounds  int
		changed bool
		place   int // in the old list, of which place 1 has answered with the same
		want    int // how many are met
	}{
		{"the very same", 1, false, 1, 0},
		{"another place", 1, false, 0, 2},
		{"beyond the old list", 1, false, 2, 2},
		{"no place", 1, false, -1, 2},
		{"a changed view", 1, true, 1, 2},
		{"the 64th sync", 128, false, 1, 2},
		{"the 63rd", 127, false, 1, 0},
	} {
		n, _ := alone(t, 5, 2)
		l := &n.level1
		same := told(3, 200, 202)
		l.looked = []*message.Structure{nil, same}
		l.rounds, l.view.changed = int32(test.rounds), test.changed
		d := l.beginDiscovery(n.budget(time.Second))
		if d.take(acquaintance{peer.FromID(101), int32(test.place), -1}, same); len(d.met) != test.want {
			t.Errorf("%s: %d are met, want %d", test.what, len(d.met), test.want)
		}
		met := len(d.met)
		again := told(3, 200, 202) // another list of the same
		if d.take(acquaintance{peer.FromID(102), -1, -1}, again); met > 0 && len(d.met) != met {
			t.Errorf("%s: %d are met after the second list", test.what, len(d.met))
		}
		if d.take(acquaintance{peer.FromID(103), -1, -1}, told(3, 200, 203)); !slices.ContainsFunc(d.met, func(a acquaintance) bool { return a.peer == peer.FromID(202) }) {
			t.Errorf("%s: a list with one more makes it meet %v", test.what, d.met)
		}
	}
}

// The new list has the node itself, then those that it knew, in their order, then the new
// ones. One that was silent keeps its size and the time when it was last seen; one that
// answered without slaves is gone.
func TestAFinishedWalkKeepsTheOrder(t *testing.T) {
	n, env := alone(t, 5, 4) // knows 101 to 104
	l := &n.level1
	env.now += time.Minute
	d := l.beginDiscovery(n.budget(time.Second))
	d.take(acquaintance{peer.FromID(90), -1, -1}, told(2, 0, 0))
	d.take(acquaintance{peer.FromID(103), 3, -1}, told(7, 0, 0))
	d.take(acquaintance{peer.FromID(101), 1, -1}, told(6, 0, 0))
	d.take(acquaintance{peer.FromID(104), 4, -1}, told(0, 0, 0))
	d.silent = []Peer{peer.FromID(102), peer.FromID(80)}
	d.finish()
	want := []message.Master{
		{Peer: n.self, Size: 5}, {Peer: peer.FromID(101), Size: 6}, {Peer: peer.FromID(102), Size: 5},
		{Peer: peer.FromID(103), Size: 7}, {Peer: peer.FromID(90), Size: 2},
	}
	if !slices.Equal(l.masters.List, want) {
		t.Errorf("masters %v, want %v", l.masters.List, want)
	}
	if then := env.now - time.Minute; !slices.Equal(l.seen, []time.Duration{env.now, env.now, then, env.now, env.now}) {
		t.Errorf("seen at %v", l.seen)
	}
	if len(l.looked) != 5 || l.looked[0] != nil || l.looked[1] == nil || l.looked[2] != nil || l.looked[3] == nil || l.looked[4] == nil {
		t.Errorf("looked through %v", l.looked)
	}
}

// onPorts is a node that tells hosts apart, and so many ports of another host in the order of
// their addresses.
func onPorts(t *testing.T, count int) (*Node, []Peer) {
	t.Helper()
	n, _ := alone(t, 5, 0)
	n.perHost = true
	cfg := *n.cfg
	n.cfg, cfg.Book = &cfg, peer.NewBook(0)
	var all []Peer
	for i := range count + 1 {
		address := "192.0.2.1:4000" // its own
		if i > 0 {
			address = fmt.Sprintf("198.51.100.1:%d", 999+i)
		}
		p, err := cfg.Book.Intern(peer.MustParse(address))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return n, all[1:]
}

// A host has thousands of ports, each of which can answer as a master. A walk asks no more
// than the host has places, of those that have answered, and as many again that come before
// them by address.
func TestWalksAskFewMastersOfAHost(t *testing.T) {
	n, ports := onPorts(t, 100)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	meet := func(what string, ports []Peer, want int) {
		t.Helper()
		for _, p := range ports {
			d.meet(p)
		}
		if len(d.met) != want {
			t.Errorf("%s: a walk asks %d ports of one host, want %d", what, len(d.met), want)
		}
	}
	meet("in order", ports[50:], DefaultHostPlaces)
	d.miss(d.met[0])
	d.remark()
	meet("after one has not answered", ports[60:], DefaultHostPlaces+1)
	meet("those that come before", ports[:50], 2*DefaultHostPlaces+1)
}

// Of a host that has too many masters all nodes keep the same ones, in whatever order they
// have met them; and each its backlink.
func TestNodesKeepTheSameMastersOfAHost(t *testing.T) {
	n, ports := onPorts(t, 7)
	random := rand.New(rand.NewPCG(1, 1))
	want := []string{"198.51.100.1:1000", "198.51.100.1:1001", "198.51.100.1:1002", "198.51.100.1:1003"}
	last := ports[6]
	for i := range 20 {
		if i == 10 {
			n.level1.setBacklink(last)
			want = append(want, n.cfg.Book.Text(last))
		}
		random.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
		d := n.level1.beginDiscovery(n.budget(time.Second))
		for _, p := range ports {
			d.take(acquaintance{p, -1, -1}, listing(p.ID()))
		}
		d.keepFew()
		var kept []string
		for i, m := range d.confirmed {
			kept = append(kept, n.cfg.Book.Text(m.Peer))
			if !slices.Equal(d.told[i].Slaves, []Peer{m.Peer}) {
				t.Errorf("what %v has told is %v", m.Peer, d.told[i].Slaves)
			}
		}
		slices.Sort(kept)
		if !slices.Equal(kept, want) {
			t.Fatalf("of %v it keeps %v", ports, kept)
		}
		d.free()
	}
}

// A walk that is over leaves its memory to the next one, and none of what it has seen.
func TestAFreedWalkHoldsNothing(t *testing.T) {
	n, _ := alone(t, 1, 0)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	d.told = append(d.told, listing(), listing())
	d.informers = append(d.informers, informer{list: n.level1.masters.List, left: 1})
	d.told, d.lost, d.hosts = d.told[:1], 3, map[host]meetings{1: {1, peer.FromID(1)}}
	told, informers := d.told[:2], d.informers
	d.free()
	next := n.pool.walk()
	if next != d {
		t.Fatal("the memory is not used again")
	}
	if told[0] != nil || told[1] != nil || informers[0].list != nil {
		t.Error("it still holds what others answered")
	}
	if next.level != nil || next.lost != 0 || next.hosts != nil ||
		len(next.met)+len(next.informers)+len(next.confirmed)+len(next.told)+len(next.places)+len(next.silent)+len(next.wave) > 0 {
		t.Errorf("the next walk begins with %+v", next)
	}
	if other := n.pool.walk(); other == d {
		t.Error("two walks have the same memory")
	}
}
