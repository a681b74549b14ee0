package transfer

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Watch ends a request in which nothing moves for too long. A limit on its whole time
// would end large files, too.
type Watch struct {
	timer  *time.Timer
	stall  time.Duration
	cancel context.CancelFunc
}

// NewWatch returns the context for a request in which something must move every stall, and
// its watch, which needs an End.
func NewWatch(ctx context.Context, stall time.Duration) (context.Context, *Watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &Watch{stall: stall, cancel: func() { cancel(nil) }}
	w.timer = time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing has moved for %v", stall)) })
	return ctx, w
}

// End ends the watch and its context.
func (w *Watch) End() {
	w.timer.Stop()
	w.cancel()
}

// Reads is a reader whose every read is a sign of life.
func (w *Watch) Reads(r io.Reader) io.Reader { return &watched{r, w} }

type watched struct {
	io.Reader
	watch *Watch
}

// Read implements io.Reader.
func (r *watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.watch.timer.Reset(r.watch.stall)
	return n, err
}
