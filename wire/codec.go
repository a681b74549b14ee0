package wire

import (
	"encoding/json"
	"fmt"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Body is the body of a message that was read, before its addresses are peers of the
// book. Called in the node's thread, it returns the body that the core knows. A nil Body
// means none.
type Body func(in *Interner) any

// Query is the part of a core.Query that its codec needs.
type Query interface{ Name() string }

// codec is how one kind of request and its answer are written and read. Without
// writeRequest the request has no fields; without readRequest they do not matter. Without
// writeAnswer and readAnswer the answer says success and nothing else.
type codec struct {
	writeRequest func(w *writer, body any) error
	readRequest  func(q Query, f Fields) (Body, error)
	writeAnswer  func(w *writer, body any) error
	readAnswer   func(q Query, text []byte) (Body, error)
}

var codecs = [message.NumKinds]codec{
	message.KindPing:             {nil, nil, writePing, nil},
	message.KindStatus:           {nil, nil, of(writeStatus), answered(readStatus)},
	message.KindStructure:        {of(writeIntroduction), asked(readIntroduction), of(writeStructure), answered(readStructure)},
	message.KindInterview:        {nil, nil, of(writeInterview), answered(readInterview)},
	message.KindProvide:          {of(writeProvide), asked(readProvide), of(writeProvision), answered(readProvision)},
	message.KindRegister:         {of(writeRegister), asked(readRegister), of(writeRegistered), answered(readRegistered)},
	message.KindApprovalInfo:     {of(writeInfoRequest), asked(readInfoRequest), of(writeInfo), answered(readInfo)},
	message.KindApprovalCheck:    {of(writeCheck), asked(readCheck), nil, nil},
	message.KindQueryMaster:      {of(writeQuery), readMasterQuery, of(writeQueryAnswer), readQueryAnswer},
	message.KindQueryButler:      {of(writeQuery), readQuery(1), of(writeQueryAnswer), readQueryAnswer},
	message.KindQuerySlave:       {of(writeQuery), readQuery(0), of(writeQueryAnswer), readQueryAnswer},
	message.KindAvailableNode:    {writeBudget, nil, of(writeAvailable), answered(readAvailable)},
	message.KindApprovalKey:      {of(writeKeyRequest), asked(readKeyRequest), of(writeKey), answered(readKey)},
	message.KindApprovalAdd:      {of(writeAdd), asked(readAdd), nil, nil},
	message.KindApprovalQuestion: {of(writeQuestionRequest), asked(readQuestionRequest), of(writeQuestion), answered(readQuestion)},
	message.KindQuery:            {of(writeQuery), readQuery(0), of(writeQueryAnswer), readQueryAnswer},
	// read by ReadProof, whose checks have an order of their own
	message.KindAction:   {of(writeAction), nil, nil, nil},
	message.KindEntrants: {of(writeEntrantsRequest), asked(readEntrantsRequest), of(writeEntrants), answered(readEntrants)},
	message.KindBranch:   {of(writeBranchRequest), asked(readBranchRequest), of(writeBranchOffer), answered(readBranchOffer)},
	message.KindTree:     {of(writeTreeRequest), asked(readTreeRequest), of(writeTree), answered(readTree)},
	message.KindWork:     {of(writeQuery), readQuery(0), of(writeQueryAnswer), readQueryAnswer},
	message.KindDirect:   {of(writeDirect), readDirect, of(writeDirectAnswer), readDirectAnswer},
	message.KindLeave:    {of(writeLeave), asked(readLeave), nil, nil},

	message.KindBranchEntrants: {of(writeEntrantsRequest), asked(readEntrantsRequest), of(writeEntrants), answered(readEntrants)},
	message.KindBeacon:         {of(writeBeaconRequest), asked(readBeaconRequest), of(writeBeacon), answered(readBeacon)},
	message.KindAges:           {of(writeAgesRequest), asked(readAgesRequest), of(writeAges), answered(readAges)},
}

// of adapts a function for the kind's own type to the table. For no body it writes
// nothing.
func of[T any](write func(*writer, *T)) func(*writer, any) error {
	return func(w *writer, body any) error {
		b, ok := body.(*T)
		switch {
		case ok:
			write(w, b)
		case body != nil:
			return fmt.Errorf("a body of type %T has no form on the wire", body)
		}
		return nil
	}
}

// asked and answered adapt functions that need no query to the table.

func asked(read func(Fields) (Body, error)) func(Query, Fields) (Body, error) {
	return func(_ Query, f Fields) (Body, error) { return read(f) }
}

func answered(read func([]byte) (Body, error)) func(Query, []byte) (Body, error) {
	return func(_ Query, text []byte) (Body, error) { return read(text) }
}

// Speaker writes the messages of one participant: Book has the texts of its peers, and
// Version and Self are its answer to a ping. Its methods belong to the thread that owns
// the book.
type Speaker struct {
	Book    *peer.Book
	Self    peer.Peer // none for a client
	Version string
}

// Answer writes the body of an answer that is no error.
func (s *Speaker) Answer(kind message.Kind, body any) Encoded {
	w := writer{speaker: s}
	w.answer(kind, body)
	return w.encoded()
}

// Text is the text of a peer, "" for none.
func (s *Speaker) Text(p peer.Peer) string {
	if p.IsZero() {
		return ""
	}
	return s.Book.Text(p)
}

// Encoded is a body as JSON, except for an application's value. Such a value may take
// long to encode, which need not happen in the node's thread.
type Encoded struct {
	text  []byte
	value any
	at    int
	holds bool
	err   error
}

func (w *writer) encoded() Encoded { return Encoded{w.text, w.value, w.at, w.holds, w.err} }

// JSON finishes the body; nil for none. It may be called from any thread.
func (e *Encoded) JSON() ([]byte, error) {
	if e.err != nil || !e.holds {
		return e.text, e.err
	}
	value, err := marshal(e.value)
	if err != nil {
		return nil, fmt.Errorf("value of an application: %w", err)
	}
	text := make([]byte, 0, len(e.text)+len(value))
	text = append(text, e.text[:e.at]...)
	text = append(text, value...)
	return append(text, e.text[e.at:]...), nil
}

// marshal turns a panic of a method MarshalJSON into an error: it is no code of ours, and
// runs outside of the node's thread.
func marshal(value any) (text []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return json.Marshal(value)
}

func (w *writer) request(req *message.Request) {
	if write := codecs[req.Kind].writeRequest; write != nil {
		w.err = write(w, req.Body)
	}
}

func (w *writer) answer(kind message.Kind, body any) {
	write := codecs[kind].writeAnswer
	if write == nil || body == nil && kind != message.KindPing {
		w.raw(`{"success":true}`)
		return
	}
	w.err = write(w, body)
}

// ReadRequest reads the fields of a request of a kind, made for the query q if the kind
// is for queries. An error is a refusal that the core would give as well.
func ReadRequest(kind message.Kind, q Query, f Fields) (Body, error) {
	if read := codecs[kind].readRequest; read != nil {
		return read(q, f)
	}
	return nil, nil
}

// ReadAnswer reads the body of a successful answer, whatever its content type. What a
// peer sends is bounded, and no peer is twice in a list.
func ReadAnswer(kind message.Kind, q Query, text []byte) (Body, error) {
	if read := codecs[kind].readAnswer; read != nil {
		return read(q, text)
	}
	if !json.Valid(text) {
		return nil, malformed("not JSON")
	}
	return nil, nil
}
