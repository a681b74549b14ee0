package documents

import (
	"slices"

	"spreadable/core/host"
)

// shares lets several ask for something that can only be done a few times at once. Each
// asker has a share of it. Those that want more wait, and askers that wait come one after
// the other, each with the one of theirs that has waited longest.
type shares[K comparable] struct {
	most, share, line int // at a time: of all, of one asker; and how many of one may wait
	running           int
	askers            map[K]*asker
	ring              []K // that wait, the next first
}

type asker struct {
	running int
	waiting []func() // let one go on
}

// enter waits for a turn, and reports whether there is one: false if too many wait. The
// key of the wait must be unique. After a turn there must be a leave.
func (s *shares[K]) enter(t *host.Task, h *host.Host, k K, key string) bool {
	if s.askers == nil {
		s.askers = make(map[K]*asker)
	}
	a := s.askers[k]
	if a == nil {
		a = &asker{}
		s.askers[k] = a
	}
	if s.running < s.most && a.running < s.share && len(a.waiting) == 0 {
		s.running++
		a.running++
		return true
	}
	if len(a.waiting) >= s.line {
		return false
	}
	if len(a.waiting) == 0 {
		s.ring = append(s.ring, k)
	}
	a.waiting = append(a.waiting, h.Lock(t, key))
	h.Lock(t, key)()
	return true
}

// waits reports whether a turn would have to be waited for.
func (s *shares[K]) waits(k K) bool {
	a := s.askers[k]
	return s.running >= s.most || a != nil && (a.running >= s.share || len(a.waiting) > 0)
}

// leave ends a turn, and begins those that are free now.
func (s *shares[K]) leave(k K) {
	s.running--
	a := s.askers[k]
	if a.running--; a.running == 0 && len(a.waiting) == 0 {
		delete(s.askers, k)
	}
	for s.running < s.most {
		i := slices.IndexFunc(s.ring, func(k K) bool { return s.askers[k].running < s.share })
		if i < 0 {
			return
		}
		s.next(i)
	}
}

// next begins a turn of an asker that waits.
func (s *shares[K]) next(i int) {
	k := s.ring[i]
	a := s.askers[k]
	begin := a.waiting[0]
	a.waiting = a.waiting[1:]
	s.ring = slices.Delete(s.ring, i, i+1)
	if len(a.waiting) > 0 {
		s.ring = append(s.ring, k)
	}
	s.running++
	a.running++
	begin()
}
