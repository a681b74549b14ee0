package population

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// churning is the population of a scenario with some keys of churn.
func churning(t testing.TB, seed, nodes int, duration, churn string) *Population {
	t.Helper()
	s, err := scenario.Parse("test.yaml", fmt.Appendf(nil,
		"name: test\nseed: %d\nnodes: %d\nduration: %s\nchurn: %s\n", seed, nodes, duration, churn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return New(s)
}

// lifetimes are one of each kind, with the distribution that gonum has for it.
var lifetimes = []struct {
	keys string // of a scenario
	cdf  interface{ CDF(float64) float64 }
	mean float64
}{
	{"{model: exponential, mean: 600s}", distuv.Exponential{Rate: 1. / 600}, 600},
	{"{model: exponential, median: 600s}", distuv.Exponential{Rate: math.Ln2 / 600}, 600 / math.Ln2},
	{"{model: weibull, shape: 0.5, scale: 300s}", distuv.Weibull{K: 0.5, Lambda: 300}, 600},
	{"{model: weibull, shape: 0.5, mean: 600s}", distuv.Weibull{K: 0.5, Lambda: 300}, 600},
	{"{model: weibull, shape: 2, median: 600s}", distuv.Weibull{K: 2, Lambda: 600 / math.Sqrt(math.Ln2)}, 638.6},
	{"{model: pareto, shape: 3, scale: 400s}", distuv.Pareto{Xm: 400, Alpha: 3}, 600},
	{"{model: pareto, shape: 3, mean: 600s}", distuv.Pareto{Xm: 400, Alpha: 3}, 600},
	{"{model: pareto, shape: 2, median: 600s}", distuv.Pareto{Xm: 600 / math.Sqrt2, Alpha: 2}, 848.5},
	{"{model: lognormal, shape: 1, median: 600s}", distuv.LogNormal{Mu: math.Log(600), Sigma: 1}, 989.2},
	{"{model: lognormal, shape: 1, mean: 600s}", distuv.LogNormal{Mu: math.Log(600) - 0.5, Sigma: 1}, 600},
}

// distance is the largest one between the shares of a sample and a distribution, and limit
// the one that a sample of this size stays below in 999 of 1000 cases (Kolmogorov).
func distance(sample []float64, cdf func(float64) float64) (d, limit float64) {
	slices.Sort(sample)
	n := float64(len(sample))
	for i, x := range sample {
		p := cdf(x)
		d = max(d, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	return d, 1.95 / math.Sqrt(n)
}

func built(t *testing.T, keys string) scenario.LifetimeDistribution {
	t.Helper()
	s, err := scenario.Parse("test.yaml",
		[]byte("name: test\nnodes: 1\nduration: 1h\nchurn: {session: "+keys+"}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	session, _ := s.Churn.Lifetimes()
	return newLifetime(s, session)
}

// Times are those of the distribution, and what is left of one that is under way has the
// density (1 − F(x))/mean: its distribution function is integrated here.
func TestLifetimesAreThoseOfTheDistribution(t *testing.T) {
	const draws = 20_000
	for i, l := range lifetimes {
		life, r := built(t, l.keys), stream.New(uint64(i), 0, stream.Session)
		if got := life.Mean(); math.Abs(got/l.mean-1) > 0.001 {
			t.Errorf("%s: the mean is %.1f s, want %.1f", l.keys, got, l.mean)
		}
		var whole, left []float64
		for range draws {
			whole, left = append(whole, life.Draw(r)), append(left, life.Residual(r))
		}
		if d, limit := distance(whole, l.cdf.CDF); d > limit {
			t.Errorf("%s: times are %.4f off their distribution, want at most %.4f", l.keys, d, limit)
		}
		if d, limit := distance(left, integrated(l.cdf.CDF, life.Mean())); d > limit {
			t.Errorf("%s: what is left of them is %.4f off its distribution, want at most %.4f", l.keys, d, limit)
		}
	}
}

// integrated is the distribution function of a residual time. It must be asked for rising
// values.
func integrated(cdf func(float64) float64, mean float64) func(float64) float64 {
	at, sum := 0., 0.
	return func(x float64) float64 {
		for at < x {
			step := min(1, x-at)
			sum += step * (1 - cdf(at+step/2))
			at += step
		}
		return sum / mean
	}
}

// With any distribution, a network in equilibrium has the same number of nodes from the
// first instant on: in the mean over many runs the deviation is one of chance.
func TestTheShareAliveIsConstantFromTheStart(t *testing.T) {
	const nodes, runs = 200, 60
	for _, churn := range []string{
		"{session: {model: exponential, mean: 10m}}",
		"{session: {model: weibull, shape: 0.4, median: 5m}}",
		"{session: {model: pareto, shape: 1.5, mean: 10m}}",
		"{session: {model: lognormal, shape: 1.5, mean: 10m}, absence: {model: weibull, shape: 0.5, mean: 20m}}",
		"{session: {model: weibull, shape: 3, mean: 10m}, absence: {model: exponential, mean: 1m}}",
		"{preset: kad}", "{preset: ipfs-2022}", "{preset: bittorrent-redhat}", "{preset: bittorrent-debian}",
		"{preset: bittorrent-flatout}", "{preset: gnutella-2.9h}",
	} {
		alive := make(map[time.Duration][]float64)
		for seed := range runs {
			p := churning(t, seed, nodes, "2h", churn)
			for at := time.Duration(0); at < 2*time.Hour; at += 7 * time.Minute {
				alive[at] = append(alive[at], float64(p.At(at).Size()))
			}
		}
		for at, counts := range alive {
			mean, sd := stat.MeanStdDev(counts, nil)
			if off := math.Abs(mean - nodes); off > 4*sd/math.Sqrt(runs)+0.5 {
				t.Errorf("%s: at %v %.1f of %d nodes are up in the mean", churn, at, mean, nodes)
			}
		}
	}
}

// However it is asked for, the same nodes are up at a time: those at a stay of their host.
func TestTheNodesThatAreUpAreThoseAtAStay(t *testing.T) {
	p := churning(t, 3, 150, "3h",
		"{session: {model: exponential, mean: 5m}, absence: {model: exponential, mean: 5m}, new_ip: 30%, start: 10m}")
	for at := time.Duration(0); at < 3*time.Hour; at += 13 * time.Minute {
		var want []int
		for _, s := range p.Stays() {
			if s.Up <= at && at < s.Down {
				want = append(want, int(s.Host))
			}
		}
		slices.Sort(want)
		alive := p.At(at)
		if got := slices.Collect(alive.All()); !slices.Equal(got, want) || alive.Size() != len(want) {
			t.Fatalf("at %v %d nodes are up, %v, want %v", at, alive.Size(), got, want)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			if node := alive.Random(r); !slices.Contains(want, node) {
				t.Fatalf("at %v node %d is drawn and not up", at, node)
			}
		}
		later := at + 3*time.Minute
		for _, host := range slices.Collect(p.Throughout(at, later).All()) {
			if i := p.StayAt(host, at); p.Stays()[i].Down <= later {
				t.Fatalf("node %d does not stay from %v to %v", host, at, later)
			}
		}
	}
}

// Two nodes are never at one host at a time; a host that another identity gets has rested;
// and memory is that of the identity itself.
func TestHostsAreUsedAgainAfterARest(t *testing.T) {
	p := churning(t, 5, 100, "20h",
		"{session: {model: exponential, mean: 10m}, absence: {model: exponential, mean: 10m}, new_ip: 50%, memory: 50%}")
	last := make(map[int32]Stay)
	rested, remembered, moved := 0, 0, 0
	for _, s := range p.Stays() {
		before, used := last[s.Host]
		switch {
		case used && s.Up < before.Down:
			t.Fatalf("%+v comes to the host of %+v", s, before)
		case used && s.identity != before.identity && s.Up-before.Down < quarantine:
			t.Fatalf("%+v follows %+v too soon", s, before)
		case used && s.identity != before.identity:
			rested++
		}
		if s.Before >= 0 {
			remembered++
			if then := p.Stays()[s.Before]; then.identity != s.identity || !then.Kept || then.Down > s.Up {
				t.Fatalf("%+v remembers %+v", s, then)
			}
		}
		if s.Moves {
			moved++
		}
		last[s.Host] = s
	}
	if all := len(p.Stays()); rested == 0 || p.Hosts() > all/4 || remembered < all*4/10 || moved < all*4/10 {
		t.Errorf("%d stays: %d hosts, %d used again, %d remember, %d move", all, p.Hosts(), rested, remembered, moved)
	}
}

// What is drawn for one thing does not move with another: with another share of crashes the
// stays are the same, and bootstrap nodes always stay.
func TestSharesShiftNothingElse(t *testing.T) {
	some := churning(t, 1, 50, "2h", "{session: {model: exponential, mean: 10m}, absence: {model: exponential, mean: 10m}, crash: 10%}")
	all := churning(t, 1, 50, "2h", "{session: {model: exponential, mean: 10m}, absence: {model: exponential, mean: 10m}, crash: 100%}")
	crashed := 0
	for i, s := range some.Stays() {
		if s.Crash {
			crashed++
		}
		if s.Crash = true; s != all.Stays()[i] {
			t.Fatalf("stay %d is %+v, and with more crashes %+v", i, s, all.Stays()[i])
		}
	}
	if share := float64(crashed) / float64(len(some.Stays())); share < 0.05 || share > 0.15 {
		t.Errorf("%.2f of the sessions crash, want 0.1", share)
	}
	if boot := some.Stays()[0]; boot.Host != 0 || boot.Down != forever {
		t.Errorf("the bootstrap node leaves: %+v", boot)
	}
}

// Nodes of a trace live when it says, at the host of their number, whatever the order in
// which they come. Those that it does not name stay.
func TestATraceSaysWhenNodesLive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.csv")
	trace := "t,node,state\n0,1,down\n10,2,down\n20s,3,up\n1m,2,up\n70,1,up\n1m30s,2,down\n9h,0,down\n"
	if err := os.WriteFile(path, []byte(trace), 0o644); err != nil {
		t.Fatal(err)
	}
	p := churning(t, 1, 5, "1h", "{trace: "+path+"}")
	for at, want := range map[time.Duration][]int{
		0: {0, 2, 4}, 9999 * time.Millisecond: {0, 2, 4}, 10 * time.Second: {0, 4}, 20 * time.Second: {0, 3, 4},
		time.Minute: {0, 2, 3, 4}, 70 * time.Second: {0, 1, 2, 3, 4}, 90 * time.Second: {0, 1, 3, 4}, 59 * time.Minute: {0, 1, 3, 4},
	} {
		if got := slices.Collect(p.At(at).All()); !slices.Equal(got, want) {
			t.Errorf("at %v %v are up, want %v", at, got, want)
		}
	}
	for _, s := range p.Stays() {
		if remembers := s.Before >= 0; remembers != (s.Host == 2 && s.Up == time.Minute) || s.Joins != (s.Up == 0) {
			t.Errorf("%+v", s)
		}
	}
	if moved := churning(t, 1, 5, "1h", "{trace: "+path+", new_ip: 100%}"); moved.Hosts() != 6 {
		t.Errorf("with another address at each return there are %d hosts, want 6", moved.Hosts())
	}
}

// even is a distribution of another module: times are even between 0 and twice the mean.
type even struct{ most float64 }

func (e even) Draw(r rand.Source) float64 { return e.most * (1 - rand.New(r).Float64()) }
func (e even) Residual(r rand.Source) float64 {
	return e.most * (1 - math.Sqrt(rand.New(r).Float64()))
}
func (e even) Mean() float64 { return e.most / 2 }

// read parses a scenario with the model even.
func read(churn string) (*scenario.Scenario, error) {
	rows := []scenario.LifetimeRow{{Name: "even", Lengths: []string{"mean"}, Build: func(l scenario.Lifetime) (scenario.LifetimeDistribution, error) {
		if l.Mean > time.Hour {
			return even{math.Inf(1)}, nil
		}
		return even{2 * l.Mean.Seconds()}, nil
	}}}
	return scenario.Reader{Lifetimes: rows}.Parse("test.yaml", []byte("name: test\nnodes: 200\nduration: 2h\nchurn: "+churn+"\n"), nil)
}

// A model of another module is drawn, begins in equilibrium, and is checked like ours.
func TestAModelOfAnotherModuleServesAsOurs(t *testing.T) {
	s, err := read("{session: {model: even, mean: 10m}, absence: {model: even, mean: 5m}}")
	if err != nil {
		t.Fatal(err)
	}
	session, _ := s.Churn.Lifetimes()
	whole, left := Sample(s, session, 20_000)
	uniform := distuv.Uniform{Max: 1200}
	if d, limit := distance(whole, uniform.CDF); d > limit {
		t.Errorf("times are %.4f off their distribution, want at most %.4f", d, limit)
	}
	if d, limit := distance(left, integrated(uniform.CDF, 600)); d > limit {
		t.Errorf("what is left of them is %.4f off its distribution, want at most %.4f", d, limit)
	}
	var early, late []float64
	for seed := range 60 {
		s.Seed = uint64(seed)
		p := New(s)
		early, late = append(early, float64(p.At(time.Minute).Size())), append(late, float64(p.At(110*time.Minute).Size()))
	}
	if a, b := stat.Mean(early, nil), stat.Mean(late, nil); math.Abs(a-200) > 4 || math.Abs(b-200) > 4 {
		t.Errorf("%.1f of 200 nodes are up at the start, %.1f at the end", a, b)
	}
	for churn, says := range map[string]string{
		"{session: {model: even, mean: 2h}}":            "test.yaml:4:9: churn.session: model even has the mean +Inf s",
		"{session: {model: even, scale: 2h}}":           "which takes mean",
		"{session: {model: even, mean: 10m, shape: 1}}": "which takes mean",
		"{session: {model: evn, mean: 10m}}":            "expected one of exponential, weibull, pareto, lognormal, even, not \"evn\"; did you mean \"even\"?",
		"{session: {model: even}}":                      "model even needs one of mean",
	} {
		if _, err := read(churn); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that says %s", churn, err, says)
		}
	}
}
