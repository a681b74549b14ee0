package documents_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/documents"
)

// asked counts the slaves that their masters ask while something is done.
func (w *town) asked(do func()) (slaves int) {
	before := len(w.Trace)
	do()
	for _, r := range w.Trace[before:] {
		if r.Kind == message.KindQuerySlave {
			slaves++
		}
	}
	return slaves
}

// A write of a new key asks the masters and no slave. The next write of that key asks all
// slaves, as long as copies could be under way; and then the holders.
func TestAWriteAsksNoSlaveThatHasNothing(t *testing.T) {
	w := newTown(t, 20, things())
	if n := w.asked(func() { w.mustPut(2, `{"id": "a", "n": 1}`) }); n != 0 {
		t.Errorf("a new key: %d slaves were asked", n)
	}
	if n := w.asked(func() { w.mustPut(9, `{"id": "a", "n": 2}`) }); n < 10 {
		t.Errorf("a key of a moment ago: %d slaves were asked", n)
	}
	w.Run(time.Minute)
	holders := len(w.holders("a"))
	if n := w.asked(func() { w.mustPut(4, `{"id": "a", "n": 3}`) }); n > holders {
		t.Errorf("a key of a minute ago: %d slaves were asked, and %d nodes have it", n, holders)
	}
	w.Run(time.Minute)
	if n := w.asked(func() { w.expect(7, "a", `{"id":"a","n":3}`) }); n > holders {
		t.Errorf("a read: %d slaves were asked, and %d nodes have it", n, holders)
	}
	if got := w.holders("a"); len(got) != holders || holders != 3 {
		t.Errorf("%d nodes have it, and before %d", len(got), holders)
	}
}

// All nodes are asked where the owner wants that.
func TestAllNodesAreAskedIfTheOwnerWantsThat(t *testing.T) {
	o := things()
	o.AskAll = true
	w := newTown(t, 20, o)
	if n := w.asked(func() { w.mustPut(2, `{"id": "a"}`) }); n < 15 {
		t.Errorf("%d slaves were asked", n)
	}
}

// An arbiter that hangs holds up one write, and not each write of its keys, though its master
// still takes it for one that answers.
func TestAnArbiterThatHangsHoldsUpOneWrite(t *testing.T) {
	w := newTown(t, 9, things())
	hung := 9
	for len(w.Host(uint32(hung)).Node.Structure().Slaves) > 0 {
		hung--
	}
	w.Host(uint32(hung)).Hung = true
	began, slow := w.Now(), 0
	for i := range 30 {
		before := w.Now()
		if _, err := w.put(hung%9+1, fmt.Sprintf(`{"id": %d}`, i)); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if w.Now()-before > 5*time.Second {
			slow++
		}
	}
	if slow != 1 || w.Now()-began > 10*time.Second {
		t.Errorf("%d of 30 writes were held up, all took %v", slow, w.Now()-began)
	}
}

// Whenever a question to all nodes reaches them all, a write finds all holders, whatever
// nodes have crashed, lost their network or changed their master before: no node is left
// with an old version, though nothing is repaired.
func TestAWriteFindsAllHolders(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { writeAndDisturb(t, *first+seed) })
	}
}

// rollCall asks all nodes for their names.
type rollCall struct{ ask host.Ask[struct{}, names] }

type names struct{ Names []string }

func (*rollCall) Name() string { return "roll-call" }

func (r *rollCall) Start(h *host.Host) {
	r.ask = host.Query[struct{}, names]{
		Name:  "names",
		Local: func(*struct{}) (*names, error) { return &names{[]string{h.Address(h.Self())}}, nil },
		Merge: func(_ *struct{}, answers []host.Given[names]) *names {
			all := &names{}
			for _, a := range answers {
				all.Names = append(all.Names, a.Answer.Names...)
			}
			slices.Sort(all.Names)
			all.Names = slices.Compact(all.Names)
			return all
		},
	}.Offer(h)
}

func writeAndDisturb(t *testing.T, seed uint64) {
	const nodes, rounds = 12, 25
	random := rand.New(rand.NewPCG(seed, 5))
	o := things()
	o.NoRepair, o.NoReadRepair = true, true
	calls := make([]*rollCall, nodes+1)
	w := newTown(t, nodes, o, func(at int) host.Extension {
		calls[at] = &rollCall{}
		return calls[at]
	})
	put := func(at, key, n int) (result documents.Written, err error) {
		return w.put(at, fmt.Sprintf(`{"id": %d, "n": %d}`, key, n))
	}
	seconds := func(most int) time.Duration { return time.Duration(random.Int64N(int64(most) * int64(time.Second))) }
	judged := 0
	for round := range rounds {
		broken := random.IntN(nodes)
		at := w.Host(uint32(broken + 1))
		switch random.IntN(5) {
		case 0:
			at.Crash(random.IntN(2) == 0)
		case 1:
			at.Up = false
		case 2:
			w.Cut(uint32(broken + 1))
		}
		w.Run(seconds(60))
		_, failed := put((broken+1+random.IntN(nodes-1))%nodes+1, round, 1)
		w.Run(seconds(10))
		w.Heal()
		if at.Node == nil {
			at.Boot(&at.Saved)
		} else if !at.Up {
			at.Revive()
		}
		w.Run(seconds(40))
		entry := random.IntN(nodes) + 1
		var there *names
		w.do(entry, func(t *host.Task, _ *documents.Store) { there, _, _ = calls[entry].ask(t, &struct{}{}) })
		held := w.holders(round)
		result, err := put(entry, round, 2)
		if failed != nil || err != nil || there == nil || len(there.Names) < nodes {
			continue
		}
		w.Run(5 * time.Second) // until all copies are made
		judged++
		for _, i := range held {
			if v, has := w.stores[i].Has("things", documents.Key(round)); has && v != result.Version {
				t.Errorf("round %d, node %d: node %d has %v still, not %v", round, entry, i, v, result.Version)
			}
		}
	}
	if judged < rounds/3 {
		t.Errorf("%d of %d writes reached all nodes", judged, rounds)
	}
}
