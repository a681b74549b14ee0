package stores_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"spreadable/internal/stream"
)

// A plan of a model check: a network, what breaks in it, and what clients do with its stores,
// all drawn from a seed.

// plan is all that a run depends on.
type plan struct {
	seed   uint64
	nodes  int
	calm   bool // no holder is lost or cut off: then reads and conditions hold at once
	faults []string
	lies   []string
	lost   int   // nodes that end for good
	disk   *disk // nil for one without bounds
	join   string
	ops    []*op
}

// disk is the disk of every node.
type disk struct {
	rate  float64 // bytes per second
	seek  time.Duration
	limit int64 // bytes of files
}

// The course of a run, in virtual time. The reads of the first round in the quiet mend what
// they find; those of the second are judged.
const (
	opsFrom    = 70 * time.Second
	opsOver    = 120 * time.Second
	firstLook  = 420 * time.Second
	secondLook = 480 * time.Second
	runEnd     = 520 * time.Second
)

// do says what an operation does.
type do string

const (
	doAdd    do = "add"    // a key that no other adds
	doWrite  do = "write"  // a register, in turn with reads at the same entry
	doRead   do = "read"   //
	doSwap   do = "swap"   // reads a key and writes it on condition that it is still so
	doDelete do = "delete" //
	doLook   do = "look"   // the reads in the quiet
	doFile   do = "file"   // stores a file
	doForget do = "forget" // removes the file of the operation before, with its token
	doFind   do = "find"   // looks for a file in the quiet
)

// op is one step of a client at a node. The steps of a client are done one after the other.
type op struct {
	do     do
	client int
	node   int
	at     time.Duration
	key    string
	number int // of a file
	value  int // that is written; unique among all

	done          bool
	begun, ended  time.Duration
	err           error
	found         bool
	got           int // the value that was read, 0 for none
	swapped, lost bool
	full          bool // all nodes that were asked have answered
	size          int  // of the network, as the node sees it
	copies        int  // that have acknowledged a write
}

// draw draws the plan of a seed.
func draw(seed uint64) *plan {
	r := rand.New(stream.New(seed, 0, stream.Plan))
	p := &plan{seed: seed, nodes: 8 + r.IntN(9), calm: r.IntN(3) == 0}
	p.drawFaults(r)
	p.drawOps(r)
	return p
}

func (p *plan) drawFaults(r *rand.Rand) {
	at := func() int { return 75 + r.IntN(110) }
	add := func(format string, args ...any) { p.faults = append(p.faults, fmt.Sprintf(format, args...)) }
	if r.IntN(2) == 0 {
		add("{at: 66s, do: skew, on: %d%%, by: 10m}", 10+r.IntN(80)) // those of the others are behind
	}
	if r.IntN(3) == 0 {
		add("{at: %ds, do: slow, on: %d%%, by: 300ms, for: 40s}", at(), 10+r.IntN(40))
	}
	if r.IntN(3) == 0 {
		p.disk = &disk{rate: 1e6 * (1 + r.Float64()*10), seek: time.Duration(r.IntN(50)) * time.Millisecond, limit: 3e6 + r.Int64N(20e6)}
	}
	if r.IntN(4) == 0 {
		p.join = fmt.Sprintf("join: {mode: flash, initial: %d, at: %ds, over: 2s}\n", p.nodes-2-r.IntN(4), 90+r.IntN(60))
	}
	if p.calm {
		return
	}
	p.drawLies(r)
	for range 1 + r.IntN(3) {
		switch r.IntN(6) {
		case 0:
			if strings.Contains(strings.Join(p.faults, ""), "partition") {
				continue // one at a time
			}
			add("{at: %ds, do: partition, on: %d%%, for: %ds}", at(), 20+r.IntN(30), 20+r.IntN(50))
		case 1: // back with what was synced
			add("{at: %ds, do: bounce, on: %d, for: %ds}", at(), 1+r.IntN(3), 5+r.IntN(40))
		case 2: // the masters
			add("{at: %ds, do: bounce, on: 50%% masters, for: %ds}", at(), 5+r.IntN(40))
		case 3:
			add("{at: %ds, do: hold, on: %d, for: %ds}", at(), 1+r.IntN(3), 5+r.IntN(30))
		case 4:
			if !strings.Contains(strings.Join(p.faults, ""), "crash") { // fewer than hold a copy
				add("{at: %ds, do: crash, on: '#%d'}", at(), 1+r.IntN(p.nodes-7)) // not the bootstrap node
				p.lost = 1
			}
		case 5: // a mass of nodes leaves, and is back later
			add("{at: %ds, do: bounce, on: %d%%, for: %ds}", at(), 30+r.IntN(40), 20+r.IntN(60))
		}
	}
}

// lies are those that nodes tell which keep what they have acknowledged.
var lies = []string{
	"captor", "claims-all", "denies", "drops", "faithless", "false-masters", "flapping", "garbage",
	"hides", "phantoms", "refuses", "silent", "sizes", "stalls",
}

// drawLies lets some nodes lie for a while.
func (p *plan) drawLies(r *rand.Rand) {
	if r.IntN(2) == 0 {
		return
	}
	for range 1 + r.IntN(2) {
		p.lies = append(p.lies, fmt.Sprintf("{at: %ds, lie: %s, on: %d, for: %ds}",
			60+r.IntN(100), lies[r.IntN(len(lies))], 1+r.IntN(2), 20+r.IntN(100)))
	}
}

func (p *plan) drawOps(r *rand.Rand) {
	value, client := 0, 0
	next := func(o op) {
		value++
		o.value = value
		p.ops = append(p.ops, &o)
	}
	entry := func() int { return r.IntN(p.nodes - 6) } // of those that are there from the start
	when := func(i, of int) time.Duration {
		step := opsOver / time.Duration(of)
		return opsFrom + time.Duration(i)*step + time.Duration(r.Int64N(int64(step)))
	}
	for i := range 10 {
		client++
		next(op{do: doAdd, client: client, node: entry(), at: when(i, 10), key: fmt.Sprint("a", i)})
	}
	for i := range 3 {
		client++
		node := entry()
		for k := range 10 {
			o := op{do: doWrite, client: client, node: node, at: when(k, 10), key: fmt.Sprint("r", i)}
			if k%2 == 1 {
				o.do = doRead
			}
			next(o)
		}
	}
	for i := range 3 {
		for range 3 {
			client++
			node := entry()
			for k := range 4 {
				next(op{do: doSwap, client: client, node: node, at: when(k, 4), key: fmt.Sprint("c", i)})
			}
		}
	}
	for i := range 5 {
		client++
		next(op{do: doAdd, client: client, node: entry(), at: when(i, 10), key: fmt.Sprint("d", i)})
		next(op{do: doDelete, client: client, node: entry(), at: when(i+5, 10), key: fmt.Sprint("d", i)})
	}
	for i := range 6 {
		client++
		node := entry()
		next(op{do: doFile, client: client, node: node, at: when(i, 12), number: i})
		if i%2 == 1 {
			next(op{do: doForget, client: client, node: node, at: when(i+6, 12), number: i})
		}
	}
}

// looks are the reads in the quiet: of all keys, at all nodes, twice.
func (p *plan) looks() (all []*op) {
	keys, files := map[string]bool{}, map[int]bool{}
	for _, o := range p.ops {
		if o.key == "" && !files[o.number] {
			files[o.number] = true
			for node := range p.nodes {
				all = append(all, &op{do: doFind, client: -1 - node, node: node, at: secondLook, number: o.number})
			}
		} else if o.key != "" && !keys[o.key] {
			keys[o.key] = true
			for node := range p.nodes {
				for _, at := range []time.Duration{firstLook, secondLook} {
					all = append(all, &op{do: doLook, client: -1 - node, node: node, at: at, key: o.key})
				}
			}
		}
	}
	return all
}

// scenario is the plan as a scenario file.
func (p *plan) scenario() string {
	return fmt.Sprintf("name: model\nseed: %d\nnodes: %d\nduration: %s\n%sfaults: [%s]\nattacks: [%s]\n",
		p.seed, p.nodes, runEnd, p.join, strings.Join(p.faults, ", "), strings.Join(p.lies, ", "))
}

func (p *plan) String() string {
	text := fmt.Sprintf("seed %d: %d nodes, %s%v %v", p.seed, p.nodes, p.join, p.faults, p.lies)
	if d := p.disk; d != nil {
		text += fmt.Sprintf(" disk of %d bytes, %.0f a second, seeks of %v", d.limit, d.rate, d.seek)
	}
	return text
}
