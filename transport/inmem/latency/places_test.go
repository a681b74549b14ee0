package latency_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"spreadable/transport/inmem/latency"
)

// terms are those of most tests.
func terms(seed uint64) latency.Terms {
	return latency.Terms{Seed: seed, Floor: latency.DefaultFloor}
}

// planet is the planet with the shipped cities.
func planet(t testing.TB, seed uint64) (*latency.Placed, []latency.City) {
	t.Helper()
	cities, err := latency.Cities()
	if err != nil {
		t.Fatal(err)
	}
	p, err := latency.NewPlanet(cities, nil, terms(seed))
	if err != nil {
		t.Fatal(err)
	}
	return p, cities
}

// The stretch over all pairs of hosts has the fitted median and spread, whatever the seed.
func TestThePlanetHasTheFittedStretch(t *testing.T) {
	for seed := range uint64(10) {
		p, cities := planet(t, seed)
		var logs []float64
		for host := range uint32(40_000) {
			a, b := cities[p.Places().Of(2*host)], cities[p.Places().Of(2*host+1)]
			if light := latency.Distance(a, b) / 100; light > 1 {
				trip := 2 * float64(p.Base(2*host, 2*host+1)) / float64(ms)
				logs = append(logs, math.Log(trip/light))
			}
		}
		slices.Sort(logs)
		median, sigma := math.Exp(stat.Quantile(0.5, stat.Empirical, logs, nil)), stat.StdDev(logs, nil)
		if math.Abs(median-latency.StretchMedian) > 0.02 || math.Abs(sigma-latency.StretchSigma) > 0.01 {
			t.Errorf("seed %d: the stretch has median %.3f and sigma %.3f", seed, median, sigma)
		}
		if logs[0] < -1e-3 {
			t.Errorf("seed %d: a message is faster than light in fibre, %.5f times", seed, math.Exp(-logs[0]))
		}
	}
}

// Some two in a hundred triples of places have a way over the third that is shorter than
// the direct one: on the shipped planet, and with the 21 regions of the fit.
func TestSomeWaysAreShorterOverAThirdPlace(t *testing.T) {
	var all float64
	const seeds = 10
	for seed := range uint64(seeds) {
		p, _ := planet(t, seed)
		share := detours(p.Table())
		all += share / seeds
		if share < 0.01 || share > 0.035 {
			t.Errorf("seed %d: %.2f %% of the triples violate the triangle inequality", seed, 100*share)
		}
	}
	t.Logf("%.2f %% of the triples violate the triangle inequality", 100*all)
	if all < 0.015 || all > 0.025 {
		t.Errorf("in the mean %.2f %% of the triples violate the triangle inequality", 100*all)
	}
}

// detours is the share of triples of places in which one way is longer than both others.
func detours(table *latency.Table) float64 {
	violated, all := 0, 0
	n := len(table.Names())
	for i := range n {
		for j := range i {
			for k := range j {
				a, b, c := table.At(i, j), table.At(j, k), table.At(i, k)
				if all++; 2*max(a, b, c) > a+b+c {
					violated++
				}
			}
		}
	}
	return float64(violated) / float64(all)
}

// A pair has one latency: from both ends, and for each message without jitter.
func TestAPairHasOneLatency(t *testing.T) {
	p, _ := planet(t, 1)
	pairs := latency.NewPerPair(latency.Uniform{Low: ms, High: 9 * ms}, 0, 1)
	jittery := latency.NewPerPair(latency.Uniform{Low: ms, High: 9 * ms}, ms, 1)
	rng := random(1)
	for a := range uint32(100) {
		b := a + 100
		for _, m := range []latency.Model{p, pairs} {
			first := m.Draw(a, b, rng)
			if again, back := m.Draw(a, b, rng), m.Draw(b, a, rng); again != first || back != first {
				t.Errorf("%T: from %d to %d it takes %v, then %v, and %v back", m, a, b, first, again, back)
			}
		}
		if one, other := jittery.Draw(a, b, rng), jittery.Draw(a, b, rng); one == other {
			t.Errorf("two messages from %d to %d have the same jitter", a, b)
		}
		if jittery.Draw(a, b, rng) < pairs.Draw(a, b, nil) {
			t.Errorf("a message from %d to %d is faster than its pair", a, b)
		}
	}
}

// Hosts of one place are 3 ms from each other, there and back.
func TestHostsOfOnePlaceAreNear(t *testing.T) {
	p, _ := planet(t, 3)
	near := 0
	for host := range uint32(5000) {
		if p.Places().Of(host) != p.Places().Of(host+1) {
			continue
		}
		near++
		if d := p.Base(host, host+1); 2*d != latency.Inside {
			t.Errorf("hosts %d and %d of one city are %v from each other", host, host+1, 2*d)
		}
	}
	if near < 20 {
		t.Errorf("only %d pairs in one city", near)
	}
}

// Cities that are next to each other have the least latency, which is above 0.
func TestNeighboursHaveTheLeastLatency(t *testing.T) {
	cities := []latency.City{
		{Name: "here", Latitude: 50, Longitude: 7, Weight: 1}, {Name: "there", Latitude: 50, Longitude: 7, Weight: 1},
		{Name: "near", Latitude: 50.01, Longitude: 7, Weight: 1},
	}
	p, err := latency.NewPlanet(cities, nil, terms(1))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := p.Table().At(0, 1), p.Table().At(1, 2); a != latency.DefaultFloor || b != latency.DefaultFloor {
		t.Errorf("%v and %v", a, b)
	}
}

// The hosts spread over places by weights or shares.
func TestHostsSpreadByShares(t *testing.T) {
	table, err := latency.CloudRegions()
	if err != nil {
		t.Fatal(err)
	}
	shares := []latency.Share{{Name: "Tokyo", Part: 0.5}, {Name: "ohio", Part: 0.3}, {Name: "seoul", Part: 0.2}}
	m, err := latency.NewPlaced(table, shares, terms(7))
	if err != nil {
		t.Fatal(err)
	}
	const hosts = 100_000
	counts := make(map[string]int)
	for host := range uint32(hosts) {
		counts[m.Places().Names()[m.Places().Of(host)]]++
	}
	for _, s := range shares {
		if got := float64(counts[strings.ToLower(s.Name)]) / hosts; math.Abs(got-s.Part) > 0.006 {
			t.Errorf("%.3f of all hosts are in %s, not %v", got, s.Name, s.Part)
		}
	}
	if len(counts) != len(shares) {
		t.Errorf("hosts are in %v", counts)
	}
}

// The table of our own regions has 210 pairs, and that from Frankfurt to Virginia is the
// 6,550 km of the great circle times the median stretch.
func TestTheCloudRegions(t *testing.T) {
	table, err := latency.CloudRegions()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(table.Names()); n*(n-1)/2 != 210 {
		t.Errorf("%d regions", n)
	}
	from, to := slices.Index(table.Names(), "frankfurt"), slices.Index(table.Names(), "virginia")
	if trip := 2 * table.At(from, to); trip < 115*ms || trip > 120*ms {
		t.Errorf("the round trip from Frankfurt to Virginia takes %v", trip)
	}
	if share := detours(table); share != 0 {
		t.Errorf("%v of the triples violate the triangle inequality without any draw", share)
	}
}

// Access adds its delay at both ends, and its jitter to each message.
func TestAccessAddsAtBothEnds(t *testing.T) {
	table, err := latency.CloudRegions()
	if err != nil {
		t.Fatal(err)
	}
	build := func(shares ...latency.Share) *latency.Placed {
		with := terms(5)
		with.Access, err = latency.NewAccess(shares, 5)
		if err != nil {
			t.Fatal(err)
		}
		m, err := latency.NewPlaced(table, nil, with)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	bare, cable := build(), build(latency.Share{Name: "cable", Part: 1})
	rng := random(2)
	sum, n := time.Duration(0), 20_000
	for host := range uint32(n) {
		more := cable.Draw(host, host+1, rng) - bare.Draw(host, host+1, rng)
		if more < 14*ms {
			t.Fatalf("two ends of 7 ms each add %v", more)
		}
		sum += more
	}
	if mean := sum / time.Duration(n); mean < 17900*time.Microsecond || mean > 18100*time.Microsecond {
		t.Errorf("two ends of 7 ms and 2 ms of jitter add %v in the mean", mean)
	}
	if more := cable.Mean() - bare.Mean(); more < 17990*time.Microsecond || more > 18010*time.Microsecond {
		t.Errorf("they say that they add %v in the mean", more)
	}
	if cable.Min() != bare.Min()+14*ms {
		t.Errorf("the least latency is %v, without access %v", cable.Min(), bare.Min())
	}
}

// The mean that a model tells is that of its draws, and no draw is outside of its limits.
func TestPlacedModelsKeepWhatTheySay(t *testing.T) {
	for seed := range uint64(5) {
		with := terms(seed)
		with.Jitter = latency.NewJitter(2 * ms)
		var err error
		with.Access, err = latency.NewAccess([]latency.Share{{Name: "fiber", Part: 0.6}, {Name: "geo", Part: 0.4}}, seed)
		if err != nil {
			t.Fatal(err)
		}
		_, cities := planet(t, seed)
		p, err := latency.NewPlanet(cities, nil, with)
		if err != nil {
			t.Fatal(err)
		}
		const draws = 200_000
		rng, sum := random(seed), 0.0
		for host := range uint32(draws) {
			d := p.Draw(2*host, 2*host+1, rng)
			if d < p.Min() || d > p.Max() {
				t.Fatalf("drew %v outside %v..%v", d, p.Min(), p.Max())
			}
			sum += float64(d)
		}
		if mean := sum / draws; math.Abs(mean/float64(p.Mean())-1) > 0.01 {
			t.Errorf("the mean is %v, and the model says %v", time.Duration(mean), p.Mean())
		}
	}
}
