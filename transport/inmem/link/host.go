package link

import "time"

// Host is what a link needs to know of a host. The zero Host has no limits.
type Host struct {
	Up, Down Rate          // of its line
	Delay    time.Duration // that its line adds to each packet, from it or to it
	Loss     float64       // share of the packets that are lost, from it or to it

	// Service is the mean time that it takes to serve a request; 0 is no time.
	Service time.Duration
	// Queue is how many requests may wait while another one is served; Unbounded has no
	// limit.
	Queue int
	// Outside says that no other host can open a connection to it, as to one behind a
	// NAT. It can send requests and gets their answers.
	Outside bool
}

// Unbounded is a Queue without a limit.
const Unbounded = -1

// Hosts tells of each host what it is. Many hosts share a value. It does not change
// during a run, so any partition may read it.
type Hosts struct {
	Kinds []Host
	Of    []uint8 // the kind of each host
	// Others is what hosts beyond the end of Of are.
	Others Host
}

// At returns a host.
func (h *Hosts) At(index uint32) *Host {
	if int(index) < len(h.Of) {
		return &h.Kinds[h.Of[index]]
	}
	return &h.Others
}

// any reports whether something holds for a kind of host.
func (h *Hosts) any(holds func(*Host) bool) bool {
	for i := range h.Kinds {
		if holds(&h.Kinds[i]) {
			return true
		}
	}
	return holds(&h.Others)
}

// AnyOutside reports whether there are hosts that cannot be reached.
func (h *Hosts) AnyOutside() bool { return h.any(func(h *Host) bool { return h.Outside }) }
