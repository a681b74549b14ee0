package experiment

import (
	"slices"

	"spreadable/sim/scenario"
	"spreadable/sim/stats"
)

// Schedule says which run is next. It is not for several goroutines at once.
type Schedule struct {
	folder  *Folder
	waiting []Task // the longest first
	Runs    int    // of the plan, as far as they are known
	Done    int    // of these, those that need no run any more

	// Of each variant that is repeated until its numbers are known well enough:
	planned []int // repetitions that are among Runs
	pending []int // of these, those that are not done
}

// NewSchedule plans what a folder lacks of its sweep, or of a shard of that.
func NewSchedule(f *Folder, shard Shard) (*Schedule, error) {
	s := &Schedule{folder: f}
	x := &f.Index
	if x.Repeat.Count == 0 {
		s.planned, s.pending = make([]int, len(x.Variants)), make([]int, len(x.Variants))
		for i := range x.Variants {
			if err := s.extend(i); err != nil {
				return nil, err
			}
		}
		return s, nil
	}
	done, err := f.Done()
	if err != nil {
		return nil, err
	}
	for _, t := range x.tasks(shard) {
		s.Runs++
		if done[t.Key] {
			s.Done++
		} else {
			s.waiting = append(s.waiting, t)
		}
	}
	return s, nil
}

// Next takes the longest run that waits and fits into so much memory; false if there is
// none now. With no run in progress any fits.
func (s *Schedule) Next(memory int64, idle bool) (Task, bool) {
	for i, t := range s.waiting {
		if idle || t.Memory <= memory {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			return t, true
		}
	}
	return Task{}, false
}

// Left are the runs that wait.
func (s *Schedule) Left() []Task { return s.waiting }

// Finish notes that a run is done, and plans further repetitions of its variant if they
// are wanted.
func (s *Schedule) Finish(t Task) error {
	s.Done++
	if s.pending == nil {
		return nil
	}
	if s.pending[t.Variant]--; s.pending[t.Variant] > 0 {
		return nil
	}
	return s.extend(t.Variant)
}

// extend plans the next repetitions of a variant that is repeated until its numbers are
// known well enough.
func (s *Schedule) extend(variant int) error {
	want, enough, err := s.folder.Index.judged(s.folder, variant)
	if err != nil {
		return err
	}
	if !enough {
		want = max(scenario.LeastJudged, want+1)
	}
	for s.planned[variant] < want {
		s.planned[variant]++
		s.Runs++
		if t := s.folder.Index.task(variant, s.planned[variant]); s.folder.Has(t.Key) {
			s.Done++
		} else {
			s.waiting = append(s.waiting, t)
			s.pending[variant]++
		}
	}
	slices.SortStableFunc(s.waiting, LongestFirst)
	return nil
}

// judged reads the repetitions of a variant in their order, and says how many count: up
// to the first that makes all numbers known well enough, or all there are. enough says
// that no more are wanted.
func (x *Index) judged(f *Folder, variant int) (have int, enough bool, err error) {
	values := make([][]float64, len(x.Repeat.Until))
	for _, key := range x.Variants[variant].Runs {
		r, err := f.Get(key)
		if err != nil || r == nil {
			return have, false, err
		}
		have++
		for i, u := range x.Repeat.Until {
			if v, ok := r.Value(u.Path); ok {
				values[i] = append(values[i], v)
			}
		}
		if have >= scenario.LeastJudged && x.known(values) {
			return have, true, nil
		}
	}
	return have, true, nil
}

// known reports whether the intervals are as narrow as asked for.
func (x *Index) known(values [][]float64) bool {
	for i, u := range x.Repeat.Until {
		if len(values[i]) < scenario.LeastJudged || !stats.MeanOf(values[i]).Within(u.Share) {
			return false
		}
	}
	return true
}
