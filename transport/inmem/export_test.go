package inmem

// InFlight is how many calls wait for their answer, and messages are on their way or wait
// for theirs.
func (p *Partition) InFlight() int {
	return len(p.calls.slots) - len(p.calls.vacant) + len(p.requests.slots) - len(p.requests.vacant) +
		len(p.answers.slots) - len(p.answers.vacant)
}
