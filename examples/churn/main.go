// Churn is a simulator with a churn model of its own, as a module of its own: nodes are
// phones, which stay until their batteries are empty.
//
//	go run . SCENARIO.yaml
package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// battery is the model. How full a battery is when a node comes is evenly distributed, so a
// session takes anything up to what a full one lasts, in seconds.
type battery struct{ full float64 }

// Draw implements scenario.LifetimeDistribution.
func (b battery) Draw(r rand.Source) float64 { return b.full * (1 - rand.New(r).Float64()) }

// Residual implements scenario.LifetimeDistribution. What is left of a session at a random
// instant has the density (1 - x/full) / (full/2), which falls to 0. Its distribution
// function is 1 - (1 - x/full)²; this is the inverse of that.
func (b battery) Residual(r rand.Source) float64 {
	return b.full * (1 - math.Sqrt(rand.New(r).Float64()))
}

// Mean implements scenario.LifetimeDistribution.
func (b battery) Mean() float64 { return b.full / 2 }

// row is the model as scenario files know it: `session: {model: battery, scale: 20m}`.
func row() scenario.LifetimeRow {
	return scenario.LifetimeRow{
		Name:    "battery",
		Lengths: []string{"scale"},
		Build: func(l scenario.Lifetime) (scenario.LifetimeDistribution, error) {
			return battery{l.Scale.Seconds()}, nil
		},
	}
}

func run(path string) error {
	s, err := scenario.Reader{Lifetimes: []scenario.LifetimeRow{row()}}.Load(path, nil)
	if err != nil {
		return err
	}
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		return err
	}
	c := r.Summary.Churn
	fmt.Printf("%d sessions ended, %d began; %.1f nodes alive in the mean, %.1f %% of them reached\n",
		c.Left, c.Came, c.Alive.Mean, 100*c.Coverage.Mean)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "churn: expected one scenario file")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "churn:", err)
		os.Exit(1)
	}
}
