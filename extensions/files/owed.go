package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"spreadable/core/host"
)

// How a removal reaches holders that were away. A node that has removed its copy knows which
// others had one, and owes each of them the proof until it has answered. So has a holder that
// removes its copy for such a proof: those that it made copies for hear of it from it.

// goneQuestion brings the proofs of removals.
type goneQuestion struct {
	Proofs []tombstone `json:"proofs"`
}

const (
	mostProofs = 100 // in one question
	// mostOwed bounds the nodes that are told of one removal: a liar could name thousands.
	mostOwed = 32
	// mostTries is after how many syncs a node that does not answer is left alone until
	// there is news of it.
	mostTries = 5
)

func checkGone(_ host.Peer, q *goneQuestion, _ int64) error {
	if len(q.Proofs) > mostProofs {
		return fmt.Errorf("at most %d removals", mostProofs)
	}
	for i := range q.Proofs {
		if err := q.Proofs[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// serveGone removes the own copies of files that were removed elsewhere.
func (s *Store) serveGone(t *host.Task, _ host.Peer, q *goneQuestion, _ *host.Pending) (*nothing, error) {
	var failed error
	for i := range q.Proofs {
		g := &q.Proofs[i]
		if f := s.file(g.Key); f != nil && g.ends(f) {
			failed = errors.Join(failed, s.removeProven(t, g))
		}
	}
	return &nothing{}, failed
}

// owe notes which nodes must hear that a file was removed.
func (s *Store) owe(key host.Key, holders []string) {
	list := s.owed[key]
	for _, address := range holders {
		if address != s.self() && !slices.Contains(list, address) && len(list) < mostOwed {
			list = append(list, address)
		}
	}
	s.owing(key, list)
}

// miss remembers holders that are none any more: one that was only away must hear of it if
// the file is removed. A restart forgets them; then the node finds out at its next count.
func (s *Store) miss(key host.Key, before, now []string) {
	list := s.former[key]
	for _, address := range before {
		if !slices.Contains(now, address) && !slices.Contains(list, address) && len(list) < mostOwed {
			list = append(list, address)
		}
	}
	if len(list) > 0 {
		s.former[key] = list
	}
}

// owing keeps the nodes that must hear of a removal.
func (s *Store) owing(key host.Key, list []string) {
	if len(list) == 0 {
		delete(s.owed, key)
		s.h.Bucket().Delete(record(heldRecord, key))
		return
	}
	s.owed[key] = list
	if err := s.put(heldRecord, key, list); err != nil {
		s.h.Log(host.Warn, "a restart will forget which nodes must hear of a removal", "key", key, "error", err)
	}
}

// loadOwed reads which nodes must hear of removals.
func (s *Store) loadOwed() {
	s.scan(goneRecord, func(key host.Key, _ []byte) {
		var list []string
		if s.index[key] == nil && json.Unmarshal(s.h.Bucket().Get(record(heldRecord, key)), &list) == nil && len(list) > 0 {
			s.owed[key] = list
		}
	})
}

// settleOwed tells nodes of the removals that they have not heard of, each of them some at
// a time.
func (s *Store) settleOwed(t *host.Task) {
	debts := make(map[string][]host.Key)
	for _, key := range sorted(maps.Keys(s.owed)) {
		for _, address := range s.owed[key] {
			if len(debts[address]) < mostProofs && s.tries[address] < mostTries {
				debts[address] = append(debts[address], key)
			}
		}
	}
	for _, address := range slices.Sorted(maps.Keys(debts)) {
		for _, p := range s.peers([]string{address}) {
			t.Fork(func(t *host.Task) { s.tellGone(t, p, debts[address]) })
		}
	}
}

// tellGone tells a node of removals.
func (s *Store) tellGone(t *host.Task, p host.Peer, keys []host.Key) {
	q, address := &goneQuestion{}, s.h.Address(p)
	for _, key := range keys {
		if g := s.gone(key); g != nil {
			q.Proofs = append(q.Proofs, *g)
		}
	}
	if _, err := s.askGone(t, p, q, nil); err != nil {
		s.tries[address]++
		return
	}
	delete(s.tries, address)
	for _, key := range keys {
		if list := s.owed[key]; list != nil {
			s.owing(key, slices.DeleteFunc(slices.Clone(list), func(a string) bool { return a == address }))
		}
	}
}

// tryAgain lets nodes that are back be told of removals.
func (s *Store) tryAgain(c host.Change) {
	if c.Unknown {
		clear(s.tries)
	}
	for _, p := range c.Joined {
		delete(s.tries, s.h.Address(p))
	}
}
