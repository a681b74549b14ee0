package wire

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"spreadable/core/message"
)

// Requests of applications to one node. Npm peers have their own.

// StreamType is the Content-Type of a request that a stream follows: first the request as
// JSON, of as many bytes as the header QuestionHeader says, and then the stream.
const (
	StreamType     = "application/x-spreadable-stream"
	QuestionHeader = "Question-Length"
)

func writeDirect(w *writer, b *message.DirectRequest) {
	w.name = b.Name
	w.raw(`{`)
	if b.Arg != nil {
		w.raw(`"arg":`)
		w.later(b.Arg)
		w.raw(`,`)
	}
	if s := b.Stream; s != nil {
		w.raw(`"stream":{"size":`)
		w.int(s.Size)
		w.raw(`,"hash":`)
		w.string(hex.EncodeToString(s.Hash[:]))
		w.raw(`},`)
	}
	w.budget()
}

func readDirect(q Query, f Fields) (Body, error) {
	if q == nil {
		return nil, nil
	}
	arg, err := readArg(q, f)
	if err != nil {
		return nil, err
	}
	stream, err := readStream(f["stream"])
	if err != nil {
		return nil, err
	}
	return func(*Interner) any { return &message.DirectRequest{Name: q.Name(), Arg: arg, Stream: stream} }, nil
}

// readStream reads what a request says of the stream behind it; nil for none.
func readStream(raw json.RawMessage) (*message.Stream, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var shape struct {
		Size int64
		Hash string
	}
	s := &message.Stream{}
	if err := json.Unmarshal(raw, &shape); err != nil || shape.Size < 0 || len(shape.Hash) != hex.EncodedLen(len(s.Hash)) {
		return nil, badBody(`"stream" field is invalid`)
	}
	if _, err := hex.Decode(s.Hash[:], []byte(shape.Hash)); err != nil {
		return nil, badBody(`"stream" field is invalid`)
	}
	s.Size = shape.Size
	return s, nil
}

func writeDirectAnswer(w *writer, b *message.DirectAnswer) {
	w.raw(`{"result":`)
	w.later(b.Result)
	w.raw(`}`)
}

func readDirectAnswer(q Query, text []byte) (Body, error) {
	var shape struct{ Result json.RawMessage }
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	result, err := decodeResult(q, shape.Result)
	if err != nil {
		return nil, fmt.Errorf("%w: a result: %.200s", message.ErrUnusable, err)
	}
	return func(*Interner) any { return &message.DirectAnswer{Result: result} }, nil
}
