package httptransport

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// newDesks makes the places for offloaded work: one for each processor, so that no more
// work runs at a time than the machine can do.
func newDesks() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }

// Offload implements core.Env: work is done in a goroutine of its own, as soon as there
// is a place for it. It takes real time here, so the given cost is ignored. A panic in it
// ends the node, like one in the node's thread.
func (l *loop) Offload(_ time.Duration, work func(), sink core.Sink, tag uint32) {
	l.calls.Go(func() {
		select {
		case l.desks <- struct{}{}:
		case <-l.stopped:
			return
		}
		failed := l.labour(work)
		<-l.desks
		l.post(l.ctx, func() {
			if failed != "" {
				panic(failed)
			}
			sink.Answer(tag, message.Response{})
		})
	})
}

// labour does the work and returns the text and stack of a panic in it, if there is one.
func (l *loop) labour(work func()) (failed string) {
	defer func() {
		if r := recover(); r != nil {
			failed = fmt.Sprintf("offloaded work: %v\n%s", r, debug.Stack())
		}
	}()
	work()
	return ""
}
