package trace

import (
	"cmp"
	"io"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"spreadable/core/message"
	"spreadable/transport/inmem"
)

// Numbers of protobuf fields, from the published definitions of Perfetto: trace.proto,
// trace_packet.proto, and in track_event/ track_event.proto, track_descriptor.proto,
// counter_descriptor.proto and debug_annotation.proto.
const (
	tracePacket protowire.Number = 1

	packetTimestamp  protowire.Number = 8
	packetSequence   protowire.Number = 10 // trusted_packet_sequence_id
	packetEvent      protowire.Number = 11
	packetDescriptor protowire.Number = 60

	eventAnnotations protowire.Number = 4
	eventType        protowire.Number = 9
	eventTrack       protowire.Number = 11
	eventCategories  protowire.Number = 22
	eventName        protowire.Number = 23
	eventCounter     protowire.Number = 30
	eventFlows       protowire.Number = 47

	trackUUID    protowire.Number = 1
	trackName    protowire.Number = 2
	trackParent  protowire.Number = 5
	trackCounter protowire.Number = 8

	counterUnit protowire.Number = 3

	annotationUint   protowire.Number = 3
	annotationString protowire.Number = 6
	annotationName   protowire.Number = 10
)

// Values of TrackEvent.Type, and of CounterDescriptor.Unit.
const (
	sliceBegin, sliceEnd, instant, counter = 1, 2, 3, 4
	unitCount                              = 2
)

// sequence is the only one that we write. It must not be 0.
const sequence = 1

// WritePerfetto writes what was recorded as a trace of Perfetto TrackEvents, which
// ui.perfetto.dev and its trace processor open. Times are nanoseconds of virtual time.
//
// Each node has a track with a slice for each of its places, and an instant for all that
// happened to it. Below it are the requests that it sent ("asks") and served ("serves"),
// a slice for each, and counters of its slaves, the masters and nodes that it counts, and
// the requests that it waits for. Requests that overlap lie on several tracks of one
// name. A flow joins both ends of a request.
func WritePerfetto(w io.Writer, r *Recorder) error {
	p := &perfetto{recorder: r, ends: make(map[uint64]int)}
	tracks := r.Tracks()
	for _, t := range tracks {
		for _, e := range t.Entries {
			if e.What == Asked || e.What == Served {
				p.ends[e.Call]++
			}
		}
	}
	for _, t := range tracks {
		p.node(t)
	}
	// Stable: what one track has at one time keeps its order.
	slices.SortStableFunc(p.packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	var all []byte
	for _, packet := range p.packets {
		all = protowire.AppendBytes(protowire.AppendTag(all[:0], tracePacket, protowire.BytesType), packet.text)
		if _, err := w.Write(all); err != nil {
			return err
		}
	}
	return nil
}

// perfetto gathers the packets of a trace.
type perfetto struct {
	recorder *Recorder
	packets  []packet
	ends     map[uint64]int // of each call: how many of its two ends are recorded
}

// packet is one TracePacket. Descriptors come before all events.
type packet struct {
	at   time.Duration
	text []byte
}

// beforeAll is the time of descriptors.
const beforeAll = -1

// The tracks of a node, by their kind. A uuid is made of host, kind and lane.
const (
	nodeTrack = iota
	asksTrack
	servesTrack
	slavesCounter
	mastersCounter
	sizeCounter
	waitingCounter
)

func uuid(host, kind, lane int) uint64 { return uint64(host+1)<<32 | uint64(kind)<<28 | uint64(lane) }

// node adds the tracks of a node.
func (p *perfetto) node(t Track) {
	own := uuid(t.Node, nodeTrack, 0)
	p.describe(own, 0, "node "+itoa(t.Node)+" "+t.Address, false)
	for i, name := range []string{"slaves", "masters known", "nodes counted", "requests waited for"} {
		p.describe(uuid(t.Node, slavesCounter+i, 0), own, name, true)
	}
	p.places(t)
	p.requests(t, Asked, asksTrack, "asks")
	p.requests(t, Served, servesTrack, "serves")
	p.waiting(t)
	for _, e := range t.Entries {
		if e.What == Noted || e.What == CameUp || e.What == WentDown || e.What == Struck {
			p.event(e.At, instant, own, p.title(e), e.What.String(), p.notes(e))
		}
	}
}

// title is what an instant is called.
func (p *perfetto) title(e Entry) string {
	switch e.What {
	case Noted:
		return e.Note.String()
	case Struck:
		if e.Fault == Lie {
			return "attack: " + e.Text
		}
		return "fault: " + e.Fault
	}
	return e.What.String()
}

// places adds a slice for each place of a node, and its counters.
func (p *perfetto) places(t Track) {
	own, up, place, name := uuid(t.Node, nodeTrack, 0), t.Up, t.Place, ""
	turn := func(at time.Duration) {
		now := ""
		if up {
			now = Role(place, p.recorder)
		}
		if now != name && name != "" {
			p.event(at, sliceEnd, own, "", "", nil)
		}
		if now != name && now != "" {
			p.event(at, sliceBegin, own, now, "place", nil)
		}
		name = now
		p.count(at, uuid(t.Node, slavesCounter, 0), len(place.Slaves))
		p.count(at, uuid(t.Node, mastersCounter, 0), len(place.Masters.List))
		p.count(at, uuid(t.Node, sizeCounter, 0), place.Size())
	}
	turn(p.recorder.options.Window.From)
	for _, e := range t.Entries {
		switch e.What {
		case CameUp, WentDown:
			up = e.What == CameUp
		case Placed:
			place = e.Place
		default:
			continue
		}
		turn(e.At)
	}
	if name != "" {
		p.event(p.recorder.End(), sliceEnd, own, "", "", nil)
	}
}

// Role says in a few words what a node is by its place: "master and slave of node 3".
func Role(s *message.Structure, r *Recorder) string {
	master, slave := len(s.Slaves) > 0, !s.Backlink.IsZero()
	switch {
	case master && slave:
		return "master and slave of " + r.Text(Party(inmem.Index(s.Backlink)))
	case master:
		return "master without a backlink"
	case slave:
		return "slave of " + r.Text(Party(inmem.Index(s.Backlink)))
	}
	return "without a place"
}

// requests adds a slice for each request at one of its ends. Slices on a track must not
// overlap, so that each lies on the first track that is free.
func (p *perfetto) requests(t Track, what What, kind int, name string) {
	var lanes []time.Duration // when the last slice on each ends
	for _, e := range t.Entries {
		if e.What != what {
			continue
		}
		until := e.Until
		if e.Open { // a slice without an end would hold all later ones of its track
			until = max(e.At, p.recorder.end)
		}
		lane := slices.IndexFunc(lanes, func(end time.Duration) bool { return end <= e.At })
		if lane < 0 {
			lane = len(lanes)
			lanes = append(lanes, 0)
			p.describe(uuid(t.Node, kind, lane), uuid(t.Node, nodeTrack, 0), name, false)
		}
		lanes[lane] = until
		track := uuid(t.Node, kind, lane)
		p.event(e.At, sliceBegin, track, e.Kind.String(), name, p.ofRequest(e))
		p.event(until, sliceEnd, track, "", "", nil)
	}
}

// waiting adds the counter of the requests that a node waits for.
func (p *perfetto) waiting(t Track) {
	type step struct {
		at     time.Duration
		change int
	}
	var steps []step
	for _, e := range t.Entries {
		if e.What == Asked {
			steps = append(steps, step{e.At, 1})
			if !e.Open {
				steps = append(steps, step{e.Until, -1})
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	now := 0
	for i, s := range steps {
		now += s.change
		// Of several steps at one time only the last counts.
		if i+1 == len(steps) || steps[i+1].at > s.at {
			p.count(s.at, uuid(t.Node, waitingCounter, 0), now)
		}
	}
}

// describe adds the description of a track.
func (p *perfetto) describe(id, parent uint64, name string, counts bool) {
	d := number(nil, trackUUID, id)
	d = text(d, trackName, name)
	if parent != 0 {
		d = number(d, trackParent, parent)
	}
	if counts {
		d = bytes(d, trackCounter, number(nil, counterUnit, unitCount))
	}
	p.add(beforeAll, packetDescriptor, d)
}

// event adds an event, with fields of its own behind the common ones.
func (p *perfetto) event(at time.Duration, kind uint64, track uint64, name, category string, more []byte) {
	e := number(nil, eventType, kind)
	e = number(e, eventTrack, track)
	if name != "" {
		e = text(e, eventName, name)
	}
	if category != "" {
		e = text(e, eventCategories, category)
	}
	p.add(at, packetEvent, append(e, more...))
}

// count adds a value of a counter.
func (p *perfetto) count(at time.Duration, track uint64, value int) {
	p.event(at, counter, track, "", "", number(nil, eventCounter, uint64(value)))
}

func (p *perfetto) add(at time.Duration, field protowire.Number, content []byte) {
	var b []byte
	if at != beforeAll {
		b = number(b, packetTimestamp, uint64(at))
	}
	b = number(b, packetSequence, sequence)
	p.packets = append(p.packets, packet{at, bytes(b, field, content)})
}

// ofRequest are the fields of a request's slice: its flow, if both of its ends are in the
// trace, and what is known of it.
func (p *perfetto) ofRequest(e Entry) []byte {
	var b []byte
	// A flow with one end would be an arrow to nowhere.
	if p.ends[e.Call] > 1 {
		b = protowire.AppendTag(b, eventFlows, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, e.Call)
	}
	direction := "to"
	if e.What == Served {
		direction = "from"
	}
	b = annotate(b, direction, p.recorder.Text(e.Peer))
	switch {
	case e.Open:
		b = annotate(b, "outcome", "open at the end")
	case e.Text != "":
		b = annotate(b, "outcome", e.Text)
	default:
		b = annotate(b, "outcome", "answered")
	}
	if e.Operation > 0 {
		a := text(nil, annotationName, "operation")
		b = bytes(b, eventAnnotations, number(a, annotationUint, uint64(e.Operation)))
	}
	return b
}

// notes are the fields of an instant.
func (p *perfetto) notes(e Entry) (b []byte) {
	if e.Peer != None {
		b = annotate(b, "about", p.recorder.Text(e.Peer))
	}
	if e.Text != "" {
		b = annotate(b, "text", e.Text)
	}
	return b
}

func annotate(b []byte, name, value string) []byte {
	return bytes(b, eventAnnotations, text(text(nil, annotationName, name), annotationString, value))
}

func number(b []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

func text(b []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func bytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}
