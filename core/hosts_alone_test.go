package core

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The slaves of a host beyond its share are shed: those that registered last, and all where
// masters that come before us by address list enough. What a later one lists, or a host
// that lists ours more than once, does not count more.
func TestHostsAreShedByTheOrderOfMasters(t *testing.T) {
	build := func(listing map[uint32][]uint32) *level {
		n, _ := alone(t, 0, 0)
		n.perHost, n.cfg.HostPlaces = true, 3
		self, err := n.cfg.Book.Intern(peer.MustParse("10.0.100.50:9"))
		if err != nil {
			t.Fatal(err)
		}
		n.self = self
		l := &n.level1
		at := func(host uint32, port string) Peer {
			p, err := n.cfg.Book.Intern(peer.MustParse("10.0.200." + string(rune('0'+host)) + ":" + port))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		for _, s := range []Peer{at(1, "1"), at(1, "2"), at(2, "1")} {
			l.addSlave(s, 0)
		}
		l.setMaster(n.self, 3, time.Hour)
		for i := range uint32(3) {
			l.setMaster(peer.FromID(180+i), 5, time.Hour)
		}
		for master := range listing { // order-free: the list is sorted
			l.setMaster(peer.FromID(master), 5, time.Hour)
		}
		l.looked = make([]*message.Structure, len(l.masters.List))
		for i, m := range l.masters.List {
			if hosts, known := listing[m.Peer.ID()]; known {
				l.looked[i] = &message.Structure{Masters: noMasters}
				for _, host := range hosts {
					l.looked[i].Slaves = append(l.looked[i].Slaves, at(host, "77"))
				}
			}
		}
		return l
	}
	// ids 2 and up have the addresses 10.0.100.1 and up, so 2 to 50 come before us
	for _, test := range []struct {
		what    string
		listing map[uint32][]uint32
		left    int
	}{
		{"no other master", nil, 2},
		{"masters before us list host 1", map[uint32][]uint32{2: {1}, 3: {1}, 4: {1}}, 1},
		{"one of them lists it often", map[uint32][]uint32{2: {1, 1, 1}, 3: {5}, 4: {5}}, 2},
		{"masters after us list it", map[uint32][]uint32{102: {1}, 103: {1}, 104: {1}}, 2},
	} {
		l := build(test.listing)
		share, masters := l.hostShare()
		if l.shedCrowds(); len(l.slaves) != test.left || share != 1 || masters != 3 {
			t.Errorf("%s: %d slaves are left, want %d (of %d each, at %d masters)", test.what, len(l.slaves), test.left, share, masters)
		}
	}
}

// Of one host no more introductions are remembered than it may have nodes, by a master and
// by a node without a place, so that its ports leave none of another out.
func TestIntroductionsOfAHostAreBounded(t *testing.T) {
	for _, slaves := range []int{0, 2} {
		n, _ := alone(t, slaves, 0)
		n.perHost, n.cfg.HostPlaces = true, 3
		for port := range 200 {
			p, err := n.cfg.Book.Intern(peer.MustParse("10.9.9.9:" + strconv.Itoa(1000+port)))
			if err != nil {
				t.Fatal(err)
			}
			n.cfg.rule.hear(&n.level1, p)
		}
		other := peer.FromID(77)
		n.cfg.rule.hear(&n.level1, other)
		if heard := n.level1.reserve.heard; len(heard) != 4 || heard[3] != other {
			t.Errorf("with %d slaves a node remembers %d introductions, want 3 of one host and 1 of another", slaves, len(heard))
		}
	}
}

// Newcomers are not sent where one host would have several masters and more than half of
// all, unless there is no other place.
func TestNoHostGetsMostMasters(t *testing.T) {
	for _, test := range []struct {
		what   string
		self   int   // host of the provider, which could become a master, too
		hosts  []int // of the masters that have room
		others []int // of nodes that have just asked for a place
		want   []int // hosts that newcomers are sent to
	}{
		{"each master is of its own host", 9, []int{1, 2, 3}, nil, []int{1, 2, 3}},
		{"one host has half", 9, []int{1, 1, 2, 3}, nil, []int{1, 2, 3}},
		{"one host has more", 9, []int{1, 1, 1, 2}, nil, []int{2}},
		{"one host has all, another could have one", 9, []int{1, 1, 1}, []int{2}, []int{2}},
		{"one host has all but the provider", 9, []int{1, 1, 1}, nil, []int{9}},
		{"there is no other host", 1, []int{1, 1, 1}, nil, []int{1}},
		{"there are too many masters for that", 9, []int{1, 1, 1, 1, 1, 1, 1, 1, 2}, nil, []int{1, 2}},
	} {
		n, _ := alone(t, 0, 0)
		n.perHost = true
		l := &n.level1
		port := 0
		on := func(host int) Peer {
			port++
			p, err := n.cfg.Book.Intern(peer.MustParse("10.8.8." + strconv.Itoa(host) + ":" + strconv.Itoa(port)))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		for _, host := range test.hosts {
			l.setMaster(on(host), 1, time.Hour)
		}
		l.setBacklink(l.masters.List[0].Peer)
		n.self = on(test.self)
		sent := make(map[host]bool)
		for range 100 {
			l.ledger = nil
			lg := l.openLedger()
			for _, host := range test.others {
				lg.recent, lg.asked, lg.owners = append(lg.recent, on(host)), append(lg.asked, 0), append(lg.owners, 0)
			}
			places, _ := l.place(on(7), Peer{})
			if len(places) > 0 {
				sent[n.hostOf(places[0])] = true
			}
		}
		want := make(map[host]bool)
		for _, host := range test.want {
			want[n.hostOf(on(host))] = true
		}
		if !maps.Equal(sent, want) {
			t.Errorf("%s: newcomers are sent to %d hosts, want those of %v", test.what, len(sent), test.want)
		}
	}
}
