package laws

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim"
	"spreadable/sim/plots"
)

// load is the law of how often a node approves.
func load() Law {
	return Law{
		Name:     "load",
		Title:    "how often a node approves is Poisson distributed",
		Source:   "rare independent events (Poisson 1837): each draw takes any node with the same small probability",
		Scenario: "laws/approver-load.yaml",
		Parameters: []Parameter{seed(),
			whole("runs", "runs with different seeds", 2, 20, 1, 1000),
		},
		run: runLoad,
	}
}

// runLoad counts in how many draws each node was. The loads of one run are not quite
// independent, as their sum is fixed: that makes the test a little too lenient, by 1 of as
// many degrees of freedom as there are groups.
func runLoad(s *settings) (*Outcome, error) {
	var ps, dispersions []float64
	var all []int
	var taken, nodes float64
	for i := range s.whole("runs") {
		this, err := shipped("laws/approver-load.yaml", s.seed()+uint64(i), s.sets)
		if err != nil {
			return nil, err
		}
		run, err := sim.Run(this, sim.Options{})
		if err != nil {
			return nil, err
		}
		var loads []int
		for _, n := range run.Nodes {
			loads = append(loads, n.Approvals)
		}
		if run.Summary.Approval == nil || run.Summary.Approval.Draws == 0 {
			return nil, errors.New("the run has no draws: want approvals in workload")
		}
		// The mean is that of the run, which is known: each draw takes as many nodes.
		mean, variance := stat.MeanVariance(floats(loads), nil)
		of := distuv.Poisson{Lambda: mean}
		ps = append(ps, fitsCounts(tally(loads), func(k int) float64 { return of.Prob(float64(k)) }))
		dispersions = append(dispersions, variance/mean)
		all, taken, nodes = append(all, loads...), mean/float64(run.Summary.Approval.Draws), float64(len(loads))
	}
	// All runs together are the curve.
	mean := stat.Mean(floats(all), nil)
	of := distuv.Poisson{Lambda: mean}
	seen, formula := plots.Curve{Name: "simulated", Marks: true}, plots.Curve{Name: "Poisson"}
	for k, n := range tally(all) {
		seen.Add(float64(k), float64(n)/float64(len(all)))
		formula.Add(float64(k), of.Prob(float64(k)))
	}
	return &Outcome{
		Rows: []Row{
			rejected(fmt.Sprintf("of %d runs, those whose loads differ with p below 0.01 (chi-square)", len(ps)), ps, 1),
			// The sum over the nodes of (x - mean)^2 / mean has a chi-square distribution.
			within(fmt.Sprintf("variance of the load over its mean of %.3g", mean), stat.Mean(dispersions, nil), 1-taken,
				4*math.Sqrt(2/(nodes*float64(len(ps))))),
		},
		Charts: []plots.Chart{{Name: "load", Title: "Load of approvers", X: "draws that a node was in", Y: "share of nodes",
			Curves: []plots.Curve{formula, seen}}},
	}, nil
}
