package theory

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// exact is P(X >= k) as the definition reads, in fractions.
func exact(d Draw, k int) float64 {
	sum := new(big.Int)
	for i := max(0, k); i <= min(d.Approvers, d.Colluders); i++ {
		if d.Approvers-i > d.Nodes-d.Colluders {
			continue
		}
		ways := new(big.Int).Binomial(int64(d.Colluders), int64(i))
		sum.Add(sum, ways.Mul(ways, new(big.Int).Binomial(int64(d.Nodes-d.Colluders), int64(d.Approvers-i))))
	}
	p, _ := new(big.Rat).SetFrac(sum, new(big.Int).Binomial(int64(d.Nodes), int64(d.Approvers))).Float64()
	return p
}

// near reports whether two probabilities agree to ten digits.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-10*want }

func TestProbabilitiesAreThoseOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Draw{Nodes: rapid.IntRange(1, 200).Draw(t, "nodes")}
		d.Colluders = rapid.IntRange(0, d.Nodes).Draw(t, "colluders")
		d.Approvers = rapid.IntRange(1, d.Nodes).Draw(t, "approvers")
		d.Agree = rapid.IntRange(0, d.Approvers+1).Draw(t, "agree")
		if want := exact(d, d.Agree); !near(d.Capture(), want) {
			t.Fatalf("%+v: capture %v, want %v", d, d.Capture(), want)
		}
		if want := exact(d, d.Approvers-d.Agree+1); !near(d.Denial(), want) {
			t.Fatalf("%+v: denial %v, want %v", d, d.Denial(), want)
		}
	})
}

func TestProbabilitiesOfLargeNetworksAreExact(t *testing.T) {
	for _, d := range []Draw{
		{10_000, 1000, 5, 4}, {10_000, 1000, 50, 34}, {10_000, 5000, 50, 34}, {10_000, 9000, 50, 34}, {10_000, 100, 9999, 100},
		{1_000_000, 300_000, 100, 67}, {10_000_000, 1_000_000, 15, 10}, {10_000_000, 6_600_000, 1000, 667}, {10_000_000, 1, 3, 1},
		{75_535, 65_535, 5, 4},
	} {
		if want := exact(d, d.Agree); !near(d.Capture(), want) {
			t.Errorf("%+v: capture %v, want %v", d, d.Capture(), want)
		}
		if want := exact(d, d.Approvers-d.Agree+1); !near(d.Denial(), want) {
			t.Errorf("%+v: denial %v, want %v", d, d.Denial(), want)
		}
	}
}

func TestTheBoundOfCaptureIsNotBelowIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Draw{Nodes: rapid.IntRange(1, 1000).Draw(t, "nodes")}
		d.Colluders = rapid.IntRange(0, d.Nodes).Draw(t, "colluders")
		d.Approvers = rapid.IntRange(1, d.Nodes).Draw(t, "approvers")
		d.Agree = rapid.IntRange(0, d.Approvers+1).Draw(t, "agree")
		if bound, p := d.captureBound(), d.Capture(); p > bound*(1+1e-9) {
			t.Fatalf("%+v: capture %v, bound %v", d, p, bound)
		}
	})
}

// The defaults of the npm package against the owner of one IP, or of ten.
func TestGrindingPortsCapturesTheOriginalsDraw(t *testing.T) {
	for _, c := range []struct {
		nodes, ips, approvers, agree int
		want                         string
	}{
		{1_000, 1, 4, 3, "0.9987"}, {10_000, 1, 5, 4, "0.867"}, {100_000, 1, 7, 5, "0.092"}, {10_000, 10, 5, 4, "0.998"},
	} {
		got := Ground(c.nodes, c.ips, c.approvers, c.agree)
		if text := fmt.Sprintf("%.*f", len(c.want)-2, got); text != c.want {
			t.Errorf("%d IPs among %d nodes: %v, want %s", c.ips, c.nodes, got, c.want)
		}
	}
}

// twoThirds of count, rounded up.
func twoThirds(count int) int { return (2*count + 2) / 3 }

func TestEveryLargerNumberOfApproversKeepsTheTarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 300).Draw(t, "nodes")
		colluders := rapid.IntRange(0, nodes).Draw(t, "colluders")
		target := math.Pow(10, -rapid.Float64Range(0.1, 9).Draw(t, "digits"))
		fewest, ok := FewestApprovers(nodes, colluders, target, twoThirds)
		keeps := func(count int) bool {
			d := Draw{Nodes: nodes, Colluders: colluders, Approvers: count, Agree: twoThirds(count)}
			return exact(d, d.Agree) <= target*(1+1e-9)
		}
		if !ok {
			if keeps(nodes) {
				t.Fatalf("%d of %d nodes: all of them keep %v", colluders, nodes, target)
			}
			return
		}
		for count := fewest; count <= nodes; count++ {
			if !keeps(count) {
				t.Fatalf("%d of %d nodes: from %d on, but %d does not keep %v", colluders, nodes, fewest, count, target)
			}
		}
		if fewest > 1 && keeps(fewest-1) && !near(target, exact(Draw{nodes, colluders, fewest - 1, twoThirds(fewest - 1)}, twoThirds(fewest-1))) {
			t.Fatalf("%d of %d nodes: %d is not the smallest for %v", colluders, nodes, fewest, target)
		}
	})
}

func TestThereIsNoNumberOfApproversAgainstTwoThirds(t *testing.T) {
	if fewest, ok := FewestApprovers(10_000, 6_667, 1e-6, twoThirds); ok {
		t.Errorf("%d approvers keep out a majority", fewest)
	}
}

func TestHidingHonestNodesRaisesTheShareOfColluders(t *testing.T) {
	for _, f := range []float64{0.01, 0.05, 0.1} {
		for _, g := range []float64{0, 0.1, 0.3, 1} {
			const nodes = 1_000_000
			colluders := int(f * nodes)
			got, want := float64(colluders)/float64(Visible(nodes, colluders, g)), f/(1-g*(1-f))
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("of %v, with %v hidden: %v, want %v", f, g, got, want)
			}
		}
	}
}
