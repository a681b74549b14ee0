package trace_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The reader of these tests knows nothing of the writer. It decodes by a schema of its
// own, copied field by field from the definitions that Perfetto publishes, and then reads
// the trace by the rules of its trace processor.

type field struct {
	name     string
	number   int32
	kind     descriptorpb.FieldDescriptorProto_Type
	message  string // of a message
	repeated bool
}

const (
	isUint64  = descriptorpb.FieldDescriptorProto_TYPE_UINT64
	isUint32  = descriptorpb.FieldDescriptorProto_TYPE_UINT32
	isInt64   = descriptorpb.FieldDescriptorProto_TYPE_INT64
	isInt32   = descriptorpb.FieldDescriptorProto_TYPE_INT32 // an enum looks the same
	isFixed64 = descriptorpb.FieldDescriptorProto_TYPE_FIXED64
	isString  = descriptorpb.FieldDescriptorProto_TYPE_STRING
	isMessage = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
)

var schema = map[string][]field{
	"Trace": {{name: "packet", number: 1, kind: isMessage, message: "TracePacket", repeated: true}},
	"TracePacket": {
		{name: "timestamp", number: 8, kind: isUint64},
		{name: "trusted_packet_sequence_id", number: 10, kind: isUint32},
		{name: "track_event", number: 11, kind: isMessage, message: "TrackEvent"},
		{name: "track_descriptor", number: 60, kind: isMessage, message: "TrackDescriptor"},
	},
	"TrackEvent": {
		{name: "debug_annotations", number: 4, kind: isMessage, message: "DebugAnnotation", repeated: true},
		{name: "type", number: 9, kind: isInt32},
		{name: "track_uuid", number: 11, kind: isUint64},
		{name: "categories", number: 22, kind: isString, repeated: true},
		{name: "name", number: 23, kind: isString},
		{name: "counter_value", number: 30, kind: isInt64},
		{name: "flow_ids", number: 47, kind: isFixed64, repeated: true},
	},
	"TrackDescriptor": {
		{name: "uuid", number: 1, kind: isUint64},
		{name: "name", number: 2, kind: isString},
		{name: "parent_uuid", number: 5, kind: isUint64},
		{name: "counter", number: 8, kind: isMessage, message: "CounterDescriptor"},
	},
	"CounterDescriptor": {{name: "unit", number: 3, kind: isInt32}},
	"DebugAnnotation": {
		{name: "uint_value", number: 3, kind: isUint64},
		{name: "string_value", number: 6, kind: isString},
		{name: "name", number: 10, kind: isString},
	},
}

// definition is the schema as protobuf knows it.
func definition(t *testing.T) protoreflect.FileDescriptor {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("trace.proto"), Package: proto.String("perfetto.protos"), Syntax: proto.String("proto2"),
	}
	for name, fields := range schema { // order-free: messages are found by name
		m := &descriptorpb.DescriptorProto{Name: proto.String(name)}
		for _, f := range fields {
			label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
			if f.repeated {
				label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED
			}
			d := &descriptorpb.FieldDescriptorProto{Name: proto.String(f.name), Number: proto.Int32(f.number), Type: &f.kind, Label: &label}
			if f.message != "" {
				d.TypeName = proto.String(".perfetto.protos." + f.message)
			}
			m.Field = append(m.Field, d)
		}
		file.MessageType = append(file.MessageType, m)
	}
	d, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// timeline is a trace as a person sees it.
type timeline struct {
	tracks map[uint64]*row
	flows  map[uint64][]slice // by flow: the slices that it joins
}

type row struct {
	name     string
	parent   *row
	counts   bool
	slices   []slice
	instants []slice
	values   []value
}

type slice struct {
	row         *row
	name        string
	from, until uint64
	notes       map[string]string
	flows       []uint64
}

type value struct {
	at     uint64
	number int64
}

// readTrace decodes a trace, and refuses what a trace processor would drop or mend: a
// field that is not in the schema, an event on a track without a description, slices that
// do not nest, a value on a track that is no counter, packets without a sequence.
func readTrace(t *testing.T, data []byte) *timeline {
	t.Helper()
	trace := dynamicpb.NewMessage(definition(t).Messages().ByName("Trace"))
	if err := proto.Unmarshal(data, trace); err != nil {
		t.Fatal(err)
	}
	line := &timeline{make(map[uint64]*row), make(map[uint64][]slice)}
	parents, open := make(map[uint64]uint64), make(map[uint64][]slice)
	packets := get(trace, "packet").List()
	for i := range packets.Len() {
		if err := line.read(packets.Get(i).Message(), parents, open); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	for id, r := range line.tracks { // order-free: each on its own
		if len(open[id]) > 0 {
			t.Errorf("track %q ends with an open slice %q", r.name, open[id][0].name)
		}
		if parent := parents[id]; parent != 0 {
			if r.parent = line.tracks[parent]; r.parent == nil {
				t.Errorf("track %q has an unknown parent", r.name)
			}
		}
	}
	return line
}

func (l *timeline) read(p protoreflect.Message, parents map[uint64]uint64, open map[uint64][]slice) error {
	if len(p.GetUnknown()) > 0 || get(p, "trusted_packet_sequence_id").Uint() == 0 {
		return fmt.Errorf("an unknown field, or no sequence")
	}
	if has(p, "track_descriptor") {
		d := get(p, "track_descriptor").Message()
		id := get(d, "uuid").Uint()
		if id == 0 || l.tracks[id] != nil || len(d.GetUnknown()) > 0 {
			return fmt.Errorf("track %d is described twice, or wrongly", id)
		}
		l.tracks[id] = &row{name: get(d, "name").String(), counts: has(d, "counter")}
		parents[id] = get(d, "parent_uuid").Uint()
		return nil
	}
	e, at := get(p, "track_event").Message(), get(p, "timestamp").Uint()
	id := get(e, "track_uuid").Uint()
	r := l.tracks[id]
	kind := get(e, "type").Int()
	switch stack := open[id]; {
	case r == nil || len(e.GetUnknown()) > 0 || !has(p, "timestamp"):
		return fmt.Errorf("an event on the unknown track %d, without a time or with an unknown field", id)
	case (kind == 4) != r.counts:
		return fmt.Errorf("an event of type %d on track %q", kind, r.name)
	case kind == 1:
		s := slice{row: r, name: get(e, "name").String(), from: at, notes: notesOf(e)}
		for i := range get(e, "flow_ids").List().Len() {
			s.flows = append(s.flows, get(e, "flow_ids").List().Get(i).Uint())
		}
		open[id] = append(stack, s)
	case kind == 2 && len(stack) == 0:
		return fmt.Errorf("the end of no slice on track %q", r.name)
	case kind == 2:
		s := stack[len(stack)-1]
		s.until, open[id] = at, stack[:len(stack)-1]
		r.slices = append(r.slices, s)
		for _, f := range s.flows {
			l.flows[f] = append(l.flows[f], s)
		}
	case kind == 3:
		r.instants = append(r.instants, slice{row: r, name: get(e, "name").String(), from: at, notes: notesOf(e)})
	case kind == 4:
		r.values = append(r.values, value{at, get(e, "counter_value").Int()})
	default:
		return fmt.Errorf("type %d", kind)
	}
	return nil
}

func notesOf(e protoreflect.Message) map[string]string {
	notes := make(map[string]string)
	for i := range get(e, "debug_annotations").List().Len() {
		a := get(e, "debug_annotations").List().Get(i).Message()
		notes[get(a, "name").String()] = get(a, "string_value").String()
	}
	return notes
}

func get(m protoreflect.Message, name string) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

func has(m protoreflect.Message, name string) bool {
	return m.Has(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
}

// below returns the tracks below one, by name, those of one name together.
func (l *timeline) below(parent *row, name string) (all []*row) {
	for _, r := range l.tracks { // order-free: sorted below
		if r.parent == parent && r.name == name {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *row) int { return len(b.slices) - len(a.slices) })
	return all
}
