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
	wanted    int                 // good answers that are still wanted

	// late takes the answers that come after the task has left; nil to drop them.
	late func(tag uint32, resp message.Response)
}

// begin clears g for n answers that must fit, of which so many good ones are enough.
func (g *gather) begin(n, enough int, fits func(body any) bool) {
	g.fits = fits
	clear(g.responses)
	if cap(g.responses) < n {
		g.responses = make([]message.Response, n+n/8)
	}
	g.responses = g.responses[:n]
	g.pending, g.wanted = n, enough
	if enough < n {
		for i := range g.responses {
			g.responses[i].Err = ErrUnawaited
		}
	}
}

// done reports whether the task need not wait any longer.
func (g *gather) done() bool { return g.pending == 0 || g.wanted <= 0 }

// Answer implements Sink: the driver delivers one response. A body that does not fit the
// kind of request becomes an error before any procedure sees it.
func (g *gather) Answer(tag uint32, resp message.Response) {
	if resp.Err == nil && !g.fits(resp.Body) {
		resp = message.Response{Err: message.ErrMalformed}
	}
	if g.task == nil {
		if g.late != nil {
			g.late(tag, resp)
		}
		return
	}
	g.responses[tag] = resp
	g.pending--
	if resp.Err == nil {
		g.wanted--
	}
	if g.done() && g.task.parked {
		g.task.wake()
	}
}
