package core

import (
	"errors"

	"spreadable/core/message"
)

// ErrUnawaited stands for an answer that GatherSome did not wait for.
var ErrUnawaited = errors.New("not waited for")

// gather is one question to several peers while a task waits for the answers. The answers
// go to the gather, not to the task, so late answers to a gather that the task has left
// have no effect on the next. A task reuses a gather only when all its answers have come.
type gather struct {
	task      *Task               // nil once the task has left it
	fits      func(body any) bool // what a good answer is (message.Row.Fits)
	responses []message.Response  // beyond its length all are zero
	pending   int                 // answers to come
	some      bool                // some good answers are enough
	wanted    int                 // if so: how many more
	last      func(body any) bool // see want
	fault     func() error        // see want

	// late takes the answers that come after the task has left; nil to drop them.
	late func(tag uint32, resp message.Response)
}

// want says which answers a gather wants.
type want struct {
	enough int                 // so many good ones are enough
	fits   func(body any) bool // what a good answer is
	last   func(body any) bool // a good one of which this is true is enough alone; nil for none
	fault  func() error        // why fits could not judge the last body, if so; nil for never
}

// begin clears g for n answers.
func (g *gather) begin(n int, w want) {
	g.fits, g.last, g.fault = w.fits, w.last, w.fault
	clear(g.responses)
	if cap(g.responses) < n {
		g.responses = make([]message.Response, n+n/8)
	}
	g.responses = g.responses[:n]
	g.pending, g.some, g.wanted = n, w.enough < n || w.last != nil, w.enough
	if g.some {
		for i := range g.responses {
			g.responses[i].Err = ErrUnawaited
		}
	}
}

// done reports whether the task need not wait any longer.
func (g *gather) done() bool { return g.pending == 0 || g.some && g.wanted <= 0 }

// Answer implements Sink: the driver delivers one response. Where all are awaited, bodies
// are looked at together in the end (see all), which costs half of looking at each when
// it comes and is in no cache.
func (g *gather) Answer(tag uint32, resp message.Response) {
	if g.task == nil {
		if g.late != nil {
			g.late(tag, g.checked(resp))
		}
		return
	}
	if g.some {
		resp = g.checked(resp)
		if resp.Err == nil {
			g.wanted--
			if g.last != nil && g.last(resp.Body) {
				g.wanted = 0
			}
		}
	}
	g.responses[tag] = resp
	g.pending--
	if g.done() && g.task.parked {
		g.task.wake()
	}
}

// all returns the answers of a gather that is done. A body that does not fit the kind of
// request is an error before any procedure sees it.
func (g *gather) all() []message.Response {
	if !g.some {
		for i := range g.responses {
			g.responses[i] = g.checked(g.responses[i])
		}
	}
	return g.responses
}

// checked is the response, or an error if its body does not fit.
func (g *gather) checked(resp message.Response) message.Response {
	if resp.Err != nil || g.fits(resp.Body) {
		return resp
	}
	if g.fault != nil {
		if err := g.fault(); err != nil {
			return message.Response{Err: err}
		}
	}
	return message.Response{Err: message.ErrMalformed}
}
