package files

import (
	"cmp"
	"errors"
	"slices"

	"spreadable/core/host"
)

// localCopies says which of the files this node has, and which were removed.
func (s *Store) localCopies(q *copiesQuestion) (*copiesAnswer, error) {
	a := &copiesAnswer{}
	var has []int
	for i, key := range q.Keys {
		if s.Has(key) {
			has = append(has, i)
		} else if g := s.gone(key); g != nil {
			a.Gone = append(a.Gone, removed{i, *g})
		}
	}
	if len(has) > 0 {
		a.Nodes = []holding{{Has: has}}
	}
	if len(a.Nodes)+len(a.Gone) == 0 {
		return nil, nil
	}
	return a, nil
}

// mergeCopies puts what nodes have into one list, in order of their addresses. A node can
// only speak for itself.
func (s *Store) mergeCopies(_ *copiesQuestion, answers []host.Given[copiesAnswer]) *copiesAnswer {
	all := &copiesAnswer{}
	for _, a := range answers {
		for _, n := range a.Answer.Nodes {
			if a.Leaf {
				n.At = s.h.Address(a.By)
			}
			all.Nodes = append(all.Nodes, n)
		}
		all.Gone = append(all.Gone, a.Answer.Gone...)
	}
	slices.SortStableFunc(all.Nodes, func(a, b holding) int { return cmp.Compare(a.At, b.At) })
	all.Nodes = slices.CompactFunc(all.Nodes, func(a, b holding) bool { return a.At == b.At })
	// of each file, the latest removal
	slices.SortStableFunc(all.Gone, func(a, b removed) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(b.Proof.At, a.Proof.At))
	})
	all.Gone = slices.CompactFunc(all.Gone, func(a, b removed) bool { return a.Index == b.Index })
	return all
}

var errCopies = errors.New("copies of files that were not asked for")

// validCopies is what every honest answer is.
func validCopies(q *copiesQuestion, a *copiesAnswer) error {
	for _, n := range a.Nodes {
		if len(n.Has) == 0 || !ascending(n.Has, len(q.Keys)) {
			return errCopies
		}
	}
	indices := make([]int, len(a.Gone))
	for i, g := range a.Gone {
		indices[i] = g.Index
	}
	if !ascending(indices, len(q.Keys)) {
		return errCopies
	}
	return nil
}

// ascending reports whether numbers rise, from 0 or above to below an end.
func ascending(list []int, end int) bool {
	last := -1
	for _, i := range list {
		if i <= last || i >= end {
			return false
		}
		last = i
	}
	return true
}

// JSONSize is about how long the answer is as JSON: a simulation need not encode it.
func (a *copiesAnswer) JSONSize() int {
	size := 16
	for _, n := range a.Nodes {
		size += 32 + len(n.At) + 4*len(n.Has)
	}
	return size + 300*len(a.Gone)
}

// Copies are the addresses of all nodes that keep a file. It asks all nodes.
func (s *Store) Copies(t *host.Task, key host.Key) ([]string, host.Coverage, error) {
	a, coverage, err := s.askCopies(t, &copiesQuestion{[]host.Key{key}})
	if err != nil || a == nil {
		return nil, coverage, err
	}
	return a.holders(0), coverage, nil
}

// holders are the addresses of the nodes that have one of the files.
func (a *copiesAnswer) holders(index int) (list []string) {
	for _, n := range a.Nodes {
		if _, has := slices.BinarySearch(n.Has, index); has {
			list = append(list, n.At)
		}
	}
	return list
}

// Locate finds some nodes that keep a file, this one first: by a holder that was found
// before, then by the summaries of the masters, then by asking all nodes. The error is
// ErrNotFound, or says why not all could be asked.
func (s *Store) Locate(t *host.Task, key host.Key) ([]string, error) {
	if s.Has(key) {
		return []string{s.self()}, nil
	}
	if at, found := s.known.Get(key); found && s.stillHas(t, key, at) {
		return []string{at}, nil
	}
	s.known.Remove(key)
	if found := s.search(t, whereQuestion{Key: key}, true); len(found.holders) > 0 {
		at := found.holders[s.h.Rand().IntN(len(found.holders))]
		s.known.Set(key, at)
		return found.holders, nil
	}
	s.count.misses.Add(1)
	a, coverage, err := s.askAny(t, &copiesQuestion{[]host.Key{key}})
	switch {
	case err != nil:
		return nil, err
	case a != nil && len(a.Nodes) > 0:
		return a.holders(0), nil
	case coverage.Answered < coverage.Asked:
		return nil, refuse(codeNone, "of %d nodes that were asked for the file, %d have answered, and none has it", coverage.Asked, coverage.Answered)
	}
	return nil, ErrNotFound
}

// stillHas asks a holder that was found before.
func (s *Store) stillHas(t *host.Task, key host.Key, at string) bool {
	p, err := s.h.Peer(at)
	if err != nil {
		return false
	}
	a, err := s.askHas(t, p, &hasQuestion{key}, nil)
	return err == nil && a != nil && a.File != nil
}

// describe asks the holders of a file, one after the other, what it is.
func (s *Store) describe(t *host.Task, key host.Key, holders []string) *File {
	if s.Has(key) {
		return s.file(key)
	}
	for _, p := range s.peers(holders) {
		if a, err := s.askHas(t, p, &hasQuestion{key}, nil); err == nil && a != nil && a.File != nil {
			return a.File
		}
	}
	return nil
}
