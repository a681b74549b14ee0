package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// scenarioOf reads a scenario of 50 nodes and an hour.
func scenarioOf(t *testing.T, rest string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("calls.yaml", []byte("name: calls\nnodes: 50\nduration: 1h\n"+rest), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Requests come as often as a rate says, at random times of which the gaps are exponential:
// their standard deviation is their mean.
func TestPoissonArrivalsHaveTheirRate(t *testing.T) {
	times := callsOf(scenarioOf(t, "workload: {arrivals: poisson, searches: {rate: 5, start: 10m}}"), result.KindSearch)
	if want := 5 * 50 * 60.0; math.Abs(float64(len(times))-want) > 5*math.Sqrt(want) {
		t.Fatalf("%d requests, want about %v", len(times), want)
	}
	if times[0] < 10*time.Minute || times[len(times)-1] >= time.Hour || !slices.IsSorted(times) {
		t.Errorf("from %v to %v", times[0], times[len(times)-1])
	}
	mean, square := 0.0, 0.0
	for i := range times[1:] {
		gap := (times[i+1] - times[i]).Seconds()
		mean, square = mean+gap/float64(len(times)), square+gap*gap/float64(len(times))
	}
	if sd := math.Sqrt(square - mean*mean); math.Abs(sd/mean-1) > 0.05 {
		t.Errorf("gaps of %.3f s in the mean have a standard deviation of %.3f s", mean, sd)
	}
}

// A number of requests is that number, however they come, and another series has other
// times.
func TestANumberOfRequestsIsKept(t *testing.T) {
	for _, arrivals := range []string{"even", "poisson"} {
		s := scenarioOf(t, "workload: {arrivals: "+arrivals+", searches: {count: 300, start: 5m, over: 10m}, approvals: {count: 300, start: 5m, over: 10m}}")
		a, b := callsOf(s, result.KindSearch), callsOf(s, result.KindApproval)
		if len(a) != 300 || len(b) != 300 || a[0] < 5*time.Minute || a[299] > 15*time.Minute || !slices.IsSorted(a) {
			t.Errorf("%s: %d and %d requests, from %v to %v", arrivals, len(a), len(b), a[0], a[299])
		}
		if same := slices.Equal(a, b); same != (arrivals == "even") {
			t.Errorf("%s: searches and approvals come at the same times: %t", arrivals, same)
		}
	}
	even := callsOf(scenarioOf(t, "workload: {searches: {rate: 2, start: 1m, over: 10s}}"), result.KindSearch)
	if len(even) != 20 || even[1]-even[0] != 500*time.Millisecond {
		t.Errorf("at a rate of 2: %v", even)
	}
}

// Entry nodes are drawn as the scenario says: the k-th host of zipf 1/k as often as the
// first, and listed ones only.
func TestEntryNodesFollowTheirDistribution(t *testing.T) {
	count := func(rest string) []int {
		s := scenarioOf(t, rest)
		w, err := newWorld(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer w.net.Close()
		counts, r, alive := make([]int, 50), rand.New(rand.NewPCG(1, 2)), w.population.At(0)
		for range 60_000 {
			counts[w.clients.entries.draw(alive, r)]++
		}
		return counts
	}
	zipf := count("workload: {entry: zipf, exponent: 1.5}")
	for _, k := range []int{2, 4, 10} {
		got, want := float64(zipf[k-1])/float64(zipf[0]), math.Pow(float64(k), -1.5)
		if math.Abs(got/want-1) > 0.12 {
			t.Errorf("host %d is asked %.4f times as often as the first, want %.4f", k, got, want)
		}
	}
	for host, n := range count("workload: {entry: '#7,30-32'}") {
		if listed := host == 7 || host >= 30 && host <= 32; (n > 14_000) != listed || !listed && n > 0 {
			t.Errorf("host %d is asked %d times", host, n)
		}
	}
	for host, n := range count("") {
		if n < 1000 || n > 1400 {
			t.Errorf("host %d is asked %d times of 60,000", host, n)
		}
	}
}

// Listed hosts that are down are asked only if no other is up.
func TestEntryNodesAreUpIfTheyCanBe(t *testing.T) {
	s := scenarioOf(t, "join: {mode: spread, over: 50m}\nworkload: {entry: '#0,40-45'}")
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.net.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for _, at := range []time.Duration{0, 10 * time.Minute} {
		for range 100 {
			if node := w.clients.entries.draw(population.New(s).At(at), r); node != 0 {
				t.Errorf("at %v node %d is asked, which is down", at, node)
			}
		}
	}
}

// A client that has failed asks again elsewhere, and tells how often.
func TestClientsTryAgain(t *testing.T) {
	const rest = "latency: {model: constant, mean: 20ms}\nfaults: [{at: 10m, do: crash, on: 50%, silent: false}]\nworkload: {entry: '#0-49', searches: {count: 200, start: 10m, over: 30s}"
	failed := func(more string) (count, retries int) {
		w, err := newWorld(scenarioOf(t, rest+more), 1)
		if err != nil {
			t.Fatal(err)
		}
		defer w.net.Close()
		m := newMeter(w)
		if err := w.live(m, Options{}); err != nil {
			t.Fatal(err)
		}
		for _, r := range w.results(m).Requests {
			if !r.OK {
				count++
			}
			retries = max(retries, r.Retries)
		}
		return count, retries
	}
	const impatient = ", timeout: 30ms" // less than a round trip: every request fails
	if count, retries := failed(impatient + "}"); count != 200 || retries != 0 {
		t.Errorf("without retries %d of 200 fail, after %d retries", count, retries)
	}
	if count, retries := failed(impatient + ", retries: 3}"); count != 200 || retries != 3 {
		t.Errorf("with a timeout below a round trip %d of 200 fail, after %d retries", count, retries)
	}
	if count, _ := failed(", retries: 3}"); count > 0 {
		t.Errorf("with time %d of 200 fail", count)
	}
}

// Requests before the network has settled are no part of the summary, unless all are to be.
func TestWarmUpDoesNotCount(t *testing.T) {
	for _, test := range []struct {
		measure     string
		least, most int
		from        float64
	}{{"", 80, 99, -1}, {"measure: 0s\n", 100, 100, 0}, {"measure: 5m\n", 50, 50, 300}} {
		s := scenarioOf(t, test.measure+"workload: {searches: {count: 100, over: 10m}}")
		w, err := newWorld(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		m := newMeter(w)
		if err := w.live(m, Options{}); err != nil {
			t.Fatal(err)
		}
		r := w.results(m)
		w.net.Close()
		counted := 0
		for _, request := range r.Requests {
			if !request.WarmUp {
				counted++
			}
		}
		sum := &r.Summary
		if len(r.Requests) != 100 || sum.Search.Count != counted || counted < test.least || counted > test.most {
			t.Errorf("%q: %d of %d requests count, the summary has %d", test.measure, counted, len(r.Requests), sum.Search.Count)
		}
		if test.from >= 0 && sum.MeasuredFromS != test.from {
			t.Errorf("%q: measured from %v s", test.measure, sum.MeasuredFromS)
		}
	}
}
