package sim_test

import (
	"fmt"
	"testing"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim"
	"spreadable/sim/lie"
	"spreadable/sim/scenario"
)

// toSome is a lie that is told to some quarters of the masters only: that the liar has
// another number of slaves than it lists. These masters ban it, the others do not.
func toSome(quarters uint32) lie.Kind {
	return lie.Kind{Serves: true, Begin: func(l *lie.Liar) lie.Answer {
		return func(from core.Peer, req *message.Request) (message.Response, bool) {
			s := *l.Structure()
			if size, _ := s.Masters.SizeOf(from); req.Kind != message.KindStructure || size == 0 || len(s.Slaves) == 0 || from.ID()/7%4 >= quarters {
				return message.Response{}, false
			}
			told := &message.Masters{}
			for _, m := range s.Masters.List {
				if m.Peer == l.Peer() {
					m.Size++
				}
				told.List = append(told.List, m)
				told.Total += int(m.Size)
			}
			s.Masters = told
			return message.Response{Body: &s}, true
		}
	}}
}

// Where some masters ban a liar and others do not, searches on one side miss its slaves, and
// its slaves miss the other side. That costs no more than the liar's share of the masters,
// however many it lies to: slaves leave a backlink whose view differs too much from that
// of others.
func TestALieToSomeMastersCostsNoMoreThanTheShare(t *testing.T) {
	const text = "name: some\nseed: %d\nnodes: 100\nduration: 24m\nattacks: [{at: 4m, lie: some, on: 20%% masters}]\n" +
		"workload: {searches: {count: 100, start: 14m, over: 9m}}\n"
	for quarters := range uint32(4) {
		reader, lost := scenario.Reader{Lies: []scenario.LieRow{{Name: "some", Kind: toSome(quarters + 1)}}}, 0.0
		for seed := range 2 {
			s, err := reader.Parse("some.yaml", fmt.Appendf(nil, text, seed+1), nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := sim.Run(s, sim.Options{})
			sum := must(t, r, err).Summary
			cost, share := 1-sum.Search.Coverage.Mean, sum.Attacks.MastersShare
			if share == 0 || cost > share || sum.Attacks.Convicted != sum.Attacks.Liars || sum.Behavior.FalseBans > 0 {
				t.Errorf("told to %d quarters, seed %d: %.3f of the masters cost %.3f of a search; %+v, %+v",
					quarters+1, seed+1, share, cost, sum.Attacks, sum.Behavior)
			}
			lost += cost
		}
		switch {
		case quarters == 0 && lost < 0.01:
			t.Error("told to a quarter it costs nothing, so that this test sees nothing")
		case quarters == 3 && lost > 0:
			t.Errorf("told to all, which ban the liars, it still costs %.3f", lost/2)
		}
	}
}
