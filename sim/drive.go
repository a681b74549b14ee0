package sim

import (
	"time"

	"spreadable/sim/kernel"
	"spreadable/transport/inmem"
)

// Driver lets virtual time pass for a network that the caller has built itself, with the
// kernel of real runs but without a scenario, clients or samples: for benchmarks of
// kernel and transport.
type Driver struct {
	kernel *kernel.Kernel[inmem.Envelope]
}

// NewDriver attaches a kernel to a network, to be run by one worker.
func NewDriver(net *inmem.Network) Driver { return Driver{newKernel(net, nil, 1)} }

// RunUntil delivers all events before the virtual time.
func (d Driver) RunUntil(limit time.Duration) { d.kernel.RunUntil(limit) }

// Events is how many events have been delivered.
func (d Driver) Events() uint64 { return d.kernel.Events() }
