package inmem

// InFlight is how many calls wait for their answer, and messages are on their way or wait
// for theirs.
func (p *Partition) InFlight() int {
	return len(p.calls.slots) - len(p.calls.vacant) + len(p.messages.slots) - len(p.messages.vacant)
}
