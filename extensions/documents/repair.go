package documents

import (
	"maps"
	"math"
	"slices"
	"time"

	"spreadable/core/host"
)

// Repair in the background: when nodes leave or come, and now and then, each node looks
// whether what it keeps is kept by enough others. Of the holders of the newest version, the
// one nearest to the key makes the copies that are missing, so that it is done once. What
// fails is tried again. Those that are furthest from the key give up their copies if there
// are more than wanted: see surplus.go.

type repair struct {
	running, again bool
	failed         bool          // this look could not ask, or has not made all copies
	retry          time.Duration // the pause after the last look, if that has failed
	planned        time.Duration // the next look; 0 for none
	ended          time.Duration // the last look
	free           time.Duration // when the next copy may be sent
	mended         *host.Cache[string, struct{}]
	surplus        []surplus // found by this look
	peak           peak
}

const (
	mendedKeys  = 1 << 14
	forgetEvery = time.Hour // looks for tombstones whose time is over
	forgetSlice = 1000
	// repairAnswer bounds the holders in one answer, and so the keys of one question.
	repairAnswer = 8000
)

func (s *Store) offerRepair() {
	s.offerHeld()
	s.repair.mended = host.NewCache[string, struct{}](s.host, mendedKeys, mendAgain)
	s.host.Every("forget", min(forgetEvery, 10*s.seenEvery()), s.forget)
	if s.options.NoRepair {
		return
	}
	s.host.OnMembers(func(t *host.Task, _ host.Change) { s.repairSoon() })
	s.host.Every("repair", s.options.RepairEvery, func(*host.Task) { s.repairSoon() })
}

// forget drops tombstones whose time is over.
func (s *Store) forget(t *host.Task) {
	for _, c := range s.shelves {
		for after, more := "", true; more; t.Sleep(pause) {
			after = c.forget(after, s.host.Wall(), forgetSlice)
			more = after != ""
		}
	}
}

// repairSoon plans a look, at a moment of the next pause so that nodes do not work
// together.
func (s *Store) repairSoon() {
	r := &s.repair
	if r.running {
		r.again = true
		return
	}
	s.planRepair(s.options.RepairPause)
}

// planRepair plans a look so long after the last one, unless one is planned for that time or
// before.
func (s *Store) planRepair(pause time.Duration) {
	r := &s.repair
	spread := s.options.RepairPause / 4
	at := max(s.host.Now(), r.ended+pause)
	if r.planned != 0 && r.planned <= at+spread {
		return
	}
	at += time.Duration(s.host.Rand().Int64N(int64(spread) + 1))
	r.planned = at
	s.host.Later(at-s.host.Now(), func(t *host.Task) {
		if r.running || r.planned != at {
			return // another look was planned for an earlier time
		}
		r.planned, r.running, r.failed = 0, true, false
		s.repairAll(t)
		r.running, r.ended = false, s.host.Now()
		s.repairAgain()
	})
}

// repairAgain plans the next look, if this one calls for it: what fails again and again is
// tried ever more seldom.
func (s *Store) repairAgain() {
	r := &s.repair
	pause := s.options.RepairPause
	if !r.failed {
		r.retry = 0
	} else if r.retry = max(pause, min(2*r.retry, s.options.RepairEvery)); !r.again {
		pause = r.retry
	}
	if r.again || r.failed {
		r.again = false
		s.planRepair(pause)
	}
}

// repairAll looks at all that this node keeps.
func (s *Store) repairAll(t *host.Task) {
	s.repair.surplus = nil
	for _, c := range s.shelves {
		if c.doubt.on {
			continue // settle does it
		}
		for after, more := "", true; more; {
			wanted, _ := c.wanted(s.host.NetworkSize())
			most := max(1, min(MaxKeys, repairAnswer/wanted))
			var keys []string
			c.scan(after, func(r *Record) bool {
				keys = append(keys, r.Key)
				return len(keys) < most
			})
			if more = len(keys) == most; len(keys) > 0 {
				after = keys[len(keys)-1]
				s.repairKeys(t, c, keys)
			}
		}
	}
	s.giveUp(t)
}

// repairKeys looks at some documents of this node: it pulls those that others have newer,
// and makes copies of those for which it is the nearest.
func (s *Store) repairKeys(t *host.Task, c *shelf, keys []string) {
	wanted, _ := c.wanted(s.host.NetworkSize())
	a, coverage, err := s.ask(t, wantedKeys{Collection: c.Name, Keys: keys, Places: spares(wanted)})
	if err != nil || 2*coverage.Answered < coverage.Asked {
		s.repair.failed = true
		return // the others may be all right: the next look will tell
	}
	wanted, _ = c.wanted(max(s.host.NetworkSize(), coverage.Asked))
	self := s.host.Address(s.host.Self())
	most, _ := c.wanted(s.repair.peak.of(s.host.Now(), s.options.RepairEvery, max(s.host.NetworkSize(), coverage.Asked)))
	free := &places{s, a.Places}
	var list []*assignment
	pulls := make(map[string][]string) // by who has a newer version
	for i := range a.Found {
		f := &a.Found[i]
		newest, _ := f.split()
		if !slices.Contains(newest, self) {
			pulls[newest[0]] = append(pulls[newest[0]], f.Key)
			continue
		}
		r, sorted := c.get(f.Key), nearest(f.Key, newest)
		if r.Version != f.Version {
			continue // written meanwhile
		}
		if sorted[0] == self {
			made := len(newest)
			if assigned := s.assign(free, r, f, wanted); assigned != nil {
				list = append(list, assigned)
				made += len(assigned.targets)
			}
			s.repair.failed = s.repair.failed || made < wanted
		}
		s.notice(c, &r, sorted[:slices.Index(sorted, self)], max(wanted, most))
	}
	s.distribute(t, c, list, nil)
	for _, a := range list {
		s.repair.failed = s.repair.failed || len(a.holders) < len(a.targets)
	}
	for _, from := range slices.Sorted(maps.Keys(pulls)) {
		s.pull(t, c, from, pulls[from])
	}
}

// pull fetches newer versions of what this node keeps.
func (s *Store) pull(t *host.Task, c *shelf, from string, keys []string) {
	records := make(map[string]Record, len(keys))
	space := math.MaxInt
	s.fetchSome(t, c, from, slices.Clone(keys), records, &space)
	for _, key := range keys {
		r, got := records[key]
		if !got || r.Version.Ahead(s.host.Wall()) > s.options.MaxSkew {
			s.repair.failed = true
			continue
		}
		if _, err := c.take(&r, true); err == nil {
			s.counts.repaired.Add(1)
		}
	}
}

// pace waits until so many bytes of repair may be sent.
func (s *Store) pace(t *host.Task, bytes int) {
	now := s.host.Now()
	start := max(now, s.repair.free)
	s.repair.free = start + time.Duration(float64(bytes)/float64(s.options.RepairRate)*float64(time.Second))
	t.Sleep(start - now)
}
