package httptransport

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"spreadable/wire"
)

// line is a bounded number of places, for which requests wait. A host has at most its
// share of them, and those that wait get the free places host by host in turn, the
// requests of one host in their order: however much one host asks for, another waits for
// one request of each host at most. A nil line has no limit, and its places are nil.
type line struct {
	places, share int
	most          int    // of one host that may wait; 0 for no limit
	waits         *limit // counts requests that had to wait for their host's share

	mu    sync.Mutex
	taken int
	hosts map[netip.Addr]*guest // that have places or wait for them
	turns []*guest              // that wait, in the order of their turns
}

// guest is a host in a line.
type guest struct {
	host    netip.Addr
	taken   int
	waiting []chan struct{} // one for each request, closed when it has its place
}

// newLine makes a line in which a host may have all of the places if share is not above 0.
func newLine(places, share int, waits *limit) *line {
	if share <= 0 {
		share = places
	}
	return &line{places: places, share: min(share, places), waits: waits, hosts: make(map[netip.Addr]*guest)}
}

// enter waits for a place until ctx ends.
func (l *line) enter(ctx context.Context, host netip.Addr) error {
	l.mu.Lock()
	g := l.hosts[host]
	if g == nil {
		g = &guest{host: host}
		l.hosts[host] = g
	}
	if l.taken < l.places && g.taken < l.share {
		l.taken++
		g.taken++
		l.mu.Unlock()
		return nil
	}
	atShare := g.taken == l.share && l.share < l.places
	if l.most > 0 && len(g.waiting) >= l.most {
		l.mu.Unlock()
		l.waits.hit("host", host)
		return errTooMany
	}
	ready := make(chan struct{})
	if len(g.waiting) == 0 {
		l.turns = append(l.turns, g)
	}
	g.waiting = append(g.waiting, ready)
	l.mu.Unlock()
	if atShare && l.waits != nil {
		l.waits.hit("host", host)
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		l.giveUp(g, ready)
		return ctx.Err()
	}
}

var errTooMany = wire.WithStatus(http.StatusServiceUnavailable, "too many requests of this host wait")

// giveUp takes a request out of the line, or gives back the place that it got at that
// moment.
func (l *line) giveUp(g *guest, ready chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(g.waiting, ready)
	if i < 0 {
		l.free(g)
		return
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	if len(g.waiting) == 0 {
		l.turns = slices.DeleteFunc(l.turns, func(other *guest) bool { return other == g })
	}
	l.dismiss(g)
}

// leave gives a place of a host back.
func (l *line) leave(host netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free(l.hosts[host])
}

// free gives a place of g to the next that waits and may have it.
func (l *line) free(g *guest) {
	l.taken--
	g.taken--
	l.dismiss(g)
	for i, next := range l.turns {
		if next.taken == l.share {
			continue
		}
		l.taken++
		next.taken++
		close(next.waiting[0])
		next.waiting = next.waiting[1:]
		l.turns = slices.Delete(l.turns, i, i+1)
		if len(next.waiting) > 0 {
			l.turns = append(l.turns, next)
		}
		return
	}
}

// dismiss forgets a host that has no place and waits for none.
func (l *line) dismiss(g *guest) {
	if g.taken == 0 && len(g.waiting) == 0 {
		delete(l.hosts, g.host)
	}
}

// inUse is the number of places that are taken.
func (l *line) inUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.taken
}
