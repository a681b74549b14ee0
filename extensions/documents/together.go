package documents

import (
	"slices"

	"spreadable/core/host"
)

// Writes of several clients at one node share their questions to the network: a question by
// many keys costs no more requests than one by a single key.

// mostSurveys is how many questions of writes are under way at a time, for each collection.
// Writes that come meanwhile wait for one of these to end and share the next.
const mostSurveys = 4

// surveys are the questions of writes of one collection.
type surveys struct {
	running int
	waiting []*surveyed
}

// surveyed is the wish of one write, and what has been found.
type surveyed struct {
	key   string
	wake  func() // lets its task go on; nil if it does not wait
	asked bool   // by another write, together with that one's key
	there *located
	size  int
	err   error
}

// surveyTogether finds out what is there of a key, maybe together with other keys. The
// question is sent after the call, so nothing older is found than by a question of its own.
func (s *Store) surveyTogether(t *host.Task, c *shelf, key string) (*located, int, error) {
	own := &surveyed{key: key}
	if c.surveys.running >= mostSurveys {
		s.waitForSurvey(t, c, own)
	} else {
		c.surveys.running++
	}
	if own.asked {
		return own.there, own.size, own.err
	}
	defer s.passOn(c)
	s.surveyAll(t, c, append(c.surveys.take(slice-1), own))
	return own.there, own.size, own.err
}

// waitForSurvey returns when it is this write's turn to ask, or another has asked for it.
func (s *Store) waitForSurvey(t *host.Task, c *shelf, own *surveyed) {
	gate := s.unique("survey")
	own.wake = s.host.Lock(t, gate)
	c.surveys.waiting = append(c.surveys.waiting, own)
	s.host.Lock(t, gate)()
}

// take returns the writes that have waited longest, most at most.
func (q *surveys) take(most int) []*surveyed {
	n := min(most, len(q.waiting))
	taken := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return taken
}

// passOn ends a question: the write that has waited longest may ask.
func (s *Store) passOn(c *shelf) {
	if next := c.surveys.take(1); len(next) > 0 {
		next[0].goOn()
		return
	}
	c.surveys.running--
}

// surveyAll asks for the keys of several writes, and gives each what concerns its key. They
// go on even if the question panics.
func (s *Store) surveyAll(t *host.Task, c *shelf, list []*surveyed) {
	for _, w := range list {
		w.asked, w.err = true, errSurvey
		defer w.goOn()
	}
	var keys []string
	for _, w := range list {
		keys = append(keys, w.key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	a, size, err := s.surveyKeys(t, c, wantedKeys{Keys: keys})
	for _, w := range list {
		if w.there, w.size, w.err = nil, size, err; err == nil {
			w.there = a.about(keys, w.key)
		}
	}
}

// errSurvey is what a write gets whose question has failed in this node.
var errSurvey = refusal("FAILED", "this node has failed to ask the network")

// goOn lets the task of a write go on that waits.
func (w *surveyed) goOn() {
	if w.wake != nil {
		w.wake()
		w.wake = nil
	}
}

// about is what an answer says of one of the keys that were asked for.
func (a *located) about(keys []string, key string) *located {
	own := &located{Places: a.Places, Doubts: a.Doubts}
	if f := a.of(key); f != nil {
		own.Found = []found{*f}
	}
	if i, _ := slices.BinarySearch(keys, key); i < len(a.Near) {
		own.Near = a.Near[i : i+1]
	}
	return own
}
