package laws

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/core/draw"
	"spreadable/internal/stream"
	"spreadable/internal/theory"
	"spreadable/sim/plots"
)

// capture is the law of the draw of approvers.
func capture() Law {
	return Law{
		Name:   "capture",
		Title:  "colluders capture a draw of approvers with the hypergeometric probability",
		Source: "sampling without replacement; docs/approval.md has the formulas",
		Parameters: []Parameter{seed(),
			whole("nodes", "nodes that can be drawn", 200, 1000, 2, 65_000),
			whole("approvers", "nodes that a draw takes", 5, 5, 1, 1000),
			whole("agree", "approvers that must agree", 4, 4, 1, 1000),
			{Name: "colluders", Help: "share of the nodes that collude; 0 is several", Max: 1},
			{Name: "hidden", Help: "share of the honest nodes that colluding masters hide; 0 is none, and with several shares 0, 0.1 and 0.3", Max: 0.99},
			whole("ground", "draws that the owner of all ports of one IP grinds, in networks of several sizes", 60, 1000, 10, 1_000_000),
			whole("draws", "draws of each kind and share", 2000, 20_000, 100, 10_000_000),
		},
		run: runCapture,
	}
}

// drawKind is a draw of the node, as a function of the number of the draw.
type drawKind struct {
	name  string
	order func(i int) draw.Order
}

// drawKinds are the draws of the node, at other times with another seed.
func drawKinds(seed uint64) ([]drawKind, error) {
	first := time.Duration(seed%90_000) * 24 * time.Hour // in the next 246 years
	at := func(i int) time.Duration { return first + time.Duration(i)*time.Minute }
	group, err := draw.ParseGroup("ip")
	if err != nil {
		return nil, err
	}
	return []drawKind{
		{"original", func(i int) draw.Order { return draw.Original(at(i)) }},
		{"host", func(i int) draw.Order {
			return draw.ByHost(draw.Draw{Action: "client", Start: at(i), Group: group,
				Salt: draw.NewSalt([]byte("verifier"), "client", at(i))})
		}},
	}, nil
}

// entrants makes n nodes, each on an IP of its own.
func entrants(n int) []draw.Entrant {
	list := make([]draw.Entrant, n)
	for i := range list {
		ip := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		list[i] = draw.Entrant{Address: fmt.Sprintf("%s:4000", ip), IP: ip}
	}
	return list
}

// runCapture makes the draws once for each order, and judges them for each share.
func runCapture(s *settings) (*Outcome, error) {
	nodes, approvers, agree, draws := s.whole("nodes"), s.whole("approvers"), s.whole("agree"), s.whole("draws")
	switch {
	case approvers > nodes:
		return nil, fmt.Errorf("set approvers: expected at most as many as nodes, %d, not %d", nodes, approvers)
	case agree > approvers:
		return nil, fmt.Errorf("set agree: expected at most as many as approvers, %d, not %d", approvers, agree)
	}
	// From where capture is rare to where denial is nearly certain.
	shares := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}
	if share := s.number("colluders"); share > 0 {
		shares = []float64{share}
	}
	formula := plots.Curve{Name: "hypergeometric"}
	for percent := range 81 {
		of := theory.Draw{Nodes: nodes, Colluders: percent * nodes / 100, Approvers: approvers, Agree: agree}
		formula.Add(float64(percent)/100, of.Capture())
	}
	kinds, err := drawKinds(s.seed())
	if err != nil {
		return nil, err
	}
	if left := theory.Visible(nodes, 0, s.number("hidden")); left < approvers {
		return nil, fmt.Errorf("set hidden: %d nodes are left to draw %d approvers from", left, approvers)
	}
	out, curves := &Outcome{}, []plots.Curve{formula}
	for _, kind := range kinds {
		captured, denied := drawMany(kind.order, s, shares, s.number("hidden"))
		seen := plots.Curve{Name: "draw by " + kind.name, Marks: true}
		for i, share := range shares {
			of := theory.Draw{Nodes: theory.Visible(nodes, colludersOf(nodes, share), s.number("hidden")),
				Colluders: colludersOf(nodes, share), Approvers: approvers, Agree: agree}
			what := fmt.Sprintf("draw by %s, %.3g %% collude%s: share ", kind.name, 100*share, hiding(s.number("hidden")))
			out.Rows = append(out.Rows, shareOf(what+"captured", captured[i], draws, of.Capture()), shareOf(what+"denied", denied[i], draws, of.Denial()))
			seen.Add(share, float64(captured[i])/float64(draws))
		}
		curves = append(curves, seen)
	}
	if s.number("colluders") == 0 && s.number("hidden") == 0 {
		out.Rows = append(out.Rows, fewColluders(kinds, s)...)
	}
	out.Rows = append(out.Rows, groundDraws(s)...)
	out.Charts = []plots.Chart{{Name: "capture", Title: fmt.Sprintf("Draws captured: %d of %d approvers must agree", agree, approvers),
		X: "share of colluders", Y: "share of draws captured", Curves: curves}}
	return out, nil
}

// colludersOf is how many nodes a share of them is.
func colludersOf(nodes int, share float64) int { return int(math.Round(share * float64(nodes))) }

// hiding says what is hidden, if anything is.
func hiding(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf(" and hide %.3g %%", 100*share)
}

// fewColluders are shares of colluders as a network has them in earnest, and of honest
// nodes that they hide.
func fewColluders(kinds []drawKind, s *settings) (rows []Row) {
	nodes, shares := s.whole("nodes"), []float64{0.01, 0.05, 0.1}
	for _, hidden := range []float64{0, 0.1, 0.3} {
		for _, kind := range kinds {
			captured, denied := drawMany(kind.order, s, shares, hidden)
			for i, share := range shares {
				of := theory.Draw{Nodes: theory.Visible(nodes, colludersOf(nodes, share), hidden), Colluders: colludersOf(nodes, share),
					Approvers: s.whole("approvers"), Agree: s.whole("agree")}
				what := fmt.Sprintf("draw by %s, %.3g %% collude%s: share ", kind.name, 100*share, hiding(hidden))
				rows = append(rows, shareOf(what+"captured", captured[i], s.whole("draws"), of.Capture()),
					shareOf(what+"denied", denied[i], s.whole("draws"), of.Denial()))
			}
		}
	}
	return rows
}

// groundDraws are draws of the original that the owner of one IP has ground: it runs a node
// on each port that comes first, which is as good as one on every port. Sizes and counts
// are those of docs/approval.md.
func groundDraws(s *settings) (rows []Row) {
	ports := make([]string, theory.PortsOfIP)
	for i := range ports {
		ports[i] = fmt.Sprintf("192.0.2.1:%d", i+1)
	}
	for _, c := range []struct{ nodes, approvers, agree int }{{1000, 4, 3}, {10_000, 5, 4}, {100_000, 7, 5}} {
		honest, captured := make([]string, c.nodes), 0
		for i := range honest {
			honest[i] = fmt.Sprintf("10.%d.%d.%d:4000", i>>16, i>>8&255, i&255)
		}
		for i := range s.whole("ground") {
			ranking := draw.New(time.Duration(s.seed()%90_000)*24*time.Hour + time.Duration(i)*5*time.Minute)
			ranking.Grow(len(ports) + c.nodes)
			for k, address := range append(honest[:c.nodes:c.nodes], ports...) {
				ranking.Add(int32(k), address)
			}
			bad := 0
			for _, k := range ranking.Next(c.approvers) {
				if k >= c.nodes {
					bad++
				}
			}
			if bad >= c.agree {
				captured++
			}
		}
		rows = append(rows, shareOf(fmt.Sprintf("all ports of one IP ground, %d nodes: share captured", c.nodes), captured,
			s.whole("ground"), theory.Ground(c.nodes, 1, c.approvers, c.agree)))
	}
	return rows
}

// drawMany makes draws, and counts for each share of colluders, which are spread at random
// over the nodes, how many of the draws they capture and deny. Of the honest nodes a share
// is hidden: the last of the random order.
func drawMany(order func(int) draw.Order, s *settings, shares []float64, hidden float64) (captured, denied []int) {
	captured, denied = make([]int, len(shares)), make([]int, len(shares))
	list, place := entrants(s.whole("nodes")), permutation(s.whole("nodes"), s.seed())
	for i := range s.whole("draws") {
		all := draw.Shortlist(order(i), list, draw.Unlimited())
		for k, share := range shares {
			colluders, bad, taken := colludersOf(len(list), share), 0, 0
			seen := theory.Visible(len(list), colluders, hidden)
			for _, node := range all {
				if place[node] >= seen {
					continue
				}
				if place[node] < colluders {
					bad++
				}
				if taken++; taken == s.whole("approvers") {
					break
				}
			}
			if bad >= s.whole("agree") {
				captured[k]++
			}
			if taken-bad < s.whole("agree") {
				denied[k]++
			}
		}
	}
	return captured, denied
}

// permutation is the order in which nodes become colluders.
func permutation(n int, seed uint64) []int {
	r := stream.NewSmall(seed, 0, stream.Lie)
	list := make([]int, n)
	for i := range list {
		j := int(r.Uint64() % uint64(i+1)) // the bias is below n/2^64
		list[i], list[j] = list[j], i
	}
	return list
}

// chance is how improbable a share must be to count as one that theory excludes, at each
// end: there are some seventy rows.
const chance = doubt / 140

// shareOf compares how often something of a known probability has happened: its bounds
// are those of the binomial distribution.
func shareOf(what string, seen, of int, p float64) Row {
	row := Row{What: what, Measured: float64(seen) / float64(of), Expected: p}
	if p <= 0 || p >= 1 {
		row.Low, row.High = p, p
		return row
	}
	b := distuv.Binomial{N: float64(of), P: p}
	low, high := math.Floor(float64(of)*p), math.Ceil(float64(of)*p)
	for low > 0 && b.CDF(low-1) > chance {
		low--
	}
	for high < float64(of) && b.Survival(high) > chance {
		high++
	}
	row.Low, row.High = low/float64(of), high/float64(of)
	return row
}
