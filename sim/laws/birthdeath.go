package laws

import (
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim/plots"
	"spreadable/sim/population"
)

// birthDeath is the law of how many nodes are up under churn.
func birthDeath() Law {
	return Law{
		Name:  "birth-death",
		Title: "under churn the number of live nodes has the distribution of a birth-death process in equilibrium",
		Source: "M/M/∞ and, by its insensitivity, M/G/∞: Poisson (Kleinrock, Queueing Systems, volume 1, 1975, section 3.4); " +
			"with absences each identity is up for a share of the time: binomial",
		Parameters: []Parameter{seed(),
			whole("nodes", "mean number alive", 50, 50, 2, 1_000_000),
			whole("runs", "runs with different seeds", 1000, 10_000, 50, 1_000_000),
			{Name: "shape", Help: "shape of the Weibull sessions", Reduced: 0.61, Full: 0.61, Min: 0.3, Max: 10},
		},
		run: runBirthDeath,
	}
}

// sessionMean is the mean session of the law. Its unit does not matter.
const sessionMean = 10 * time.Minute

// lives is a kind of churn, and how many nodes are alive in equilibrium: some of them
// always, the others with a distribution.
type lives struct {
	name  string
	churn string
	of    func(nodes int) (always int, rest discrete)
}

// discrete is a distribution of whole numbers, as gonum has them.
type discrete interface {
	Prob(x float64) float64
	Mean() float64
	Variance() float64
}

// runBirthDeath looks at populations without their networks: who is alive is drawn before a
// run, and what nodes do changes nothing of it.
func runBirthDeath(s *settings) (*Outcome, error) {
	// The bootstrap node stays. Where others come in place of those that leave, they come
	// at the rate nodes/mean.
	poisson := func(nodes int) (int, discrete) { return 1, distuv.Poisson{Lambda: float64(nodes)} }
	kinds := []lives{
		{"exponential sessions, M/M/∞", "{session: {model: exponential, mean: 10m}}", poisson},
		{fmt.Sprintf("Weibull sessions of shape %v, M/G/∞", s.number("shape")),
			fmt.Sprintf("{session: {model: weibull, shape: %v, mean: 10m}}", s.number("shape")), poisson},
		{"sessions and absences", "{session: {model: exponential, mean: 10m}, absence: {model: exponential, mean: 20m}}",
			func(nodes int) (int, discrete) { return 1, distuv.Binomial{N: float64(3*nodes - 1), P: 1. / 3} }},
	}
	out := &Outcome{}
	for i, kind := range kinds {
		counts, err := kind.counts(s)
		if err != nil {
			return nil, err
		}
		always, rest := kind.of(s.whole("nodes"))
		out.Rows = append(out.Rows, kind.rows(counts, s.whole("nodes"), always, rest)...)
		if i == 0 {
			out.Charts = []plots.Chart{distribution(kind.name, counts[len(counts)-1], always, rest)}
		}
	}
	return out, nil
}

// looks is at how many times a run is looked at, from the start until it is long in
// equilibrium, with any start: twenty mean sessions.
const looks = 5

// counts are the numbers of live nodes at each time, over all runs.
func (l lives) counts(s *settings) ([][]int, error) {
	this, err := parsed(0, s.whole("nodes"), "churn: "+l.churn)
	if err != nil {
		return nil, err
	}
	this.Duration = 20*sessionMean + 1
	counts := make([][]int, looks)
	for run := range s.whole("runs") {
		this.Seed = s.seed() + uint64(run)
		p := population.New(this)
		for i := range looks {
			counts[i] = append(counts[i], p.At(20*sessionMean*time.Duration(i)/(looks-1)).Size())
		}
	}
	return counts, nil
}

// rows compare the mean at each look, and the whole distribution at the last.
func (l lives) rows(counts [][]int, nodes, always int, rest discrete) []Row {
	last := counts[looks-1]
	var rows []Row
	for i, list := range counts {
		mean, off := meanAndError(floats(list))
		// At the start it is exactly `nodes`, in the end the bootstrap node is one more.
		want := float64(nodes) + (float64(always)+rest.Mean()-float64(nodes))*min(1, float64(i))
		rows = append(rows, within(fmt.Sprintf("%s: mean number alive after %v", l.name, 20*sessionMean*time.Duration(i)/(looks-1)),
			mean, want, 4*off+float64(always)))
	}
	p := fitsCounts(tally(last), func(k int) float64 {
		if k < always {
			return 0
		}
		return rest.Prob(float64(k - always))
	})
	return append(rows, Row{l.name + ": p of the distribution (chi-square)", p, 0.5, doubt / 3, 1})
}

// distribution is how often each number of live nodes was seen.
func distribution(name string, counts []int, always int, rest discrete) plots.Chart {
	seen, formula := plots.Curve{Name: "simulated", Marks: true}, plots.Curve{Name: "formula"}
	seenOf := tally(counts)
	for k := slices.Min(counts); k < len(seenOf); k++ {
		seen.Add(float64(k), float64(seenOf[k])/float64(len(counts)))
		if k >= always {
			formula.Add(float64(k), rest.Prob(float64(k-always)))
		}
	}
	return plots.Chart{Name: "birth-death", Title: "Live nodes in equilibrium: " + name, X: "live nodes", Y: "share of runs",
		Curves: []plots.Curve{formula, seen}}
}

// floats are whole numbers as a sample for gonum.
func floats(list []int) []float64 {
	out := make([]float64, len(list))
	for i, x := range list {
		out[i] = float64(x)
	}
	return out
}
