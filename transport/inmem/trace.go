package inmem

// Trace counts the requests sent on behalf of one operation, and the bytes of both
// directions; not those of a host to itself.
type Trace struct {
	Requests, Bytes uint64
}

// count books requests and bytes on an operation, or on the network's upkeep.
func (p *Partition) count(trace uint32, requests, bytes uint64) {
	t := &p.Upkeep
	if trace > 0 {
		if int(trace) >= len(p.traces) {
			p.traces = append(p.traces, make([]Trace, int(trace)+1-len(p.traces))...)
		}
		t = &p.traces[trace]
	}
	t.Requests += requests
	t.Bytes += bytes
	p.Total.Requests += requests
	p.Total.Bytes += bytes
}

// Trace returns what an operation has cost in all partitions.
func (n *Network) Trace(number uint32) Trace {
	var sum Trace
	for _, p := range n.partitions {
		if int(number) < len(p.traces) {
			sum.Requests += p.traces[number].Requests
			sum.Bytes += p.traces[number].Bytes
		}
	}
	return sum
}
