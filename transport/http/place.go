package httptransport

import (
	"context"
	"sync/atomic"
)

// place is one of a queue, which limits how many requests are in work. It is held by the
// request and by all that the node does for it: a client that hangs up does not end that
// work, and must not make room for more.
type place struct {
	queue   chan struct{}
	holders atomic.Int32
}

// takePlace waits for a place in a queue; the one that waits longest comes first. A nil queue
// has no limit, and its places are nil.
func takePlace(ctx context.Context, queue chan struct{}) (*place, error) {
	if queue == nil {
		return nil, nil
	}
	select {
	case queue <- struct{}{}:
		p := &place{queue: queue}
		p.holders.Store(1)
		return p, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hold is for one more holder, who is to call leave once.
func (p *place) hold() {
	if p != nil {
		p.holders.Add(1)
	}
}

// leave gives the place to the next when the last holder leaves.
func (p *place) leave() {
	if p != nil && p.holders.Add(-1) == 0 {
		<-p.queue
	}
}
