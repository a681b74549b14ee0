package wire

import (
	"encoding/json"
	"fmt"

	"spreadable/core/message"
)

// Network-wide requests of applications. Those of npm peers are different.

// Values is implemented by a core.Query whose arguments and results need types of their
// own, instead of what encoding/json decodes into an empty interface. Both are written by
// json.Marshal. The data may be hostile; its length is at most that of a whole body.
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
	if b.Proof != nil {
		w.proof(b.Proof)
	}
	w.raw(`"level":`)
	w.int(int64(b.Level))
	w.raw(`,`)
	w.budget()
}

// maxLevel is the highest level of a request to a master. How many levels its network has
// the receiver knows.
const maxLevel = 4

// readMasterQuery reads a request to a master above the first level. Without a level that
// there can be it is for the second.
func readMasterQuery(q Query, f Fields) (Body, error) {
	level := f.whole("level")
	if level < 2 || level > maxLevel {
		level = 2
	}
	return readQuery(level)(q, f)
}

// readQuery reads a request for q at a level. The receiver bounds how many levels it may
// go down: at level 0 a slave answers for itself, or a master for its slaves. Each level
// above multiplies the requests by the number of masters, so only one is allowed.
func readQuery(level int) func(q Query, f Fields) (Body, error) {
	return func(q Query, f Fields) (Body, error) {
		if q == nil {
			return nil, nil
		}
		arg, err := readArg(q, f)
		if err != nil {
			return nil, err
		}
		return func(*Interner) any {
			return &message.QueryRequest{Name: q.Name(), Level: level, Arg: arg}
		}, nil
	}
}

// readArg reads what an application is asked, in the application's own form if it has one.
func readArg(q Query, f Fields) (any, error) {
	decode := decodeAny
	if v, ok := q.(Values); ok {
		decode = v.DecodeArg
	}
	arg, err := decode(f["arg"])
	if err != nil {
		return nil, badBody(`"arg" field is invalid`)
	}
	return arg, nil
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
