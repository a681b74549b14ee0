package sim

import (
	"time"

	"spreadable/sim/kernel"
	"spreadable/transport/inmem"
)

// handler joins a partition of the network with the kernel's: it hands the events of the
// one to the other, and keeps the scenario's own for itself.
type handler struct {
	*inmem.Partition
	kernel  *kernel.Partition[inmem.Envelope]
	world   *world // nil when there is no scenario
	touched uint64 // keeps the loads of Prefetch alive
}

// The scenario's own events, by which the world acts on its nodes and clients.
const (
	eventStart  = inmem.EventKinds + iota // bring up node To
	eventClient                           // let client To begin its operation
	eventEnd                              // end the stay of the node at host To
	eventLie                              // let the liar at host To do what it planned
	eventSync                             // let node To sync
	eventLeave                            // let the node at host To begin to leave
	eventObject                           // let a client do operation Slot with an object, at host To
)

// scenarioSource is the source of the scenario's own events: after all nodes and clients
// in the order of events.
const scenarioSource = ^uint32(0)

// newKernel makes the kernel that drives a network, with a scenario's world or none.
func newKernel(net *inmem.Network, w *world, workers int) *kernel.Kernel[inmem.Envelope] {
	parts := net.Partitions()
	handlers := make([]*handler, len(parts))
	given := make([]kernel.Handler[inmem.Envelope], len(parts))
	for i, p := range parts {
		handlers[i] = &handler{Partition: p, world: w}
		given[i] = handlers[i]
		if w != nil && w.weather != nil {
			given[i] = &faulty{handlers[i]}
		}
		if w != nil && w.recorder != nil {
			given[i] = w.recorder.Handler(p, given[i])
		}
	}
	k := kernel.New(workers, net.Lookahead(), given)
	for i, h := range handlers {
		h.kernel = k.Partition(i)
		h.Attach(h)
	}
	return k
}

// Now implements inmem.Scheduler.
func (h *handler) Now() time.Duration { return h.kernel.Now() }

// Schedule implements inmem.Scheduler.
func (h *handler) Schedule(e inmem.Event) {
	h.kernel.Schedule(kernel.Event{
		Time: int64(e.At), To: e.To, From: e.From, Seq: e.Seq, Slot: e.Slot, Aux: e.Gen, Kind: uint8(e.Kind),
	})
}

// faulty is the handler of a world with weather.
type faulty struct{ *handler }

// Deliver implements kernel.Handler.
func (f *faulty) Deliver(e *kernel.Event) {
	if !f.world.weather.Intercept(e) {
		f.handler.Deliver(e)
	}
}

// Prefetch implements kernel.Handler.
func (h *handler) Prefetch(next []kernel.Event) {
	for i := range next {
		h.touched += h.Touch(inmem.EventKind(next[i].Kind), next[i].To, next[i].Slot)
	}
	for i := range next {
		h.touched += h.TouchCall(inmem.EventKind(next[i].Kind), next[i].Slot)
	}
	for i := range next {
		h.touched += h.TouchSink(inmem.EventKind(next[i].Kind), next[i].To, next[i].Slot)
	}
}

// Deliver implements kernel.Handler.
func (h *handler) Deliver(e *kernel.Event) {
	switch kind := inmem.EventKind(e.Kind); kind {
	case eventStart:
		if churn := h.world.churn; churn != nil {
			churn.begin(int(e.To), h.Now())
		} else {
			h.world.net.Start(int(e.To))
		}
	case eventEnd:
		h.world.churn.end(int(e.To), h.Now())
	case eventLeave:
		h.world.churn.leave(int(e.To), h.Now())
	case eventSync:
		if host := h.world.net.Host(int(e.To)); host.Up() && (h.world.weather == nil || !h.world.weather.Held(int(e.To))) {
			host.Node.Sync()
		}
	case eventClient:
		h.world.clients.begin(int(e.To) - h.world.hosts)
	case eventObject:
		h.world.objects.begin(e.Slot)
	case eventLie:
		h.world.attacks.liars[e.To].act(e.Slot)
	default:
		h.Partition.Deliver(&inmem.Event{
			At: time.Duration(e.Time), To: e.To, From: e.From, Seq: e.Seq, Slot: e.Slot, Gen: e.Aux, Kind: kind,
		})
	}
}
