package swarm

import "slices"

// Shrink looks for the smallest plan that fails in the same way as a plan that does, and
// returns it with its failure: one with fewer faults first, then without liars and loss,
// with fewer levels, and then with fewer nodes. A network of another size has other draws. So for each smaller
// size it tries several seeds. Run says how a plan fails, nil if it does not.
func Shrink(p Plan, failure *Failure, run func(Plan) *Failure) (Plan, *Failure) {
	s := &shrinker{best: p, failure: failure, run: run}
	for {
		before := s.best.String()
		s.simplify()
		s.reduce()
		if s.best.String() == before {
			return s.best, s.failure
		}
	}
}

// shrinker has the smallest failing plan so far.
type shrinker struct {
	best    Plan
	failure *Failure
	run     func(Plan) *Failure
}

// try makes a plan the best one if it fails in the same way.
func (s *shrinker) try(p Plan) bool {
	if p.validate() != nil {
		return false
	}
	failure := s.run(p)
	if failure == nil || failure.Kind != s.failure.Kind {
		return false
	}
	s.best, s.failure = p, failure
	return true
}

// simplify leaves out what is not needed: each of the faults, liars, loss, bootstrap
// nodes, levels.
func (s *shrinker) simplify() {
	for i := len(s.best.Faults) - 1; i >= 0; i-- {
		p := s.best
		p.Faults = slices.Delete(slices.Clone(p.Faults), i, i+1)
		s.try(p)
	}
	for _, change := range []func(*Plan){
		func(p *Plan) { p.Lie, p.Liars = "", 0 },
		func(p *Plan) { p.Liars = min(p.Liars, 1) },
		func(p *Plan) { p.Loss = 0 },
		func(p *Plan) { p.Boots = 1 },
		func(p *Plan) { p.Levels = 1 },
		func(p *Plan) { p.Levels = min(p.Levels, 2) },
	} {
		p := s.best
		change(&p)
		if p.String() != s.best.String() {
			s.try(p)
		}
	}
}

// seeds is how many seeds are tried for each smaller size.
const seeds = 12

// reduce looks for the smallest network: all small sizes, then each by a quarter larger.
func (s *shrinker) reduce() {
	for nodes := 2; nodes < s.best.Nodes; nodes = max(nodes+1, nodes*5/4) {
		for i := range uint64(seeds) {
			p := s.best
			p.Nodes, p.Boots, p.Seed = nodes, min(p.Boots, nodes), p.Seed+i
			if s.try(p) {
				return
			}
		}
	}
}
