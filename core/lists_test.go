package core

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/peer"
)

// Whatever happens to a node's lists, what it has told others of them stays as it was; and the list says the truth of itself.
func TestSnapshotsNeverChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &Node{}
		n.Init(&Config{}, nil, nil, peer.FromID(1))
		who := rapid.Map(rapid.Uint32Range(1, 6), peer.FromID)
		given := make(map[*Structure]Structure)
		foreign := &Masters{List: []Master{{peer.FromID(3), 2}, {peer.FromID(1), 1}}, Total: 3}
		var now time.Duration
		t.Repeat(map[string]func(*rapid.T){
			"tell": func(*rapid.T) {
				s := n.Structure()
				if old, told := given[s]; told && !reflect.DeepEqual(old, copied(s)) {
					t.Fatal("a snapshot has changed")
				}
				given[s] = copied(s)
			},
			"set": func(t *rapid.T) {
				now++
				n.setMaster(who.Draw(t, "who"), rapid.SampledFrom([]int{0, 1, 2, 9, -1, 1 << 40}).Draw(t, "size"), now)
			},
			"remove":   func(t *rapid.T) { n.removeMaster(who.Draw(t, "who"), now) },
			"adopt":    func(*rapid.T) { n.adopt(foreign) },
			"backlink": func(t *rapid.T) { n.setBacklink(who.Draw(t, "who")) },
			"slave": func(t *rapid.T) {
				if p := who.Draw(t, "who"); !n.hasSlave(p) {
					n.addSlave(p, now)
				}
			},
			"": func(t *rapid.T) {
				for s, old := range given {
					if !reflect.DeepEqual(old, copied(s)) {
						t.Fatalf("a snapshot has changed to %+v, %+v", s, s.Masters)
					}
				}
				total, members := 0, uint64(0)
				for _, m := range n.masters.List {
					total += int(m.Size)
					members += scatter(m.Peer)
				}
				if n.masters.Total != total || n.masters.members != 0 && n.masters.members != members {
					t.Fatalf("%+v: the sum is %d", n.masters, total)
				}
			},
		})
	})
}

// copied is what a snapshot says, in memory of its own.
func copied(s *Structure) Structure {
	c := *s
	c.Slaves = slices.Clone(s.Slaves)
	c.Masters = &Masters{List: slices.Clone(s.Masters.List), Total: s.Masters.Total, members: s.Masters.members}
	return c
}
