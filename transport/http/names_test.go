package httptransport

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core/peer"
)

func name(i int) peer.Address { return peer.MustParse(fmt.Sprintf("n%d.example.com:80", i)) }

// answering is a resolver that always gives the same IPs, and counts.
func answering(asked *int, ips ...string) func(context.Context, string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, ip := range ips {
		list = append(list, netip.MustParseAddr(ip))
	}
	return func(context.Context, string) ([]netip.Addr, error) {
		*asked++
		return list, nil
	}
}

// The memory of names is bounded, and a name at which a node has been seen is the last to
// be forgotten, however many others are named.
func TestNamesInUseAreNotForgotten(t *testing.T) {
	asked := 0
	names := newNames(answering(&asked, "192.0.2.1"), time.Now)
	resolve := func(i int) {
		if _, err := names.resolve(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
	}
	resolve(-1)
	names.prove(name(-1), netip.MustParseAddr("192.0.2.1"))
	for i := range 5 * maxNames {
		if resolve(i); len(names.known) > maxNames {
			t.Fatalf("%d names are known", len(names.known))
		}
	}
	if resolve(-1); asked != 5*maxNames+1 {
		t.Errorf("%d lookups: the name in use was forgotten", asked)
	}
	for i := range maxNames { // even then there is an end
		resolve(-i)
		names.prove(name(-i), netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}))
	}
	if resolve(5 * maxNames); len(names.known) > maxNames {
		t.Errorf("%d names are known", len(names.known))
	}
}

// An owner of a domain has as many names as it likes, and its host lives at all of them.
// The names of other hosts stay.
func TestNamesOfOneHostPushOutNoOthers(t *testing.T) {
	const honest = 500
	asked := 0
	names := newNames(answering(&asked, "192.0.2.66"), time.Now)
	host := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}) }
	for i := range honest {
		names.resolve(t.Context(), name(i))
		names.prove(name(i), host(i))
	}
	for i := range 3 * maxNames {
		if there, err := names.leadsTo(t.Context(), name(honest+i), netip.MustParseAddr("192.0.2.66")); err != nil || !there {
			t.Fatal(err)
		}
	}
	before := asked
	for i := range honest {
		names.resolve(t.Context(), name(i))
	}
	if asked > before {
		t.Errorf("%d of %d names in use were forgotten for those of one host", asked-before, honest)
	}
	if len(names.known) > maxNames {
		t.Errorf("%d names are known", len(names.known))
	}
}

// A node whose name server fails keeps its place, and a stranger's name is not found.
func TestNamesInUseOutliveTheirNameServer(t *testing.T) {
	now, fails := time.Unix(0, 0), false
	names := newNames(func(context.Context, string) ([]netip.Addr, error) {
		if fails {
			return nil, errors.New("no answer")
		}
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}, func() time.Time { return now })
	for i := range 2 {
		if _, err := names.resolve(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
	}
	names.prove(name(0), netip.MustParseAddr("192.0.2.1"))
	fails = true
	now = now.Add(11 * time.Minute)
	if ips, err := names.resolve(t.Context(), name(0)); err != nil || len(ips) != 1 {
		t.Errorf("a name in use is %v, %v", ips, err)
	}
	if _, err := names.resolve(t.Context(), name(1)); err == nil {
		t.Error("another name is found without a name server")
	}
	now = now.Add(25 * time.Hour)
	if _, err := names.resolve(t.Context(), name(0)); err == nil {
		t.Error("a name that no node was seen at for a day is still in use")
	}
}

// tarpit is a resolver that does not answer names that begin with "slow".
func tarpit(running *atomic.Int32) func(context.Context, string) ([]netip.Addr, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		if strings.HasPrefix(host, "slow") {
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}
}

// Four hundred claims of names whose servers never answer hold up neither the lookups of
// other strangers nor those of our calls.
func TestATarpitOfNamesHoldsUpItsOwnHost(t *testing.T) {
	var running atomic.Int32
	names := newNames(tarpit(&running), time.Now)
	names.allow(DefaultMaxLookups, nil, newLine(DefaultMaxLookups, 2, nil))
	liar, other := netip.MustParseAddr("192.0.2.66"), netip.MustParseAddr("192.0.2.1")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 400)
	for i := range cap(done) {
		go func() {
			_, err := names.leadsTo(ctx, peer.MustParse(fmt.Sprintf("slow%d.example.com:80", i)), liar)
			done <- err
		}()
	}
	eventually(t, "the liar has its share of lookups", func() bool { return running.Load() == 2 })
	if fits, err := names.leadsTo(t.Context(), name(1), other); !fits || err != nil {
		t.Errorf("another stranger: %v, %v", fits, err)
	}
	if _, err := names.resolve(t.Context(), name(2)); err != nil {
		t.Errorf("a call: %v", err)
	}
	if running.Load() != 2 {
		t.Errorf("%d lookups of the liar are running", running.Load())
	}
	cancel()
	for range cap(done) {
		if err := <-done; err == nil {
			t.Error("a name that is not answered is found")
		}
	}
	if names.strangers.inUse() != 0 || len(names.strangers.hosts) != 0 {
		t.Error("places of those that have left are in use")
	}
}

// Names that we call wait for each other, but not those in use for any other.
func TestLookupsOfOurCallsAreBounded(t *testing.T) {
	var running atomic.Int32
	names := newNames(tarpit(&running), time.Now)
	waits := newLimit(silent(), "calls wait")
	names.allow(DefaultMaxLookups, waits, nil)
	names.known["n1.example.com"] = resolved{proven: time.Now()} // it has ended
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 40)
	for i := range cap(done) {
		go func() {
			_, err := names.resolve(ctx, peer.MustParse(fmt.Sprintf("slow%d.example.com:80", i)))
			done <- err
		}()
	}
	eventually(t, "the gate is full", func() bool { return running.Load() == DefaultMaxLookups })
	if _, err := names.resolve(t.Context(), name(1)); err != nil {
		t.Errorf("a name in use: %v", err)
	}
	eventually(t, "those that wait are counted", func() bool { return waits.hits.Load() == 40-DefaultMaxLookups })
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := names.resolve(over, name(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("a call without time gets %v", err)
	}
	cancel()
	for range cap(done) {
		<-done
	}
}

// A name fits a connection if any of its IPs does: one with A and AAAA is found by both. A
// name that has moved is looked up again, but not for each request of a liar.
func TestNamesThatMoveAreFound(t *testing.T) {
	now, asked := time.Unix(0, 0), 0
	lookup := answering(&asked, "2001:db8::1", "192.0.2.1")
	names := newNames(func(ctx context.Context, host string) ([]netip.Addr, error) { return lookup(ctx, host) },
		func() time.Time { return now })
	fits := func(ip string) bool {
		got, err := names.leadsTo(t.Context(), name(1), netip.MustParseAddr(ip))
		if err != nil {
			t.Error(err)
		}
		return got
	}
	if !fits("192.0.2.1") || !fits("2001:db8::1") || fits("192.0.2.2") || asked != 1 {
		t.Errorf("the IPs do not fit, after %d lookups", asked)
	}
	lookup = answering(&asked, "192.0.2.2")
	if now = now.Add(movedLife - 1); fits("192.0.2.2") || asked != 1 {
		t.Errorf("looked up again at once, %d times", asked)
	}
	if now = now.Add(1); !fits("192.0.2.2") || fits("192.0.2.1") || asked != 2 {
		t.Errorf("the name has moved and is not found, after %d lookups", asked)
	}
	lookup = answering(&asked, "192.0.2.3")
	names.doubt(name(1)) // a call there has failed
	now = now.Add(movedLife)
	if ips, err := names.resolve(t.Context(), name(1)); err != nil || asked != 3 || ips[0] != netip.MustParseAddr("192.0.2.3") {
		t.Errorf("a call goes to %v after %d lookups: %v", ips, asked, err)
	}
}

// Of several IPs those come first that peers will find to fit our own address.
func TestIPsOfAPeerAreTriedInOrder(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	table := lookupTable(map[string]string{"six.example.com": "2001:db8::7"})
	for _, test := range []struct {
		own, source string
		first       netip.Addr
	}{
		{"192.0.2.9:80", "", v4}, {"[2001:db8::9]:80", "", v6}, {"six.example.com:80", "", v6},
		{"192.0.2.9:80", "2001:db8::9", v6}, {"[2001:db8::9]:80", "192.0.2.9", v4}, {"", "", v4},
	} {
		c := &caller{names: newNames(table, time.Now)}
		if test.own != "" {
			c.own = peer.MustParse(test.own)
		}
		if test.source != "" {
			c.source = netip.MustParseAddr(test.source)
		}
		for _, ips := range [][]netip.Addr{{v4, v6}, {v6, v4}} {
			if got := c.order(t.Context(), ips); got[0] != test.first || !slices.Contains(got, ips[1]) {
				t.Errorf("own %q, source %q: %v", test.own, test.source, got)
			}
		}
	}
}
