package documents

import (
	"encoding/binary"
	"slices"
	"time"

	"spreadable/core/host"
)

// A node that was away for longer than tombstones live may have documents that the network
// has deleted and forgotten. So it doubts what it had before: it gives none of that away
// until it has found that another node has it, too, and discards the rest. If half of the
// nodes doubt, it was the network that was away, and all is good.

// doubt is that of a node about a collection.
type doubt struct {
	on    bool
	until time.Duration // versions of this wall time and before are in doubt
	told  time.Duration // until when it tells others that it was away, by Host.Now
}

const (
	seenKey = "s\x00" // the last time at which this node was up, in the bucket
	// settleAgain is the time between attempts to settle doubts. A node that finds itself
	// alone waits so many times longer, because it may not have joined yet.
	settleAgain = time.Minute
	settleAlone = 10
	// tellAway is how long a node counts as one that was away, so that those that start later
	// know that the network was.
	tellAway = time.Hour
)

// doubts reports whether a record is in doubt.
func (s *shelf) doubts(r *Record) bool { return s.doubt.on && r.Version.Time() <= s.doubt.until }

// away reports whether this node doubts, or has come back from where it was for long.
func (s *shelf) away() bool { return s.doubt.on || s.host.Now() < s.doubt.told }

// seenEvery is how often a node writes down that it is up: a fraction of what tombstones
// live.
func (s *Store) seenEvery() time.Duration {
	least := DefaultTombstones
	for _, c := range s.shelves {
		least = min(least, c.Tombstones)
	}
	return min(time.Hour, least/20)
}

func (s *Store) seen() {
	now := binary.BigEndian.AppendUint64(nil, uint64(s.host.Wall()))
	_ = s.host.Bucket().Put(seenKey, now) // in a full bucket the last time stays
}

// wake looks how long the node was away.
func (s *Store) wake() {
	if last := s.host.Bucket().Get(seenKey); len(last) == 8 {
		since := time.Duration(binary.BigEndian.Uint64(last))
		for _, c := range s.shelves {
			if s.host.Wall()-since < c.Tombstones {
				continue
			}
			c.doubt = doubt{true, since + s.options.MaxSkew, s.host.Now() + tellAway}
			s.host.Log(host.Warn, "away for longer than deletions are remembered: what no other node has is discarded",
				"collection", c.Name, "documents", c.documents)
			s.host.Later(settleAgain, func(t *host.Task) { s.settle(t, c, 1) })
		}
	}
	s.seen()
}

// settle ends the doubts about a collection, or tries again later.
func (s *Store) settle(t *host.Task, c *shelf, attempt int) {
	var gone []Record
	for after, more := "", true; more; {
		var keys []string
		c.scan(after, func(r *Record) bool {
			if c.doubts(r) {
				keys = append(keys, r.Key)
			}
			after = r.Key
			return len(keys) < MaxKeys
		})
		if more = len(keys) == MaxKeys; len(keys) == 0 {
			break
		}
		a, coverage, err := s.ask(t, wantedKeys{Collection: c.Name, Keys: keys, All: true})
		if err != nil || 2*coverage.Answered < coverage.Asked || coverage.Asked < 2 && attempt < settleAlone {
			s.host.Later(settleAgain, func(t *host.Task) { s.settle(t, c, attempt+1) })
			return
		}
		if 2*a.Doubts >= coverage.Answered {
			gone = nil
			break
		}
		gone = append(gone, s.unknown(c, a, keys)...)
	}
	for i := range gone {
		if r := c.get(gone[i].Key); r.Version == gone[i].Version {
			c.remove(&r)
		}
	}
	c.doubt.on = false
	s.host.Log(host.Info, "doubts are settled", "collection", c.Name, "discarded", len(gone))
	s.repairSoon()
}

// unknown are this node's records of keys that no other node has.
func (s *Store) unknown(c *shelf, a *located, keys []string) (gone []Record) {
	for _, key := range keys {
		if f := a.of(key); f == nil || !slices.ContainsFunc(f.Holders, func(h holder) bool { return !h.Version.IsZero() }) {
			gone = append(gone, c.get(key))
		}
	}
	return gone
}
