package sim

import (
	"time"

	"spreadable/sim/kernel"
	"spreadable/transport/inmem"
)

// Driver lets virtual time pass for a network that the caller has built itself, with the
// kernel of real runs but without a scenario, clients or samples: for benchmarks of
// kernel and transport, and for packages that break networks.
type Driver struct {
	kernel *kernel.Kernel[inmem.Envelope]
}

// NewDriver attaches a kernel to a network, to be run by one worker.
func NewDriver(net *inmem.Network) Driver { return Driver{newKernel(net, nil, 1)} }

// Intercept is shown each event before it is delivered. If it returns true it has taken
// the event, to give it back later with Driver.Schedule, or never.
type Intercept func(kernel.Event) bool

// NewInterceptedDriver is NewDriver with an Intercept. Drivers without one pay nothing
// for it.
func NewInterceptedDriver(net *inmem.Network, intercept Intercept) Driver {
	part := net.Partitions()[0]
	h := &interceptor{handler: handler{Partition: part}, intercept: intercept}
	k := kernel.New(1, net.Lookahead(), []kernel.Handler[inmem.Envelope]{h})
	h.kernel = k.Partition(0)
	h.Attach(h)
	return Driver{k}
}

type interceptor struct {
	handler
	intercept Intercept
}

// Deliver implements kernel.Handler.
func (i *interceptor) Deliver(e *kernel.Event) {
	if !i.intercept(*e) {
		i.handler.Deliver(e)
	}
}

// RunUntil delivers all events before the virtual time.
func (d Driver) RunUntil(limit time.Duration) { d.kernel.RunUntil(limit) }

// Now is the virtual time: the limit of the latest RunUntil.
func (d Driver) Now() time.Duration { return d.kernel.Now() }

// Schedule adds an event, which must not be earlier than Now.
func (d Driver) Schedule(e kernel.Event) { d.kernel.Partition(0).Schedule(e) }

// Events is how many events have been delivered.
func (d Driver) Events() uint64 { return d.kernel.Events() }
