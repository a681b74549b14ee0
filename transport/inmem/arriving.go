package inmem

import "spreadable/core/message"

// Arriving is a request that an event is about to deliver to a host.
type Arriving struct {
	From, Seq uint32 // of the event, the same at both ends: they name the call
	Slot      uint32 // the ticket of the request, if the node takes it
	Request   *message.Request

	life uint32 // of the slot
}

// Arriving looks at what an event will deliver, before Deliver. ok is false if that is no
// request. It is for what watches a run; a request that waits at its receiver's end of a
// Link comes twice.
func (p *Partition) Arriving(ev Event) (a Arriving, ok bool) {
	if ev.Kind != arriveRequest && ev.Kind != readRequest {
		return a, false
	}
	s := &p.requests.slots[ev.Slot]
	return Arriving{From: ev.From, Seq: ev.Seq, Slot: ev.Slot, Request: &s.value.req, life: s.gen}, true
}

// Holds reports whether a request that has arrived is not answered yet.
func (p *Partition) Holds(a Arriving) bool { return p.requests.slots[a.Slot].gen == a.life }
