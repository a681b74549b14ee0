package inmem

// InFlight is how many calls wait for their answer, and messages are on their way or wait
// for theirs.
func (p *Partition) InFlight() int {
	return p.calls.inUse() + p.requests.inUse() + p.answers.inUse()
}
