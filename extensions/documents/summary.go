package documents

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/internal/summary"
)

// How a question by keys is spared most nodes. Each slave reports to its master the keys of
// all its records, deletions included (package summary). A master answers for a slave that
// has none of the keys, and asks only the others. Nothing may be missed by that: a write
// relies on what is found.
//
// A holder that has taken a new key would have to report it before it acknowledges the
// copy, which costs a request for each. So the question with which a write begins announces
// its keys: the masters remember them for a while, and ask all slaves for them, until each
// slave has reported all that it had when the copies of that write were made. A copy that
// no master expects, or comes late, is reported before it is acknowledged.

const (
	falseRate = 0.0005 // share of keys for which a summary is wrong

	reportEvery = 10 * time.Second
	// reportFresh is how old what a report says may be.
	reportFresh = 3 * reportEvery
	// A copy that is sent later than announceFor after the question is not announced. Those
	// that are have been acknowledged within settledAfter, or are not counted.
	announceFor  = 5 * time.Second
	settledAfter = announceFor + copyTimeout
	// Announcements are remembered for at least announceLife: longer than a master relies on
	// a report. If there are more than mostAnnounced, all keys count as announced.
	announceLife  = reportFresh + 2*settledAfter
	mostAnnounced = 1 << 17
)

// state is what a node tells its master beside its keys.
type state struct {
	// Ask says that the node doubts what it has, so only it can answer.
	Ask bool `json:",omitempty"`
	// Documents is how many documents it has, by collection, of those that can take more.
	Documents map[string]int
}

func (s *Store) offerReports() {
	if s.options.AskAll {
		return
	}
	s.reports = summary.Offer(s.host, summary.Options[state]{
		Fresh: reportFresh, Rate: falseRate, Count: s.records, Keys: s.allKeys, Tell: s.state,
		Check: func(told *state) error {
			if len(told.Documents) > mostCollections {
				return errors.New("too many collections")
			}
			return nil
		},
	})
	s.host.Node().OnSync(func(t *host.Task) {
		s.reports.Prune()
		s.reports.Settle(t)
		s.reports.Withdraw(t)
	})
	s.host.Every("report", reportEvery, func(t *host.Task) { s.reports.Report(t) })
}

// sum is a key of a collection in a summary.
func sum(collection, key string) host.Key { return sha256.Sum256([]byte(collection + "\x00" + key)) }

func (s *Store) records() (count int) {
	for _, c := range s.shelves {
		count += c.documents + c.tombstones
	}
	return count
}

func (s *Store) allKeys(add func(host.Key)) {
	for _, c := range s.shelves {
		c.scanKeys(func(key string) { add(sum(c.Name, key)) })
	}
}

func (s *Store) state() state {
	told := state{Documents: make(map[string]int)}
	for _, c := range s.shelves {
		told.Ask = told.Ask || c.away()
		if c.takesMore() {
			told.Documents[c.Name] = c.documents
		}
	}
	return told
}

// knownOf says what this node, a master, knows of the answers of its slaves.
func (s *Store) knownOf(q *wantedKeys) func(slave host.Peer) (*located, bool) {
	if s.reports == nil {
		return nil
	}
	now, list := s.host.Now(), make([]expected, len(q.Keys))
	for i, key := range q.Keys {
		list[i].sum = sum(q.Collection, key)
		list[i].announced = s.announced.of(list[i].sum) // by others
		if q.Writes {
			s.announced.add(now, list[i].sum)
		}
	}
	if q.All {
		return nil
	}
	return func(slave host.Peer) (*located, bool) {
		r := s.reports.Of(s.host.Address(slave))
		if r == nil || r.Told.Ask || !r.Fresh(now, reportFresh) {
			return nil, false
		}
		for i := range list {
			if x := &list[i]; r.Sure < x.announced || r.May(x.sum) {
				return nil, false
			}
		}
		a := &located{}
		if documents, takes := r.Told.Documents[q.Collection]; takes && q.Places > 0 {
			a.Places = []place{{Documents: documents}}
		}
		if len(a.Places) == 0 && !q.Turns {
			a = nil
		}
		return a, true
	}
}

// expected is a key that is asked for, and since when the copies of a write that has
// announced it are made.
type expected struct {
	sum       host.Key
	announced time.Duration
}

// announcements are keys of which copies are about to be made, and when these will be
// there, at a master.
type announcements struct {
	since      time.Duration // when young was begun
	young, old map[host.Key]time.Duration
	all        time.Duration // of all keys
}

func (a *announcements) add(now time.Duration, key host.Key) {
	if a.young == nil || now-a.since > announceLife {
		a.since, a.old, a.young = now, a.young, make(map[host.Key]time.Duration)
	}
	if len(a.young) >= mostAnnounced {
		a.young, a.old, a.all = make(map[host.Key]time.Duration), nil, now+settledAfter
	}
	a.young[key] = now + settledAfter
}

// of is the time until which copies of a key may be made that this node does not know of.
func (a *announcements) of(key host.Key) time.Duration {
	return max(a.young[key], a.old[key], a.all)
}

// reported reports whether copies that this node has just taken are known to its master as
// far as that is necessary. It is not of keys that were here before; nor of those of a write
// that went through the master, which expects them.
func (s *Store) reported(t *host.Task, q *copies, fresh bool) bool {
	if s.reports == nil || !fresh && !s.unreported {
		return true
	}
	others := slices.DeleteFunc(s.reports.RelyOn(), func(master string) bool { return master == q.Announced && !s.unreported })
	master := s.host.Node().Structure().Backlink
	expected := q.Announced != "" && !s.unreported && !master.IsZero() && s.host.Address(master) == q.Announced
	s.unreported = len(others) > 0 || !expected && !s.reports.Settle(t)
	return !s.unreported
}

// announcement says which masters know of the copies that a write makes, and how long that
// holds.
type announcement struct {
	began   time.Duration
	masters map[string]string // of nodes, by address
}

// announce begins a write, before its question.
func (s *Store) announce() *announcement { return &announcement{began: s.host.Now()} }

// through notes which masters have been asked: those of the places that they have named.
func (a *announcement) through(list []place) {
	a.masters = make(map[string]string, len(list))
	for _, p := range list {
		a.masters[p.Address] = p.Master
	}
}

// to is the master that knows of a copy which is sent to a node now; "" for none.
func (a *announcement) to(s *Store, node host.Peer) string {
	if s.host.Now() > a.began+announceFor {
		return ""
	}
	return a.masters[s.host.Address(node)]
}
