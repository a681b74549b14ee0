package core

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// table is a bounded map of numbers.
func table(total, prefix, host int) shares[int] {
	return newShares[int](&ApprovalLimits{Total: total, PerPrefix: prefix, PerHost: host})
}

// A host that asks without end loses its own entries, the oldest unused one first, and no
// other host loses any. Addresses of one /64 are one host, those of a /48 or a /24 have a
// share, too.
func TestAFloodCostsTheSender(t *testing.T) {
	for name, c := range map[string]struct {
		flood func(i int) string
		left  int
	}{
		"an IPv4":      {func(int) string { return "198.51.100.1" }, 10},
		"a /24":        {func(i int) string { return fmt.Sprintf("198.51.100.%d", i%256) }, 50},
		"a /64":        {func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i+1) }, 10},
		"a /48":        {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i+1) }, 50},
		"a mapped one": {func(int) string { return "::ffff:198.51.100.1" }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			s := table(200, 50, 10)
			for i := range 20 {
				s.put(fmt.Sprint("other ", i), netip.AddrFrom4([4]byte{10, byte(i), 0, 1}), 0)
			}
			for i := range 1000 {
				s.put(fmt.Sprint("flood ", i), netip.MustParseAddr(c.flood(i)), 0)
			}
			if got := len(s.entries); got != 20+c.left {
				t.Errorf("%d entries are left, want %d", got, 20+c.left)
			}
			for i := range 20 {
				if s.get(fmt.Sprint("other ", i)) == nil {
					t.Errorf("client %d has lost its entry", i)
				}
			}
			if s.get("flood 999") == nil || s.get("flood 0") != nil {
				t.Error("not the oldest gives way")
			}
		})
	}
}

// Used entries of a host give way last.
func TestUsedEntriesStay(t *testing.T) {
	s := table(100, 10, 3)
	client := netip.MustParseAddr("192.0.2.1")
	for _, key := range []string{"a", "b", "c"} {
		s.put(key, client, 0)
	}
	s.use("a")
	s.use("b")
	for _, want := range []string{"c", "d", "e"} {
		if _, got := s.put(string(rune(want[0]+1)), client, 0); got != want {
			t.Errorf("%q gives way, want %q", got, want)
		}
	}
}

// Senders in many networks can fill the table, but neither used nor unused entries keep
// the others out.
func TestAFullTableTakesNewClients(t *testing.T) {
	s := table(100, 10, 5)
	for i := range 100 {
		key := fmt.Sprint("used ", i)
		s.put(key, netip.AddrFrom4([4]byte{10, byte(i), 0, 1}), 0)
		s.use(key)
	}
	for i := range 60 {
		s.put(fmt.Sprint("new ", i), netip.AddrFrom4([4]byte{11, byte(i), 0, 1}), 0)
	}
	for i := 20; i < 60; i++ {
		if s.get(fmt.Sprint("new ", i)) == nil {
			t.Errorf("new client %d is kept out", i)
		}
	}
	if len(s.entries) != 100 {
		t.Errorf("%d entries, want 100", len(s.entries))
	}
}

// Whatever comes and goes, no limit is exceeded, and nothing is left of what is gone.
func TestSharesStayWithinTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := table(12, 6, 3)
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			key := fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				s.remove(key)
			case 1:
				s.use(key)
			default:
				if s.get(key) == nil {
					ip := netip.AddrFrom4([4]byte{10, 0, byte(i % 3), byte(rapid.IntRange(0, 3).Draw(t, "host"))})
					s.put(key, ip, 0)
				}
			}
			for group, l := range s.lines {
				most := s.limits.PerPrefix
				if group.Bits() == 32 {
					most = s.limits.PerHost
				}
				if l.len() == 0 || l.len() > most {
					t.Fatalf("%s has %d entries", group, l.len())
				}
			}
			if len(s.entries) > 12 || s.all.len() != len(s.entries) {
				t.Fatalf("%d entries, %d in line", len(s.entries), s.all.len())
			}
		}
		for key := range s.entries {
			s.remove(key)
		}
		if len(s.lines) != 0 || s.all.len() != 0 {
			t.Fatalf("%d lines and %d keys are left of nothing", len(s.lines), s.all.len())
		}
	})
}
