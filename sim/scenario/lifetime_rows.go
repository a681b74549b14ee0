package scenario

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// LifetimeDistribution is how long nodes stay, or stay away. All times are in seconds and
// above 0. What it draws depends on the source alone, so that a run is the same to the bit
// with any number of workers.
type LifetimeDistribution interface {
	// Draw draws a whole time.
	Draw(rand.Source) float64
	// Residual draws what is left of a time that is under way at a random instant. Its
	// density is (1 - F(x)) / Mean, where F is the distribution function of whole times.
	Residual(rand.Source) float64
	// Mean is the mean of whole times. It must be finite: without a mean there is no
	// equilibrium, in which a run could begin.
	Mean() float64
}

// LifetimeRow is a distribution of lifetimes as scenario files know it.
type LifetimeRow struct {
	Name LifetimeModel

	// Lengths are the keys that say how long: of mean, median and scale. A file gives one
	// of them.
	Lengths []string

	// LeastShape and MostShape bound the key shape. Both are 0 for a model without one.
	LeastShape, MostShape float64

	// Build makes the distribution. Its keys have been checked by then. It is nil for the
	// models of this package, which package population makes.
	Build func(Lifetime) (LifetimeDistribution, error)
}

// Limits of the parameters of lifetimes. Beyond them a distribution is hardly one: nearly
// all times are the same, or nearly all of the time is in a few.
const (
	leastShape = 0.1
	mostShape  = 100
	leastSigma = 0.01
	mostSigma  = 5
)

// lifetimeRows are the distributions of this package. At a shape of 1 or less the mean of a
// pareto is infinite.
func lifetimeRows() []LifetimeRow {
	return []LifetimeRow{
		{Name: ExponentialLife, Lengths: []string{"mean", "median"}},
		{Name: WeibullLife, Lengths: []string{"mean", "median", "scale"}, LeastShape: leastShape, MostShape: mostShape},
		{Name: ParetoLife, Lengths: []string{"mean", "median", "scale"}, LeastShape: 1 + leastShape, MostShape: mostShape},
		{Name: LognormalLife, Lengths: []string{"mean", "median"}, LeastShape: leastSigma, MostShape: mostSigma},
	}
}

// lifetimeModels are the names of all distributions that there are.
func (s *Scenario) lifetimeModels() []string {
	var names []string
	for _, row := range append(lifetimeRows(), s.lifetimes...) {
		names = append(names, string(row.Name))
	}
	return names
}

// lifetimeRow is the row of a model; an empty one when there is none.
func (s *Scenario) lifetimeRow(model LifetimeModel) LifetimeRow {
	for _, row := range append(lifetimeRows(), s.lifetimes...) {
		if row.Name == model {
			return row
		}
	}
	return LifetimeRow{}
}

// takesShape reports whether the model has a shape.
func (r LifetimeRow) takesShape() bool { return r.MostShape > 0 }

// Distribution makes the distribution of a model of another module. It is false for those
// of this package, which package population makes.
func (s *Scenario) Distribution(l Lifetime) (d LifetimeDistribution, made bool) {
	row := s.lifetimeRow(l.Model)
	if row.Build == nil {
		return nil, false
	}
	d, err := row.Build(l)
	return d, err == nil // the file has been checked
}

// checkBuilt makes a distribution of another module, to see whether it can be.
func (s *Scenario) checkBuilt(path string, l Lifetime) error {
	row := s.lifetimeRow(l.Model)
	if row.Build == nil {
		return nil
	}
	d, err := row.Build(l)
	if err == nil {
		if mean := d.Mean(); !(mean > 0) || math.IsInf(mean, 1) {
			err = fmt.Errorf("model %s has the mean %v s: expected one above 0, and finite", l.Model, mean)
		}
	}
	if err != nil {
		return s.errorf(path, "%s: %w", path, err)
	}
	return nil
}

// meanOf is the mean of a distribution, in seconds.
func (s *Scenario) meanOf(l Lifetime) float64 {
	if d, made := s.Distribution(l); made {
		return d.Mean()
	}
	return l.ScaleOf().Seconds() * l.Model.unitMean(float64(l.Shape))
}
