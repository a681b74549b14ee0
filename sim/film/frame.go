package film

import (
	"encoding/binary"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/transport/inmem"
)

// When frames are due. A network forms within the first seconds, and after that changes
// from round to round: so the time between two frames begins at firstGap, and grows with
// the time that has passed until it is Recorder.longest.
const (
	firstGap  = 10 * time.Millisecond
	perOctave = 8 // frames in which the time that has passed doubles
)

// What frames may cost. To look at a host that has not changed takes about 10 ns, at one
// that has about 200 ns; to deliver an event takes about 400 ns. So one look at each host
// for eventsPerLook events costs less than 3 % of the run. The first frames are for free,
// since a network that forms changes most.
const (
	eventsPerLook = 4
	firstFrames   = 8
	firstLooks    = 40_000
)

// listsPerFrame is how many bytes of a frame lists of masters take at most: while a
// network forms, each of its masters knows others. A list that was left out is recorded
// with a later frame, if it is still there.
const listsPerFrame = 64 << 10

// Due is the time of the next frame.
func (r *Recorder) Due() time.Duration { return r.due }

// Frame records a frame that is due, unless too little has happened since the one before;
// events is how many have been delivered.
func (r *Recorder) Frame(now time.Duration, events uint64) {
	gap := max(firstGap, now/perOctave)
	r.due = now + min(gap, r.longest)
	r.credit += float64(events-r.events) / eventsPerLook
	r.events = events
	if looks := float64(len(r.hosts)); r.credit >= looks {
		r.credit -= looks
		r.Now(now)
	}
}

// Now records a frame, such as the last one, whatever it costs. Frames have three
// quarters of the film.
func (r *Recorder) Now(now time.Duration) {
	if r.spent.frames > r.options.Limit/4*3 {
		r.lost.LostFrames++
		return
	}
	r.lists, r.changes = r.lists[:0], r.changes[:0]
	known, changed, before := len(r.listed), 0, -1
	for host := range r.hosts {
		if fields := r.look(host); fields != 0 {
			r.changes = binary.AppendUvarint(r.changes, uint64(host-before-1))
			r.change(host, fields)
			before = host
			changed++
		}
	}
	body := binary.AppendUvarint(nil, uint64(now/time.Microsecond))
	body = binary.AppendUvarint(body, uint64(len(r.listed)-known))
	body = append(body, r.lists...)
	body = binary.AppendUvarint(body, uint64(changed))
	body = append(body, r.changes...)
	r.spent.frames += len(body)
	r.append(KindFrame, body)
}

// The fields of a change.
const (
	hasState = 1 << iota
	hasBacklink
	hasSlaves
	hasMasters
	hasSize
)

// look sees how a host is now, and says which fields have changed.
func (r *Recorder) look(host int) (fields byte) {
	h := &r.hosts[host]
	h.gone, h.come = h.gone[:0], h.come[:0]
	place := r.world.Place(host)
	state := r.state(host, place)
	// Most looks end here: places are never changed, but made anew.
	if place == h.place && state == h.state && (h.list > 0 || h.masters == 0) {
		return 0
	}
	now := seen{place: place, state: state, gone: h.gone, come: h.come}
	if place != nil {
		now.backlink, now.masters = place.Backlink.ID(), uint32(len(place.Masters.List))
		now.size, now.list = uint32(r.world.Size(host)), r.list(place.Masters)
	}
	now.gone = without(now.gone, h.slaves(), now.slaves())
	now.come = without(now.come, now.slaves(), h.slaves())
	for bit, differs := range [...]bool{
		now.state != h.state, now.backlink != h.backlink, len(now.gone)+len(now.come) > 0,
		now.masters != h.masters || now.list != h.list, now.size != h.size,
	} {
		if differs {
			fields |= 1 << bit
		}
	}
	*h = now
	return fields
}

// state is the first field of a host.
func (r *Recorder) state(host int, place *message.Structure) uint8 {
	state := uint8(r.world.Marks(host))
	if place == nil {
		return state
	}
	rank := min(1, len(place.Slaves))
	if rank > 0 && r.levels > 1 {
		rank = r.world.Rank(host)
	}
	return state | 1 | uint8(rank)<<4
}

// list is the number of a list of masters, 0 if it has none. A new one is added to those
// of the frame, as long as there is space.
func (r *Recorder) list(m *message.Masters) uint32 {
	if len(m.List) == 0 {
		return 0
	}
	number, known := r.listed[m.Set()]
	if !known && len(r.lists) < listsPerFrame {
		number = uint32(len(r.listed) + 1)
		r.listed[m.Set()] = number
		r.lists = binary.AppendUvarint(r.lists, uint64(len(m.List)))
		hosts := make([]int, len(m.List))
		for i, master := range m.List {
			hosts[i] = inmem.Index(master.Peer)
		}
		slices.Sort(hosts)
		before := -1
		for _, host := range hosts {
			r.lists = binary.AppendUvarint(r.lists, uint64(host-before-1))
			before = host
		}
	}
	return number
}

// without appends the peers of one list that are not in another. Slaves are kept in the
// order of their arrival, so what two lists begin with is mostly the same.
func without(left, list, other []core.Peer) []core.Peer {
	same := 0
	for same < min(len(list), len(other)) && list[same] == other[same] {
		same++
	}
	for _, p := range list[same:] {
		if !slices.Contains(other[same:], p) {
			left = append(left, p)
		}
	}
	return left
}

// change appends the fields of a host that have changed.
func (r *Recorder) change(host int, fields byte) {
	h := &r.hosts[host]
	b := append(r.changes, fields)
	if fields&hasState != 0 {
		b = binary.AppendUvarint(b, uint64(h.state))
	}
	if fields&hasBacklink != 0 {
		b = binary.AppendUvarint(b, uint64(h.backlink))
	}
	if fields&hasSlaves != 0 {
		b = appendPeers(appendPeers(b, h.gone), h.come)
	}
	if fields&hasMasters != 0 {
		b = binary.AppendUvarint(b, uint64(h.masters))
		b = binary.AppendUvarint(b, uint64(h.list))
	}
	if fields&hasSize != 0 {
		b = binary.AppendUvarint(b, uint64(h.size))
	}
	r.changes = b
}

func appendPeers(b []byte, list []core.Peer) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, p := range list {
		b = binary.AppendUvarint(b, uint64(inmem.Index(p)))
	}
	return b
}
