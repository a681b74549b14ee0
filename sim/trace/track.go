package trace

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim/result"
	"spreadable/transport/inmem"
)

// track records one node.
type track struct {
	Track
	recorder *Recorder
	most     int                // entries
	place    *message.Structure // the latest
	up       bool

	// The request that is being delivered, and the entry of it once it has reached the
	// node, -1 before.
	arriving inmem.Arriving
	at       time.Duration
	entry    int
	// Entries of requests that the node has not answered yet, by their tickets.
	serving map[uint32]int
}

// add records an entry and returns its number, or -1 if it is not recorded.
func (t *track) add(e Entry) int {
	switch only := t.recorder.options.Only; {
	case !t.recorder.options.Window.holds(e.At), only != nil && !only(t.place, e):
		return -1
	case len(t.Entries) >= t.most:
		t.Left++
		return -1
	}
	t.Entries = append(t.Entries, e)
	return len(t.Entries) - 1
}

// end ends the request of an entry.
func (t *track) end(entry int, now time.Duration, outcome string) {
	if entry >= 0 {
		e := &t.Entries[entry]
		e.Until, e.Open, e.Text = now, false, outcome
	}
}

// look records how the node has changed.
func (t *track) look(now time.Duration) {
	h := t.recorder.net.Host(t.Node)
	if up := h.Up(); up != t.up {
		e := Entry{What: CameUp, At: now, Until: now, Peer: None}
		if up {
			e.Text = t.recorder.world.CameUp(t.Node, now)
		} else {
			e.What, e.Text = WentDown, t.recorder.world.WentDown(t.Node, now)
		}
		t.up = up
		t.add(e)
	}
	// A node that is down keeps its lists until it is renewed; they are no place.
	place := nowhere
	if t.up {
		place = h.Node.Structure()
	}
	if place != t.place {
		if !samePlace(place, t.place) {
			t.add(Entry{What: Placed, At: now, Until: now, Peer: None, Place: place})
		}
		t.place = place
	}
	// Until the window opens, only how it finds the node is kept.
	if now < t.recorder.options.Window.From {
		t.Up, t.Place = t.up, t.place
	}
}

// samePlace reports whether two snapshots tell the same place in the network.
func samePlace(a, b *message.Structure) bool {
	return a.Backlink == b.Backlink && a.Size() == b.Size() && len(a.Masters.List) == len(b.Masters.List) &&
		slices.Equal(a.Slaves, b.Slaves)
}

// arrives is called before a request is delivered.
func (t *track) arrives(at time.Duration, a inmem.Arriving) { t.at, t.arriving, t.entry = at, a, -1 }

// reached is called when the request that is being delivered has got to the node.
func (t *track) reached(req *message.Request) {
	t.entry = t.add(Entry{
		What: Served, Kind: req.Kind, Open: true, Peer: t.recorder.sender(t.arriving.From), At: t.at, Until: t.at,
		Call: call(t.arriving.From, t.arriving.Seq), Operation: req.Trace,
	})
}

// arrived is called after a request was delivered, which the node may hold to answer it
// later.
func (t *track) arrived(now time.Duration, held bool, ticket uint32) {
	switch {
	case t.entry < 0:
	case !held: // answered at once, or by Reply before the procedure had to wait
		if t.Entries[t.entry].Open {
			t.end(t.entry, now, "")
		}
	default: // a procedure answers it later
		if t.serving == nil {
			t.serving = make(map[uint32]int)
		}
		t.serving[ticket] = t.entry
	}
	t.entry = -1
}

// call names a request by its asker and that one's count of what it causes. It is never
// 0, which could be taken for none.
func call(from, seq uint32) uint64 { return (uint64(from)+1)<<32 | uint64(seq) }

// wrapped is what a recorded node sees of the world.
type wrapped struct {
	core.Env
	*track
}

// now is the virtual time.
func (w *wrapped) now() time.Duration { return w.Env.Now() - w.recorder.epoch }

// Call implements core.Transport.
func (w *wrapped) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	now := w.now()
	entry := w.add(Entry{
		What: Asked, Kind: req.Kind, Open: true, Peer: w.recorder.party(to.ID() - 1), At: now, Until: now,
		Operation: req.Trace,
	})
	if entry < 0 {
		w.Env.Call(to, req, sink, tag)
		return
	}
	w.Env.Call(to, req, &awaited{w, sink, entry}, tag)
	// The latest event that the host has caused is the arrival of the request.
	w.Entries[entry].Call = call(uint32(w.Node), w.recorder.net.Host(w.Node).Caused()-1)
}

// Reply implements core.Transport.
func (w *wrapped) Reply(ticket core.Ticket, resp message.Response) {
	if entry, ok := w.serving[uint32(ticket)]; ok {
		w.end(entry, w.now(), result.ErrorName(resp.Err))
		delete(w.serving, uint32(ticket))
	} else if w.entry >= 0 && w.arriving.Slot == uint32(ticket) {
		w.end(w.entry, w.now(), result.ErrorName(resp.Err))
	}
	w.Env.Reply(ticket, resp)
}

// awaited takes down what becomes of a request.
type awaited struct {
	*wrapped
	sink  core.Sink
	entry int
}

// Answer implements core.Sink.
func (a *awaited) Answer(tag uint32, resp message.Response) {
	a.end(a.entry, a.now(), result.ErrorName(resp.Err))
	a.Entries[a.entry].Busy = errors.Is(resp.Err, inmem.ErrBusy)
	a.sink.Answer(tag, resp)
}

func itoa(n int) string { return strconv.Itoa(n) }
