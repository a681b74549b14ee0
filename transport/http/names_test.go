package httptransport

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core/peer"
)

// The memory of names is bounded: when it is full it begins anew, which costs each name
// another lookup.
func TestNamesAreForgottenWhenTheyAreTooMany(t *testing.T) {
	asked := 0
	names := newNames(func(context.Context, string) ([]netip.Addr, error) {
		asked++
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}, time.Now)
	resolve := func(i int) {
		if _, err := names.resolve(t.Context(), peer.MustParse(fmt.Sprintf("n%d.example.com:80", i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10_000 {
		resolve(i)
	}
	if resolve(0); asked != 10_000 {
		t.Errorf("10,000 names and the first again take %d lookups", asked)
	}
	if resolve(10_000); len(names.known) != 1 {
		t.Errorf("after one name more, %d are known", len(names.known))
	}
	if resolve(10_000); asked != 10_001 {
		t.Errorf("10,001 names and the last again take %d lookups", asked)
	}
}

// Only 32 names are looked up at a time. An asker whose time is over while it waits for
// its turn learns nothing of the name, and neither does the memory.
func TestLookupsAreBounded(t *testing.T) {
	var running, most atomic.Int32
	started, finish := make(chan struct{}, 100), make(chan struct{})
	names := newNames(func(context.Context, string) ([]netip.Addr, error) {
		now := running.Add(1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		started <- struct{}{}
		<-finish
		running.Add(-1)
		return nil, errors.New("no such host")
	}, time.Now)
	done := make(chan error, 100)
	for i := range 40 {
		go func() {
			_, err := names.resolve(t.Context(), peer.MustParse(fmt.Sprintf("n%d.example.com:80", i)))
			done <- err
		}()
	}
	for range 32 {
		<-started
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := names.resolve(over, peer.MustParse("late.example.com:80")); !errors.Is(err, context.Canceled) {
		t.Errorf("an asker without time gets %v", err)
	}
	close(finish)
	for range 40 {
		if err := <-done; err == nil {
			t.Error("a name that does not exist is found")
		}
	}
	if most.Load() != 32 || len(names.known) != 40 {
		t.Errorf("%d lookups at a time and %d names known, want 32 and 40", most.Load(), len(names.known))
	}
}
