package theory

import (
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"spreadable/core/draw"
)

// The networks of the Monte Carlo tests.
const (
	trialNodes = 200
	trialDraws = 2000
	trialCount = 3 // approvers
	trialAgree = 2
)

// orders are the draws of the node, as functions of the number of the draw.
var orders = map[string]func(d int) draw.Order{
	"original": func(d int) draw.Order { return draw.Original(time.Duration(d) * time.Minute) },
	"host": func(d int) draw.Order {
		group, _ := draw.ParseGroup("ip")
		return draw.ByHost(draw.Draw{Action: "client", Start: time.Duration(d) * time.Minute, Group: group,
			Salt: draw.NewSalt([]byte("verifier"), "client", time.Duration(d)*time.Minute)})
	},
}

// tally is how many of the draws were captured and denied.
type tally struct{ captured, denied int }

// entrantsOf makes n entrants, each on an IP of its own.
func entrantsOf(n int) []draw.Entrant {
	entrants := make([]draw.Entrant, n)
	for i := range entrants {
		ip := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		entrants[i] = draw.Entrant{Address: fmt.Sprintf("%s:4000", ip), IP: ip}
	}
	return entrants
}

// drawMany makes draws in a network in which so many of the nodes collude, the first ones,
// and a share of the others is hidden.
func drawMany(order func(d int) draw.Order, colluders int, hidden float64) (t tally, of Draw) {
	of = Draw{Nodes: Visible(trialNodes, colluders, hidden), Colluders: colluders, Approvers: trialCount, Agree: trialAgree}
	entrants := entrantsOf(of.Nodes)
	for d := range trialDraws {
		bad := 0
		for _, i := range draw.Shortlist(order(d), entrants, draw.Unlimited())[:trialCount] {
			if i < colluders {
				bad++
			}
		}
		if bad >= trialAgree {
			t.captured++
		}
		if trialCount-bad < trialAgree {
			t.denied++
		}
	}
	return t, of
}

// within99 reports whether so many of some draws are within the 99 % interval of a
// probability: neither so many nor so few have a chance below half a percent.
func within99(seen, draws int, p float64) bool {
	if p == 0 || p == 1 {
		return seen == int(p)*draws
	}
	atMost, atLeast := 0.0, 0.0
	for k := range draws + 1 {
		chance := math.Exp(logBinomial(k, draws, p))
		if k <= seen {
			atMost += chance
		}
		if k >= seen {
			atLeast += chance
		}
	}
	return atMost >= 0.005 && atLeast >= 0.005
}

func TestDrawsAreCapturedAndDeniedAsComputed(t *testing.T) {
	for name, order := range orders {
		for _, f := range []float64{0.01, 0.05, 0.1} {
			for _, g := range []float64{0, 0.1, 0.3} {
				got, of := drawMany(order, int(f*trialNodes), g)
				if p := of.Capture(); !within99(got.captured, trialDraws, p) {
					t.Errorf("draw %s, f = %v, g = %v: captured %d of %d, want a share of %v", name, f, g, got.captured, trialDraws, p)
				}
				if p := of.Denial(); !within99(got.denied, trialDraws, p) {
					t.Errorf("draw %s, f = %v, g = %v: denied %d of %d, want a share of %v", name, f, g, got.denied, trialDraws, p)
				}
			}
		}
	}
}

// An owner of one IP runs nodes on the ports that rank best. It captures the original's
// draw as often as computed. It never captures the draw by host, where its nodes are one
// group and more than one group must agree.
func TestPortsAreWorthNothingInADrawByHost(t *testing.T) {
	const honest, periods, count, agree = 10_000, 150, 5, 4
	ip := netip.MustParseAddr("192.0.2.1")
	ports := make([]string, PortsOfIP)
	for i := range ports {
		ports[i] = fmt.Sprintf("%s:%d", ip, i+1)
	}
	captured := map[string]int{}
	for d := range periods {
		entrants := entrantsOf(honest)
		for _, best := range draw.Rank(ports, time.Duration(d)*time.Minute).Next(count) {
			entrants = append(entrants, draw.Entrant{Address: ports[best], IP: ip})
		}
		for name, order := range orders {
			bad := 0
			for _, i := range draw.Shortlist(order(d), entrants, draw.Limit(honest, 2*count))[:count] {
				if i >= honest {
					bad++
				}
			}
			if bad >= agree {
				captured[name]++
			}
		}
	}
	if p := Ground(honest, 1, count, agree); !within99(captured["original"], periods, p) {
		t.Errorf("the original's draw was captured %d of %d times, want a share of %v", captured["original"], periods, p)
	}
	if captured["host"] > 0 {
		t.Errorf("the draw by host was captured %d of %d times", captured["host"], periods)
	}
}
