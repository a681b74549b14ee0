package httptransport

import (
	"context"
	"net/netip"
	"sync/atomic"

	"spreadable/core/peer"
)

// place is one of a line, which limits how many requests are in work. It is held by the
// request and by all that the node does for it: a client that hangs up does not end that
// work, and must not free its place for more.
type place struct {
	line    *line
	host    netip.Addr
	holders atomic.Int32
}

// takePlace waits for a place in a line for a request from an IP. A nil line has no limit,
// and its places are nil.
func takePlace(ctx context.Context, l *line, ip netip.Addr) (*place, error) {
	if l == nil {
		return nil, nil
	}
	host := peer.HostIP(ip)
	if err := l.enter(ctx, host); err != nil {
		return nil, err
	}
	p := &place{line: l, host: host}
	p.holders.Store(1)
	return p, nil
}

// hold is for one more holder, which is to call leave once.
func (p *place) hold() {
	if p != nil {
		p.holders.Add(1)
	}
}

// leave gives the place to the next when the last holder leaves.
func (p *place) leave() {
	if p != nil && p.holders.Add(-1) == 0 {
		p.line.leave(p.host)
	}
}
