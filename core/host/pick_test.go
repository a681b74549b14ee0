package host_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/peer"
)

// choices are candidates at addresses, the first the best.
func choices(t *testing.T, h *host.Host, addresses ...string) (list []host.Choice) {
	t.Helper()
	for i, a := range addresses {
		p, err := h.Peer(a)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, host.Choice{Peer: p, Rank: float64(i)})
	}
	return list
}

func alone(t *testing.T, address string, c core.Config) (*coretest.Host, *host.Host) {
	t.Helper()
	w := coretest.New(t, 25*time.Millisecond, 1)
	c.Bootstrap = []core.Peer{peer.FromID(1)}
	n := w.AddNode(address, c)
	hosts := n.Attach(&notes{})
	n.Start()
	return n, hosts[0]
}

func texts(h *host.Host, peers []host.Peer) (list []string) {
	for _, p := range peers {
		list = append(list, h.Address(p))
	}
	return list
}

// Copies go to different hosts, and to none that has one already; on loopback and among
// trusted nodes each address is a host.
func TestPickTakesOneOfEachHost(t *testing.T) {
	public := []string{"192.0.2.1:1", "192.0.2.1:2", "[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.2:1", "192.0.2.3:1"}
	_, h := alone(t, "", core.Config{})
	from := choices(t, h, public...)
	six := h.Address(from[2].Peer)
	if got, want := texts(h, h.Pick("a", from, nil, 9)), []string{"192.0.2.1:1", six, "192.0.2.2:1", "192.0.2.3:1"}; !slices.Equal(got, want) {
		t.Errorf("strict: %q", got)
	}
	taken := []host.Peer{from[1].Peer, from[4].Peer}
	if got, want := texts(h, h.Pick("a", from, taken, 9)), []string{six, "192.0.2.3:1"}; !slices.Equal(got, want) {
		t.Errorf("besides two that have it: %q", got)
	}
	if got := h.Pick("a", from, nil, 2); len(got) != 2 {
		t.Errorf("two are %q", texts(h, got))
	}
	for name, c := range map[string]core.Config{"trusted": {Trusted: true}, "off": {Hosts: peer.HostsOff}} {
		_, h := alone(t, "", c)
		if got := h.Pick("a", choices(t, h, public...), nil, 9); len(got) != len(public) {
			t.Errorf("%s: %q", name, texts(h, got))
		}
	}
	_, h = alone(t, "127.0.0.1:4000", core.Config{})
	if got := h.Pick("a", choices(t, h, "127.0.0.1:4001", "127.0.0.1:4002"), nil, 9); len(got) != 2 {
		t.Errorf("loopback: %q", texts(h, got))
	}
}

func TestPickTakesNoBannedPeer(t *testing.T) {
	n, h := alone(t, "", core.Config{})
	from := choices(t, h, "192.0.2.1:1", "192.0.2.2:1")
	n.Node.Ban(from[0].Peer, time.Hour, "test")
	if got := texts(h, h.Pick("a", from, nil, 9)); !slices.Equal(got, []string{"192.0.2.2:1"}) {
		t.Errorf("%q", got)
	}
}

// A node that always calls itself the best does not get all the work.
func TestOneThatIsAlwaysBestIsSuspected(t *testing.T) {
	w := newTown(t, 16)
	n := w.notes[5]
	var from []host.Choice
	for i := uint32(1); i <= 16; i++ {
		from = append(from, host.Choice{Peer: peer.FromID(i), Rank: float64(i)}) // node 1 is always best
	}
	wins := make(map[host.Peer]int)
	for range 30 {
		w.Host(5).Do(func(t *core.Task) {
			c, _ := n.h.Spread(t, host.Spreading{Action: "put", From: from, Copies: 1, Send: func(*core.Task, host.Peer) error { return nil }})
			for _, p := range c.Holders {
				wins[p]++
			}
		})
	}
	if liar := wins[peer.FromID(1)]; liar > 20 || len(wins) < 3 {
		t.Errorf("of 30 the liar gets %d, and %d nodes get any", liar, len(wins))
	}
	t.Logf("wins: %v", wins)
}

// The first get a copy all, be they more than are wanted; only what is missing is made up
// for elsewhere.
func TestTheFirstGetACopyAndOthersWhatIsMissing(t *testing.T) {
	w := newTown(t, 16)
	n := w.notes[5]
	var from []host.Choice
	for i := uint32(1); i <= 16; i++ {
		from = append(from, host.Choice{Peer: peer.FromID(i), Rank: float64(i)})
	}
	first := []host.Peer{peer.FromID(9), peer.FromID(11), peer.FromID(12), peer.FromID(13)}
	for name, tt := range map[string]struct {
		copies  int
		refuses []uint32
		want    []uint32
	}{
		"more than are wanted":    {2, nil, []uint32{9, 11, 12, 13}},
		"one of more refuses":     {2, []uint32{9}, []uint32{11, 12, 13}},
		"one that is needed does": {4, []uint32{9, 1}, []uint32{2, 11, 12, 13}},
		"others besides":          {6, nil, []uint32{1, 2, 9, 11, 12, 13}},
	} {
		var got []uint32
		w.Host(5).Do(func(t *core.Task) {
			_, _ = n.h.Spread(t, host.Spreading{Action: name, First: first, From: from, Copies: tt.copies, Acks: tt.copies, Send: func(t *core.Task, p host.Peer) error {
				t.Sleep(time.Millisecond)
				if slices.Contains(tt.refuses, p.ID()) {
					return errKey
				}
				got = append(got, p.ID())
				return nil
			}})
			t.Sleep(time.Second)
		})
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// The best of n candidates comes first with a chance of 1 - (1 - 1/n)², the worst with one
// of 1/n²: the better of two draws. None is left out, and ranks are those of the order.
func TestBalancedTakesTheBetterOfTwo(t *testing.T) {
	const n, rounds = 10, 20_000
	_, h := alone(t, "", core.Config{})
	best, worst := 0.0, 0.0
	for range rounds {
		from := make([]host.Choice, n)
		for i := range from {
			from[i] = host.Choice{Peer: peer.FromID(uint32(1 + i)), Rank: float64(10 * i)}
		}
		seen := make(map[host.Peer]bool)
		for i, c := range h.Balanced(from) {
			seen[c.Peer] = true
			if c.Rank != float64(i) {
				t.Fatalf("rank %v at place %d", c.Rank, i)
			}
		}
		if len(seen) != n {
			t.Fatalf("%d of %d candidates are left", len(seen), n)
		}
		switch from[0].Peer {
		case peer.FromID(1):
			best++
		case peer.FromID(n):
			worst++
		}
	}
	for name, tt := range map[string][2]float64{"best": {best / rounds, 0.19}, "worst": {worst / rounds, 0.01}} {
		if sd := math.Sqrt(tt[1] * (1 - tt[1]) / rounds); math.Abs(tt[0]-tt[1]) > 4*sd {
			t.Errorf("the %s comes first in %.4f of all cases, want %.4f ± %.4f", name, tt[0], tt[1], sd)
		}
	}
}
