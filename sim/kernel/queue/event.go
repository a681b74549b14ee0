package queue

const eventSize = 32 // bytes

// Event is something that happens to one node at one instant. It is 32 bytes,
// so that two fill a cache line, and holds no pointer, so that the garbage
// collector never looks inside the queue. Apart from the four fields of the
// order its meaning belongs to the caller.
type Event struct {
	Time int64  // virtual nanoseconds, at least 0
	To   uint32 // destination: index of a node
	From uint32 // source: index of a node
	Seq  uint32 // the source's own counter; makes (Time, To, From, Seq) unique
	Slot uint32 // the caller's: say, an index into a table of requests in flight
	Aux  uint32 // the caller's
	Kind uint8  // the caller's
}

// set is *e = *f field by field. An event passed by value arrives in registers
// and is spilled in small pieces; a copy in 16-byte pieces right after that
// would stall until all the small stores have left the store buffer.
func (e *Event) set(f *Event) {
	e.Time, e.To, e.From, e.Seq = f.Time, f.To, f.From, f.Seq
	e.Slot, e.Aux, e.Kind = f.Slot, f.Aux, f.Kind
}

// Before reports whether e comes out of the queue ahead of f: the order is by
// Time, then To, From and Seq. No global counter takes part, so the order does
// not depend on how nodes are divided among several queues.
func (e *Event) Before(f *Event) bool {
	if e.Time != f.Time {
		return e.Time < f.Time
	}
	if e.To != f.To {
		return e.To < f.To
	}
	if e.From != f.From {
		return e.From < f.From
	}
	return e.Seq < f.Seq
}
