package stores_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

var (
	seeds     = flag.Int("seeds", 12, "how many plans the models are checked by")
	firstSeed = flag.Uint64("first-seed", 1, "the seed of the first")
)

// What the stores promise, checked by models in the simulator, under partitions, crashes that
// lose what was not synced, wrong clocks, the loss of masters, masses of nodes that join and
// leave, disks that are slow and full, and liars: plans drawn from seeds. See make models for
// thousands of them.
//
//   - set: what was added and acknowledged is found at all nodes, as long as fewer nodes are
//     lost than have acknowledged it;
//   - register: where no holder is lost or cut off, a read at the entry that has written gets
//     what was written; and after quiet all nodes read the same value, one that no later write
//     had replaced before;
//   - conditional writes: where no holder is lost or cut off, histories are linearizable;
//     otherwise one of the rivals is left after quiet;
//   - what was deleted stays deleted, documents and files alike.
func TestModels(t *testing.T) {
	for seed := *firstSeed; seed < *firstSeed+uint64(*seeds); seed++ {
		p := draw(seed)
		looks, err := run(p)
		if err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		if wrong := judge(p, looks); len(wrong) > 0 {
			t.Errorf("%v:\n  %s", p, strings.Join(wrong, "\n  "))
		}
	}
}

// kept reports whether what a step has written must last: it was acknowledged by more nodes
// than are lost. In a network of one node, that one is enough to acknowledge.
func (p *plan) kept(o *op) bool { return o.done && o.err == nil && o.copies > p.lost }

// judge says what was not as promised.
func judge(p *plan, looks []*op) (wrong []string) {
	told := make(map[string]bool) // by what was promised: one case of each is enough
	add := func(format string, args ...any) {
		if promise, _, _ := strings.Cut(format, ":"); !told[promise] {
			told[promise] = true
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	final := make(map[string][]*op)
	located := make(map[int][]*op)
	for _, o := range looks {
		switch {
		case len(p.lies) > 0 && (o.size != p.nodes-p.lost || o.do == doLook && !o.full):
			// the liars are still shunned, and the node knows that it has not heard all
		case o.do == doFind && o.done:
			located[o.number] = append(located[o.number], o)
		case o.do == doLook && o.at == secondLook && o.done && o.err == nil:
			final[o.key] = append(final[o.key], o)
		}
	}
	judgeSet(p, final, add)
	judgeRegisters(p, final, add)
	judgeSwaps(p, final, add)
	judgeFiles(p, located, add)
	return wrong
}

type complain func(format string, args ...any)

func judgeSet(p *plan, final map[string][]*op, add complain) {
	deleted := make(map[string]bool)
	for _, o := range p.ops {
		if o.do == doDelete && p.kept(o) {
			deleted[o.key] = true
		}
	}
	for _, o := range p.ops {
		if o.do != doAdd || !p.kept(o) {
			continue
		}
		for _, look := range final[o.key] {
			switch {
			case deleted[o.key] && look.found:
				add("set: %s was deleted, and node %d has it again", o.key, look.node)
			case o.key[0] == 'a' && look.got != o.value:
				add("set: %s=%d was acknowledged at %v, and node %d reads %d", o.key, o.value, o.ended, look.node, look.got)
			}
		}
	}
}

func judgeRegisters(p *plan, final map[string][]*op, add complain) {
	last := make(map[string]*op) // the last acknowledged write
	tried := make(map[string][]*op)
	for _, o := range p.ops {
		switch {
		case o.do == doWrite:
			tried[o.key] = append(tried[o.key], o)
			if p.kept(o) {
				last[o.key] = o
			}
		case o.do == doRead && o.done && o.err == nil && p.calm:
			if w := last[o.key]; w != nil && o.got < w.value {
				add("register: node %d has written %s=%d at %v, and reads %d at %v", o.node, o.key, w.value, w.ended, o.got, o.begun)
			}
		}
	}
	for key, w := range last {
		for _, look := range final[key] {
			if look.got != final[key][0].got {
				add("register: after quiet node %d reads %s=%d, and node %d %d", look.node, key, look.got, final[key][0].node, final[key][0].got)
			} else if look.got < w.value {
				add("register: %s=%d was acknowledged at %v, and after quiet node %d reads %d", key, w.value, w.ended, look.node, look.got)
			}
		}
	}
}

func judgeSwaps(p *plan, final map[string][]*op, add complain) {
	histories := make(map[string][]porcupine.Operation)
	tried := make(map[string]map[int]bool)
	for _, o := range p.ops {
		if o.do != doSwap {
			continue
		}
		if tried[o.key] == nil {
			tried[o.key] = map[int]bool{0: true}
		}
		if !o.done || !o.lost {
			tried[o.key][o.value] = true
		}
		end := int64(runEnd) // it may be done at any time
		if o.done && (o.swapped || o.lost) {
			end = int64(o.ended)
		}
		if o.begun > 0 {
			histories[o.key] = append(histories[o.key], porcupine.Operation{
				ClientId: o.client, Input: o, Output: o, Call: int64(o.begun), Return: end,
			})
		}
	}
	for key, history := range histories {
		if p.calm && porcupine.CheckOperationsTimeout(swaps, history, 10*time.Second) == porcupine.Illegal {
			add("conditional writes: the history of %s is not linearizable:\n%s", key, tell(history))
		}
		for _, look := range final[key] {
			if look.got != final[key][0].got {
				add("conditional writes: after quiet node %d reads %s=%d, and node %d %d", look.node, key, look.got, final[key][0].node, final[key][0].got)
			} else if !tried[key][look.got] {
				add("conditional writes: node %d reads %s=%d, which was refused", look.node, key, look.got)
			}
		}
	}
}

// swaps is the model of a key that is written on conditions: its state is its value.
var swaps = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		o := input.(*op)
		switch now := state.(int); {
		case o.swapped:
			return now == o.got, o.value
		case o.lost:
			return true, state // another was first, between its read and its write
		case now == o.got:
			return true, o.value // it is not known whether it was done: if it could be, say so
		}
		return true, state
	},
}

func tell(history []porcupine.Operation) string {
	var text strings.Builder
	for _, h := range history {
		o := h.Input.(*op)
		fmt.Fprintf(&text, "    client %d, node %d, %v to %v: %d -> %d, swapped %t, lost %t, %v\n", o.client, o.node, o.begun, o.ended, o.got, o.value, o.swapped, o.lost, o.err)
	}
	return text.String()
}

func judgeFiles(p *plan, located map[int][]*op, add complain) {
	stored, removed, tried := make(map[int]*op), make(map[int]bool), make(map[int]bool)
	for _, o := range p.ops {
		switch {
		case o.do == doFile && p.kept(o):
			stored[o.number] = o
		case o.do == doForget && o.begun > 0:
			tried[o.number] = true
			removed[o.number] = p.kept(o)
		}
	}
	for number, o := range stored {
		for _, look := range located[number] {
			switch {
			case removed[number] && look.found:
				add("files: file %d was removed, and node %d finds it again", number, look.node)
			case !tried[number] && !look.found:
				add("files: file %d was acknowledged at %v, and node %d does not find it: %v", number, o.ended, look.node, look.err)
			}
		}
	}
}
