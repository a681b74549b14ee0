package behavior

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"spreadable/core/peer"
)

// Row is what is remembered of one peer's faults of one kind. A store saves and
// restores rows.
type Row struct {
	Peer      peer.Peer
	Action    Action
	Up, Down  uint32        // faults and good deeds in a row until now; one is 0
	Suspicion float64       // above 0
	Since     time.Duration // of the first fault, since the Unix epoch
	Used      time.Duration // of the last change, since the Unix epoch
}

// Verdict is a ban that a sweep asks for: of which peer, why and for how long. Spoke says
// that the peer has sent a request from its address since the first of its faults that
// are remembered, and since the start of the program.
type Verdict struct {
	Peer   peer.Peer
	Action Action
	Life   time.Duration
	Spoke  bool
}

// MaxRows is how many scores of one action are kept. It is more than a node of the
// largest networks has neighbours, and keeps an attacker with many addresses from
// filling the memory. The score that has not changed for the longest time goes first.
const MaxRows = 4096

// Scores are what one node remembers of the faults of others. The zero value is
// ready and holds no memory until the first fault.
//
// npm also counts a balance of faults and good deeds, which no rule reads; it
// is left out.
type Scores struct {
	*faults  // nil for none
	revision uint32
}

type faults struct {
	rows    []Row       // by peer, then action
	silent  []peer.Peer // those of them that have not spoken since, by id
	actions uint16      // a bit for each action that has had a score: any other is not asked for
}

// Add remembers a fault. The base is its weight before the rule's step, above
// 0: 1, or the failed share when several checks make up one fault. A weight of
// 0 or less is no fault.
func (s *Scores) Add(now time.Duration, r Rule, a Action, p peer.Peer, base float64) {
	if !(base > 0) { // NaN included
		return
	}
	s.revision++
	if s.faults == nil {
		s.faults = new(faults)
	}
	i, found := s.find(a, p)
	if !found && s.forgetOne(a) {
		i, _ = s.find(a, p)
	}
	if !found {
		if !s.hasAny(i, p) {
			at, _ := s.findSilent(p)
			s.silent = slices.Insert(s.silent, at, p)
		}
		s.rows = slices.Insert(s.rows, i, Row{Peer: p, Action: a, Up: 1, Suspicion: base, Since: now, Used: now})
		s.actions |= 1 << a
		return
	}
	row := &s.rows[i]
	// The conversion keeps the compiler from fusing the product with the sum, as some
	// processors can, which would change the last bit.
	row.Suspicion += float64(base * r.step(row.Up))
	if r.Most > 0 {
		row.Suspicion = min(row.Suspicion, r.Most)
	}
	row.Up++
	row.Down = 0
	row.Used = now
}

// forgetOne forgets the score of an action that has not changed for the longest time,
// if the action has MaxRows of them, and reports whether it did.
func (s *Scores) forgetOne(a Action) bool {
	if len(s.rows) < MaxRows {
		return false // the common case
	}
	count, oldest := 0, -1
	for i, row := range s.rows {
		if row.Action == a {
			count++
			if oldest < 0 || row.Used < s.rows[oldest].Used {
				oldest = i
			}
		}
	}
	if count < MaxRows {
		return false
	}
	s.remove(oldest)
	return true
}

// Get returns the score of a peer for one kind of misbehaviour.
func (s *Scores) Get(a Action, p peer.Peer) (Row, bool) {
	if i, found := s.find(a, p); found {
		return s.rows[i], true
	}
	return Row{}, false
}

// Of returns the scores of all peers for one kind of misbehaviour, by peer id. They must
// not change meanwhile.
func (s *Scores) Of(a Action) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		if s.faults == nil || s.actions&(1<<a) == 0 {
			return
		}
		for _, row := range s.rows {
			if row.Action == a && !yield(row) {
				return
			}
		}
	}
}

// Sub remembers a good deed, if there is any fault to weigh it against. A
// suspicion that falls to 0 is forgotten.
func (s *Scores) Sub(now time.Duration, r Rule, a Action, p peer.Peer, base float64) {
	if s.faults == nil || s.actions&(1<<a) == 0 {
		return
	}
	i, found := s.find(a, p)
	if !found || !(base > 0) {
		return
	}
	s.revision++
	row := &s.rows[i]
	row.Suspicion -= base / r.step(row.Down)
	if row.Suspicion <= 0 {
		s.remove(i)
		return
	}
	row.Up = 0
	row.Down++
	row.Used = now
}

// Forget forgets the score of a peer for an action, because what looked like a fault has
// another explanation.
func (s *Scores) Forget(a Action, p peer.Peer) {
	if i, found := s.find(a, p); found {
		s.revision++
		s.remove(i)
	}
}

// step returns the factor of the next fault or good deed, after so many in a row.
func (r Rule) step(inARow uint32) float64 {
	if !r.Exp || inARow == 0 {
		return 1
	}
	return math.Sqrt(float64(inARow))
}

// Heard remembers that a peer has sent a request.
func (s *Scores) Heard(p peer.Peer) {
	if s.AllSpoke() {
		return
	}
	if i, found := s.findSilent(p); found {
		s.silent = slices.Delete(s.silent, i, i+1)
	}
}

// AllSpoke reports whether Heard has nothing to remember, whichever peer it is called
// with.
func (s *Scores) AllSpoke() bool { return s.faults == nil || len(s.silent) == 0 }

// Suspicion returns how suspect the peer is for the action: 0 or more.
func (s *Scores) Suspicion(a Action, p peer.Peer) float64 {
	if i, found := s.find(a, p); found {
		return s.rows[i].Suspicion
	}
	return 0
}

// Len returns how many scores are remembered.
func (s *Scores) Len() int {
	if s.faults == nil {
		return 0
	}
	return len(s.rows)
}

// Sweep is the sync's pass over the scores. It forgets those that did not change for
// longer than their lifetime. It returns which peers to ban, by peer id and action:
// those with a suspicion above the threshold in a score that is older than the delay.
// These scores are forgotten with the verdict. The sync's lifetime is what [Auto]
// refers to.
func (s *Scores) Sweep(now time.Duration, rules *[NumActions]Rule, syncLifetime time.Duration) []Verdict {
	if s.faults == nil {
		return nil
	}
	var verdicts []Verdict
	before := len(s.rows)
	s.rows = slices.DeleteFunc(s.rows, func(row Row) bool {
		rule := rules[row.Action]
		life, delay := rule.lifetimes(syncLifetime)
		if now-row.Used > life {
			return true
		}
		guilty := rule.condemns(row.Suspicion) && now-row.Since > delay
		if guilty {
			_, silent := s.findSilent(row.Peer)
			verdicts = append(verdicts, Verdict{Peer: row.Peer, Action: row.Action, Life: rule.BanLife, Spoke: !silent})
		}
		return guilty
	})
	if len(s.rows) != before {
		s.revision++
		s.tidy()
	}
	return verdicts
}

// Revision returns another number after every change, so that a store can tell
// whether there is anything to save. It wraps around.
func (s *Scores) Revision() uint32 { return s.revision }

// Rows returns a copy of all scores, by peer id and action.
func (s *Scores) Rows() []Row {
	if s.faults == nil {
		return nil
	}
	return slices.Clone(s.rows)
}

// Restore replaces all scores. The rows may come in any order. Rows that no history
// could have left (no peer, no such action, no suspicion) are dropped. Of two for
// the same peer and action the later one counts.
func (s *Scores) Restore(rows []Row) {
	s.faults = new(faults)
	s.revision++
	for _, row := range rows {
		if row.Peer.IsZero() || row.Action >= NumActions || !(row.Suspicion > 0) || math.IsInf(row.Suspicion, 1) {
			continue
		}
		i, found := s.find(row.Action, row.Peer)
		if !found {
			s.rows = slices.Insert(s.rows, i, row)
		}
		s.rows[i] = row
		s.actions |= 1 << row.Action
		if i, found := s.findSilent(row.Peer); !found {
			s.silent = slices.Insert(s.silent, i, row.Peer)
		}
	}
	s.tidy()
}

// find returns the index of a score, or where it belongs.
func (s *Scores) find(a Action, p peer.Peer) (int, bool) {
	if s.faults == nil {
		return 0, false // the common case, asked for every answer
	}
	return slices.BinarySearchFunc(s.rows, p, func(row Row, p peer.Peer) int {
		return cmp.Or(cmp.Compare(row.Peer.ID(), p.ID()), cmp.Compare(row.Action, a))
	})
}

// findSilent returns the index of a peer among the silent, or where it belongs.
func (f *faults) findSilent(p peer.Peer) (int, bool) {
	return slices.BinarySearchFunc(f.silent, p, func(a, b peer.Peer) int { return cmp.Compare(a.ID(), b.ID()) })
}

// hasAny reports whether a peer has any score. Its scores are beside index i.
func (f *faults) hasAny(i int, p peer.Peer) bool {
	return i > 0 && f.rows[i-1].Peer == p || i < len(f.rows) && f.rows[i].Peer == p
}

// remove forgets a score.
func (s *Scores) remove(i int) {
	p := s.rows[i].Peer
	s.rows = slices.Delete(s.rows, i, i+1)
	if at, silent := s.findSilent(p); silent && !s.hasAny(i, p) {
		s.silent = slices.Delete(s.silent, at, at+1)
	}
	if len(s.rows) == 0 {
		s.faults = nil
	}
}

// tidy forgets who is silent of those whose scores are gone.
func (s *Scores) tidy() {
	s.silent = slices.DeleteFunc(s.silent, func(p peer.Peer) bool {
		i, found := s.find(0, p)
		return !found && !s.hasAny(i, p)
	})
	if len(s.rows) == 0 {
		s.faults = nil
	}
}
