package httptransport

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func hostNumber(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}) }

// A host that asks for all places gets its share, and what it asks for beyond that does
// not stand before others.
func TestAHostHasItsShareOfPlaces(t *testing.T) {
	waits := newLimit(silent(), "x")
	l := newLine(4, 2, waits)
	ctx, cancel := context.WithCancel(t.Context())
	greedy := make(chan error, 100)
	for range cap(greedy) {
		go func() { greedy <- l.enter(ctx, hostNumber(66)) }()
	}
	for range 2 {
		<-greedy
	}
	eventually(t, "the others wait", func() bool { return waits.hits.Load() == 98 })
	for i := range 2 {
		if err := l.enter(t.Context(), hostNumber(i)); err != nil {
			t.Fatal(err)
		}
	}
	next := make(chan error)
	go func() { next <- l.enter(t.Context(), hostNumber(3)) }()
	eventually(t, "another waits", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.turns) == 2
	})
	l.leave(hostNumber(0)) // the greedy one is first in line, and has its share
	if err := <-next; err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 98 {
		if err := <-greedy; err == nil {
			t.Error("one of the greedy got a third place")
		}
	}
	for _, h := range []int{66, 66, 1, 3} {
		l.leave(hostNumber(h))
	}
	if l.taken != 0 || len(l.hosts) != 0 || len(l.turns) != 0 {
		t.Errorf("something is left: %d places, %d hosts, %d turns", l.taken, len(l.hosts), len(l.turns))
	}
}

// Hosts that wait have turns: however many requests of one host wait, another waits for one
// of them at most, and not for those that came before its own.
func TestHostsThatWaitHaveTurns(t *testing.T) {
	const busy, other = 66, 7
	l := newLine(1, 1, nil)
	if err := l.enter(t.Context(), hostNumber(busy)); err != nil {
		t.Fatal(err)
	}
	waiting := func(requests, hosts int) func() bool {
		return func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(l.turns) == hosts && len(l.turns[0].waiting) == requests
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const queued = 20
	for range queued {
		go func() { _ = l.enter(ctx, hostNumber(busy)) }() // they are given up in the end
	}
	eventually(t, "the busy host waits", waiting(queued, 1))
	served := make(chan error, 1)
	go func() { served <- l.enter(t.Context(), hostNumber(other)) }()
	eventually(t, "the other waits", waiting(queued, 2))
	l.leave(hostNumber(busy)) // one of the busy host's is first
	select {
	case <-served:
		t.Fatal("the other was served before its turn")
	default:
	}
	l.leave(hostNumber(busy))
	select {
	case err := <-served:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the other waits for a second request of the busy host")
	}
}

// Whatever comes, leaves and gives up, in any order: no more than all places are taken, no
// host has more than its share, none waits while it could have a place, and nothing is
// left in the end.
func TestLinesKeepTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.IntRange(1, 5).Draw(t, "places")
		l := newLine(places, rapid.IntRange(1, 5).Draw(t, "share"), nil)
		type request struct {
			host   netip.Addr
			cancel context.CancelFunc
			done   chan error
		}
		var all []*request
		// settle waits until each request has a place, or waits for one
		inLine := func() (taken, waiting int) {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, g := range l.hosts {
				taken += g.taken
				waiting += len(g.waiting)
				if g.taken > l.share || len(g.waiting) > 0 && g.taken < l.share && l.taken < l.places {
					t.Errorf("a host has %d places of %d and %d requests that wait", g.taken, l.share, len(g.waiting))
				}
			}
			if taken != l.taken || taken > l.places {
				t.Errorf("%d places are taken, counted as %d of %d", taken, l.taken, l.places)
			}
			return taken, waiting
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(all) == 0 || rapid.Bool().Draw(t, "come") {
				ctx, cancel := context.WithCancel(context.Background())
				r := &request{hostNumber(rapid.IntRange(1, 3).Draw(t, "host")), cancel, make(chan error, 1)}
				before, waited := inLine()
				go func() { r.done <- l.enter(ctx, r.host) }()
				for a, b := inLine(); a+b == before+waited; a, b = inLine() {
				}
				all = append(all, r)
				continue
			}
			i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
			r := all[i]
			all = append(all[:i], all[i+1:]...)
			r.cancel()
			if <-r.done == nil {
				l.leave(r.host)
			}
			inLine()
		}
		for _, r := range all {
			if r.cancel(); <-r.done == nil {
				l.leave(r.host)
			}
		}
		if taken, waiting := inLine(); taken+waiting+len(l.hosts)+len(l.turns) != 0 {
			t.Errorf("%d places, %d requests, %d hosts and %d turns are left", taken, waiting, len(l.hosts), len(l.turns))
		}
	})
}

// Of a host so many requests may wait, and more are refused at once.
// Other hosts are not concerned.
func TestFewOfAHostMayWait(t *testing.T) {
	l := newLine(4, 2, newLimit(silent(), "full"))
	l.most = 3
	host, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 10)
	for range cap(ended) {
		go func() { ended <- l.enter(ctx, host) }()
	}
	given := 0
	for range cap(ended) - l.most {
		switch err := <-ended; {
		case err == nil:
			given++
		case !errors.Is(err, errTooMany):
			t.Errorf("beyond those that may wait: %v", err)
		}
	}
	if err := l.enter(t.Context(), other); given != l.share || err != nil {
		t.Errorf("the host has %d places, and another gets %v", given, err)
	}
	cancel()
}
