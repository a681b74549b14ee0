package core

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Whatever happens to a node's lists, the snapshots that it has given out stay as they
// were, and the sums in a list are right.
func TestSnapshotsNeverChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &Node{}
		n.Init(&Config{Hosts: peer.HostsOff}, nil, nil, peer.FromID(1))
		anyPeer := rapid.Map(rapid.Uint32Range(1, 6), peer.FromID)
		given := make(map[*message.Structure]message.Structure)
		foreign := &message.Masters{List: []message.Master{{Peer: peer.FromID(3), Size: 2}, {Peer: peer.FromID(1), Size: 1}}, Total: 3}
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
				n.level1.setMaster(anyPeer.Draw(t, "peer"), rapid.SampledFrom([]int{0, 1, 2, 9, -1, 1 << 40}).Draw(t, "size"), now)
			},
			"remove":   func(t *rapid.T) { n.level1.removeMaster(anyPeer.Draw(t, "peer"), now) },
			"adopt":    func(*rapid.T) { n.level1.adopt(foreign) },
			"backlink": func(t *rapid.T) { n.level1.setBacklink(anyPeer.Draw(t, "peer")) },
			"slave": func(t *rapid.T) {
				if p := anyPeer.Draw(t, "peer"); !n.level1.hasSlave(p) {
					n.level1.addSlave(p, now)
				}
			},
			"": func(t *rapid.T) {
				for s, old := range given {
					if !reflect.DeepEqual(old, copied(s)) {
						t.Fatalf("a snapshot has changed to %+v, %+v", s, s.Masters)
					}
				}
				right := message.NewMasters(n.level1.masters.List)
				has := n.level1.masters
				if has.Total != right.Total || has.Set() != 0 && (has.Set() != right.Set() || has.Digest() != right.Digest()) {
					t.Fatalf("%+v: made anew it is %+v", has, right)
				}
			},
		})
	})
}

// copied is a deep copy of a snapshot.
func copied(s *message.Structure) message.Structure {
	c := *s
	c.Slaves = slices.Clone(s.Slaves)
	c.Masters = message.NewMasters(slices.Clone(s.Masters.List))
	return c
}

// A node that has lost its last slave holds no memory for slaves: of a hundred thousand
// nodes most were masters once.
func TestListsOfNoSlavesTakeNoMemory(t *testing.T) {
	var l lists
	l.addSlave(peer.FromID(1), 1)
	l.addSlave(peer.FromID(2), 2)
	if l.removeSlave(peer.FromID(1)); len(l.slaves) != 1 || l.slaves[0].ID() != 2 || len(l.joined) != 1 || l.joined[0] != 2 {
		t.Errorf("without the first slave the lists are %v and %v", l.slaves, l.joined)
	}
	if l.removeSlave(peer.FromID(2)); l.slaves != nil || l.joined != nil {
		t.Errorf("without any slave the lists are %v and %v, want nil", l.slaves, l.joined)
	}
}

// What masters have told at the last discovery stays beside them, or is forgotten, whatever
// becomes of the list.
func TestWhatMastersToldStaysBesideThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (list []message.Master) {
		for i := range uint32(8) {
			if random.IntN(2) == 0 {
				list = append(list, message.Master{Peer: peer.FromID(i + 1), Size: uint32(random.IntN(3))})
			}
		}
		return list
	}
	var l lists
	l.masters = noMasters
	for step := range 10_000 {
		p, kept := peer.FromID(uint32(random.IntN(8))+1), l.looked != nil
		switch what := random.IntN(5); what {
		case 0:
			list := some()
			l.setMasters(list, make([]time.Duration, len(list)))
			l.looked = nil
			for _, m := range list {
				l.looked = append(l.looked, &message.Structure{Address: m.Peer})
			}
		case 1:
			l.setMasters(some(), nil)
		case 2:
			l.adopt(message.NewMasters(some()))
		case 3:
			l.setMaster(p, random.IntN(3), 0)
			if kept && l.looked == nil {
				t.Fatalf("step %d: what others told is forgotten when one master changes", step)
			}
		case 4:
			l.removeMaster(p, 0)
			if kept && l.looked == nil {
				t.Fatalf("step %d: what others told is forgotten when one master goes", step)
			}
		}
		for i, told := range l.looked {
			if i >= len(l.masters.List) || told.Address != l.masters.List[i].Peer {
				t.Fatalf("step %d: master %d of %v is not the one that told %+v", step, i, l.masters.List, told)
			}
		}
	}
}
