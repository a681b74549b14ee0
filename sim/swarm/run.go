package swarm

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/internal/stream"
	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

// Outcome is what became of a run.
type Outcome struct {
	Plan        Plan
	Failure     *Failure // nil: all was well
	Phases      []Phase
	Events      uint64
	Fingerprint uint64
}

// Phase is one fault, and how the network mended after it.
type Phase struct {
	Fault string // a fault, a lie, or "start" for the first
	Did   string // what the fault did, for people
	// Rounds is how many rounds after the fault the network was whole; -1 if it was not.
	Rounds int
	// Requests is how many requests a node sends in a round of a network that is whole.
	Requests float64
}

// started is the name of the first phase.
const started = "start"

// Failure is what was found wrong.
type Failure struct {
	At    time.Duration // virtual time since the start
	Phase string        // the fault after which it was found
	Did   string
	What  string // the invariant that did not hold
	Kind  string // one of the classes below: to compare failures of different runs
}

// Classes of failures.
const (
	FailedBan     = "ban"     // an honest node has banned another
	FailedMend    = "mend"    // the network is not whole after a long time
	FailedLoad    = "load"    // clients are not served, or not right
	FailedTraffic = "traffic" // nodes send too much, or remember too much
	FailedPanic   = "panic"   // the program has a defect
)

func (f *Failure) String() string {
	return fmt.Sprintf("%s after %s at %v: %s (%s)", f.Kind, f.Phase, f.At.Round(time.Second), f.What, f.Did)
}

// run is one run in the making.
type run struct {
	*world
	outcome Outcome
	knew    map[*core.Node][]core.Peer // what each honest node knew after the latest fault
}

// Noted is told what the nodes of a run note, by number from 1.
type Noted func(at time.Duration, node int, note core.Note)

// Run runs a plan, which must be valid. It depends on nothing but the plan. Runs share
// nothing, so they may go on at the same time. Noted may be nil.
func Run(p Plan, noted Noted) (outcome Outcome) {
	outcome.Plan = p
	defer func() {
		if caught := recover(); caught != nil {
			outcome.Failure = &Failure{Phase: "run", Kind: FailedPanic, What: fmt.Sprint("panic: ", caught), Did: place(debug.Stack())}
		}
	}()
	w, err := newWorld(p, noted)
	if err != nil {
		outcome.Failure = &Failure{Phase: "run", What: err.Error(), Kind: FailedPanic}
		return outcome
	}
	r := &run{world: w, outcome: outcome}
	defer w.net.Close()
	r.outcome.Failure = r.phases()
	r.outcome.Events, r.outcome.Fingerprint = w.driver.Events(), w.net.Fingerprint()
	return r.outcome
}

// place is the line of the program at which it panicked, by the stack of the panic.
func place(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "panic(")
	lines := strings.Split(after, "\n")
	for _, line := range lines[min(2, len(lines)):] {
		if at, ok := strings.CutPrefix(line, "\t"); ok && !strings.Contains(at, "/runtime/") {
			at, _, _ = strings.Cut(at, " +")
			return "at " + filepath.Base(filepath.Dir(at)) + "/" + filepath.Base(at)
		}
	}
	return ""
}

// phases goes through the run: a mass start, then faults, each followed by a quiet phase.
func (r *run) phases() *Failure {
	for _, h := range r.hosts[:r.plan.Nodes] {
		h.Boot(false)
	}
	if failure := r.quiet(Phase{Fault: started, Did: fmt.Sprintf("%d nodes at once", r.plan.Nodes)}, 0); failure != nil {
		return failure
	}
	if r.plan.Lie != "" {
		kind, _ := lie.Of(r.plan.Lie)
		r.lie(kind)
		did := fmt.Sprintf("%d liars begin", r.plan.Liars)
		if failure := r.quiet(Phase{Fault: r.plan.Lie, Did: did}, kind.Rounds); failure != nil {
			return failure
		}
	}
	before := make(map[string]int)
	for _, name := range r.plan.Faults {
		b := &fault.Breaker{World: r, Random: r.random(stream.Fault, name, before[name]), Boots: r.plan.Boots}
		before[name]++
		kind, _ := fault.Of(name)
		b.Do(kind)
		if failure := r.quiet(Phase{Fault: name, Did: strings.Join(b.Steps, "; ")}, 0); failure != nil {
			return failure
		}
	}
	return nil
}

// lie lets the liars of the plan begin. The first is a master, if one is there besides
// the bootstrap nodes; of an intruding kind each visits another master.
func (r *run) lie(kind lie.Kind) {
	var liars, victims []*host
	var band []core.Peer
	for i := range r.plan.Liars {
		h, victim := r.liar(kind, i)
		if h == nil {
			break
		}
		h.lying = true
		liars, victims, band = append(liars, h), append(victims, victim), append(band, h.Peer())
	}
	for i, h := range liars {
		switch {
		case kind.Runs:
			h.Boot(false)
		case kind.Intrudes:
			h.up = true
			r.net.Listen(h.index)
		}
		h.wrong().Late = kind.Late
		h.answer = kind.Begin(&lie.Liar{
			World: r, Host: h, Random: r.random(stream.Lie, r.plan.Lie, i), Band: band,
			Victim: peerOf(victims[i].index), Root: victims[i].node().NetworkRoot(), Levels: r.plan.Levels,
		})
	}
}

// liar returns the host of the i-th liar, and a master; nil if there is none.
func (r *run) liar(kind lie.Kind, i int) (liar, victim *host) {
	var masters, others []*host
	for _, h := range r.hosts[:r.nodes] {
		switch {
		case !h.up || h.lying:
		case h.IsMaster() && (h.index >= r.plan.Boots || kind.Intrudes):
			masters = append(masters, h)
		case h.index >= r.plan.Boots:
			others = append(others, h)
		}
	}
	if kind.Intrudes {
		if len(masters) == 0 {
			return nil, nil
		}
		return r.hosts[r.spare+i], masters[i%len(masters)]
	}
	random := r.random(stream.Lie, "who", i)
	from := append(masters, others...)
	if i == 0 && len(masters) > 0 {
		from = masters
	}
	if len(from) == 0 {
		return nil, nil
	}
	h := from[random.IntN(len(from))]
	return h, h
}
