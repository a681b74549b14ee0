package files

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/host"
)

// Remove removes a file from all nodes that can be reached, with a proof that the asker
// may. It returns how many copies are gone. If some nodes did not answer it is tried again
// later. A node that is away removes its copy when it is back, as long as the others
// remember the removal.
func (s *Store) Remove(t *host.Task, r Removal) (int, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	a, coverage, err := s.askRemove(t, &r)
	switch {
	case err != nil:
		return 0, err
	case a == nil || a.Removed+a.Denied == 0:
		return 0, ErrNotFound
	case a.Removed == 0:
		return 0, ErrDenied
	}
	s.count.removed.Add(1)
	if coverage.Answered < coverage.Asked {
		s.h.Later(removeAgain, func(t *host.Task) { s.removeLater(t, &r, removeAttempts) })
	}
	return a.Removed, nil
}

// How often a removal that has not reached all nodes is tried again, and after what time.
const (
	removeAttempts = 5
	removeAgain    = 30 * time.Second // a sync makes a node that was silent one that has left
)

func (s *Store) removeLater(t *host.Task, r *Removal, attempts int) {
	_, coverage, err := s.askRemove(t, r)
	if (err != nil || coverage.Answered < coverage.Asked) && attempts > 1 {
		s.h.Later(removeAgain, func(t *host.Task) { s.removeLater(t, r, attempts-1) })
	}
}

// ErrDenied says that a removal has no right to the file.
var ErrDenied = errors.New("neither the token nor the signature is right for this file")

// workRemove removes the own copy.
func (s *Store) workRemove(t *host.Task, r *Removal) (*removedAnswer, error) {
	f := s.file(r.Key)
	if f == nil {
		return nil, nil
	}
	late := r.Token == "" && r.Expires < int64(s.h.Wall()/time.Second)
	if late || !r.proves(f) {
		return &removedAnswer{Denied: 1}, nil
	}
	return &removedAnswer{Removed: 1}, s.removeProven(t, &tombstone{*r, max(s.now(), f.Added)})
}

// removeProven removes the own copy and remembers why.
func (s *Store) removeProven(t *host.Task, g *tombstone) error {
	defer s.h.Lock(t, "put "+g.Key.String())()
	if err := s.put(goneRecord, g.Key, g); err != nil {
		return err
	}
	holders := slices.Clone(s.former[g.Key])
	if e := s.index[g.Key]; e != nil {
		holders = append(holders, e.holders...)
	}
	s.drop(t, g.Key)
	s.owe(g.Key, holders)
	s.reports.Add(g.Key)
	return nil
}

func mergeRemoved(_ *Removal, answers []host.Given[removedAnswer]) *removedAnswer {
	all := &removedAnswer{}
	for _, a := range answers {
		all.Removed += a.Answer.Removed
		all.Denied += a.Answer.Denied
	}
	return all
}

func validRemoved(_ *Removal, a *removedAnswer) error {
	if a.Removed < 0 || a.Denied < 0 {
		return errors.New("less than none were removed")
	}
	return nil
}

// expire forgets removals that are old enough.
func (s *Store) expire() {
	oldest := s.now() - time.Duration(s.options.Tombstones).Milliseconds()
	var old []host.Key
	s.scan(goneRecord, func(key host.Key, _ []byte) {
		if g := s.gone(key); g == nil || g.At < oldest {
			old = append(old, key)
		}
	})
	for _, key := range old {
		s.h.Bucket().Delete(record(goneRecord, key))
		s.owing(key, nil)
	}
}

// repeatEvery is how often removals are repeated at most.
const repeatEvery = time.Minute

// repeat repeats removals of files that nodes which have joined, or were cut off, still
// have: they could make copies again. A file that was stored again has another token, so
// an old removal does it no harm.
func (s *Store) repeat(t *host.Task) {
	if !s.newcomers || s.h.Now()-s.repeated < repeatEvery {
		return
	}
	s.newcomers, s.repeated = false, s.h.Now()
	var keys []host.Key
	s.scan(goneRecord, func(key host.Key, _ []byte) { keys = append(keys, key) })
	for batch := range slices.Chunk(keys, mostKeys) {
		a, _, err := s.askCopies(t, &copiesQuestion{batch})
		if err != nil || a == nil {
			continue
		}
		for i, key := range batch {
			if g := s.gone(key); g != nil && g.Token != "" && len(a.holders(i)) > 0 {
				// what it does not reach now is repeated when the next node joins
				_, _, _ = s.askRemove(t, &g.Removal)
			}
		}
	}
}
