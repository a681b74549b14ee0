package inmem

import (
	"spreadable/core/message"
	"spreadable/internal/stream"
)

// Outcomes of an answer, for the fingerprint. They lie above the kinds of requests and
// the tags of timers.
const (
	outcomeAnswered uint32 = iota + 1000
	outcomeRefused
	outcomeFailed
	outcomeTimeout
)

func outcome(err error) uint32 {
	switch err.(type) {
	case nil:
		return outcomeAnswered
	case *message.Error:
		return outcomeRefused
	}
	return outcomeFailed
}

// record adds a delivered event to the host's rolling hash: when, from which host, what
// and how it ended.
func (e *endpoint) record(ev *Event, outcome uint32) {
	e.hash = stream.Mix(e.hash^uint64(ev.At), uint64(ev.From)<<32|uint64(ev.Kind)<<24|uint64(outcome))
}
