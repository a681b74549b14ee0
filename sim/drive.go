package sim

import (
	"time"

	"spreadable/transport/inmem"
)

// Driver lets virtual time pass for a network that the caller has built itself, with the kernel of real runs but without a
// scenario, clients or samples: for benchmarks of kernel and transport.
type Driver struct{ kernel *kernel }

// NewDriver attaches a kernel to a network of one lane.
func NewDriver(net *inmem.Network) Driver { return Driver{newKernel(nil, net.Lanes()[0])} }

// RunUntil delivers all events before the virtual time.
func (d Driver) RunUntil(limit time.Duration) { d.kernel.runUntil(limit) }

// Events is how many events have been delivered.
func (d Driver) Events() uint64 { return d.kernel.done }
