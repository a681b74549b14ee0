package wire

import (
	"encoding/json"
	"fmt"

	"spreadable/core/message"
)

// Network-wide requests of applications. Npm peers have other ones.

// Values is what a core.Query implements if its arguments and results are more than what
// encoding/json makes of an empty interface. Both are written by json.Marshal. The data
// is hostile; it is no longer than a whole body may be.
type Values interface {
	DecodeArg(data []byte) (any, error)
	DecodeResult(data []byte) (any, error)
}

func writeQuery(w *writer, b *message.QueryRequest) {
	w.name = b.Name
	w.raw(`{`)
	if b.Arg != nil {
		w.raw(`"arg":`)
		w.later(b.Arg)
		w.raw(`,`)
	}
	w.raw(`"level":`)
	w.int(int64(b.Level))
	w.raw(`,`)
	w.budget()
}

// readQuery reads a request for q at a level. How far down it may still go is for its
// receiver to say: a slave answers for itself and a butler for its slaves, and each level
// above multiplies the requests by the number of masters, so nothing goes higher than the
// one level that there is.
func readQuery(level int) func(q Query, f Fields) (Body, error) {
	return func(q Query, f Fields) (Body, error) {
		if q == nil {
			return nil, nil
		}
		decode := decodeAny
		if v, ok := q.(Values); ok {
			decode = v.DecodeArg
		}
		arg, err := decode(f["arg"])
		if err != nil {
			return nil, badBody(`"arg" field is invalid`)
		}
		return func(*Interner) any {
			return &message.QueryRequest{Name: q.Name(), Level: level, Arg: arg}
		}, nil
	}
}

func writeQueryAnswer(w *writer, b *message.QueryAnswer) {
	w.raw(`{"result":`)
	w.later(b.Result)
	w.raw(`,"coverage":{"asked":`)
	w.int(int64(b.Coverage.Asked))
	w.raw(`,"answered":`)
	w.int(int64(b.Coverage.Answered))
	w.raw(`},"cost":{"hops":`)
	w.int(int64(b.Cost.Hops))
	w.raw(`,"fanout":`)
	w.int(int64(b.Cost.Fanout))
	w.raw(`}}`)
}

func readQueryAnswer(q Query, text []byte) (Body, error) {
	var shape struct {
		Result   json.RawMessage  `json:"result"`
		Coverage message.Coverage `json:"coverage"`
		Cost     message.Cost     `json:"cost"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	for _, n := range []int{shape.Coverage.Asked, shape.Coverage.Answered, shape.Cost.Hops, shape.Cost.Fanout} {
		if n < 0 || n > maxCount {
			return nil, malformed("a count of %d", n)
		}
	}
	result, err := decodeResult(q, shape.Result)
	if err != nil {
		return nil, fmt.Errorf("%w: a result: %.200s", message.ErrUnusable, err)
	}
	return func(*Interner) any {
		return &message.QueryAnswer{Result: result, Coverage: shape.Coverage, Cost: shape.Cost}
	}, nil
}

func decodeResult(q Query, data json.RawMessage) (any, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	if v, ok := q.(Values); ok {
		return v.DecodeResult(data)
	}
	return decodeAny(data)
}

func decodeAny(data []byte) (v any, err error) {
	if len(data) > 0 {
		err = json.Unmarshal(data, &v)
	}
	return v, err
}
