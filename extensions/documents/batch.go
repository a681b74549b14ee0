package documents

import (
	"maps"
	"slices"

	"spreadable/core/host"
)

// Many documents at the cost of one question. Writes of a batch take no turns: a condition
// is that of the moment at which the batch begins, and the newest write wins.

// Outcome is what has become of one document of a batch.
type Outcome struct {
	Written
	Err error
}

// PutMany writes up to MaxKeys documents, each of its own key. The outcomes are in their
// order.
func (s *Store) PutMany(t *host.Task, collection string, texts [][]byte, ifAbsent bool) ([]Outcome, error) {
	c, err := s.shelf(collection)
	if err != nil {
		return nil, err
	}
	records, outcomes := make([]Record, len(texts)), make([]Outcome, len(texts))
	for i, text := range texts {
		breathe(t, i)
		key, document, err := c.shape(text, s.newKey)
		if err != nil {
			outcomes[i].Err = refusal("DOCUMENT", "%v", err)
		}
		records[i], outcomes[i].Key = Record{Key: key, Document: document}, key
	}
	return outcomes, s.writeMany(t, c, records, outcomes, Write{IfAbsent: ifAbsent})
}

// DeleteMany forgets up to MaxKeys documents, as far as they are there.
func (s *Store) DeleteMany(t *host.Task, collection string, keys []string) ([]Outcome, error) {
	c, err := s.shelf(collection)
	if err != nil {
		return nil, err
	}
	records, outcomes := make([]Record, len(keys)), make([]Outcome, len(keys))
	for i, key := range keys {
		if !isKey(key) {
			outcomes[i].Err = refusal("KEY", "%v", errKey)
		}
		records[i], outcomes[i].Key = Record{Key: key, Deleted: true}, key
	}
	return outcomes, s.writeMany(t, c, records, outcomes, Write{IfPresent: true})
}

var errTwice = refusal("DOCUMENT", "another document of the batch has this key")

// writeMany writes records without versions, but for those whose outcome is an error. All
// have the same condition.
func (s *Store) writeMany(t *host.Task, c *shelf, records []Record, outcomes []Outcome, condition Write) error {
	if len(records) == 0 || len(records) > MaxKeys {
		return refusal("QUESTION", "want 1 to %d at a time", MaxKeys)
	}
	seen := make(map[string]bool, len(records))
	var keys []string
	for i := range records {
		if outcomes[i].Err == nil && seen[records[i].Key] {
			outcomes[i].Err = errTwice
		}
		if outcomes[i].Err == nil {
			seen[records[i].Key] = true
			keys = append(keys, records[i].Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	// Twice the spares of a single write: a batch spreads over more nodes.
	copies, _ := c.wanted(s.host.NetworkSize())
	ask, news := s.ask, s.announce()
	if condition.IfPresent {
		ask = s.askSurely
	}
	there, coverage, err := ask(t, wantedKeys{Collection: c.Name, Keys: keys, Places: spares(2 * copies), Writes: true})
	if err != nil {
		return err
	}
	wanted, acks := c.wanted(max(s.host.NetworkSize(), coverage.Asked))
	news.through(there.Places)
	free := &places{s, there.Places}
	list := make([]*assignment, len(records))
	for i := range records {
		if outcomes[i].Err != nil {
			continue
		}
		old := there.of(records[i].Key)
		if outcomes[i].Err = condition.holds(old); outcomes[i].Err == nil {
			list[i] = s.plan(free, records[i], old, wanted)
		}
	}
	s.writeAll(t, c, list, free, news, acks, wanted)
	for i, a := range list {
		if a != nil {
			outcomes[i] = s.outcome(a, condition, wanted, acks)
		}
	}
	return nil
}

// plan gives a record its version and its nodes: those that have an older one, and others.
func (s *Store) plan(free *places, r Record, old *found, wanted int) *assignment {
	a := &assignment{}
	var holders []string
	r.Version = s.clock.Next(s.host.Wall(), r.Version)
	if old != nil {
		r.Version = s.clock.Next(s.host.Wall(), old.Version)
		for _, h := range old.Holders {
			holders = append(holders, h.Address)
		}
	}
	a.record = r
	a.targets = append(holders, free.pick("batch", holders, wanted-len(holders))...)
	return a
}

// writeAll makes the copies, and once more elsewhere those that nodes have refused.
func (s *Store) writeAll(t *host.Task, c *shelf, list []*assignment, free *places, news *announcement, acks, wanted int) {
	list = slices.DeleteFunc(slices.Clone(list), func(a *assignment) bool { return a == nil })
	s.distribute(t, c, list, news)
	var again []*assignment
	for _, a := range list {
		if len(a.holders) >= acks {
			continue
		}
		a.targets = free.pick("batch", a.targets, wanted-len(a.holders))
		again = append(again, a)
	}
	s.distribute(t, c, again, news)
}

func (s *Store) outcome(a *assignment, condition Write, wanted, acks int) Outcome {
	o := Outcome{Written: Written{a.record.Key, a.record.Version, len(a.holders), wanted}}
	switch {
	case len(a.holders) < acks:
		o.Err = s.few(host.Copied{Holders: make([]host.Peer, len(a.holders))}, acks)
	case a.newer && condition.conditional():
		o.Err = ErrConflict
	case a.record.Deleted:
		s.counts.deleted.Add(1)
	default:
		s.counts.written.Add(1)
	}
	return o
}

// manyBytes is how many bytes of documents GetMany reads, about.
const manyBytes = 4 << 20

// GetMany reads up to MaxKeys documents by one question to the network, and one to some of
// the holders, in the order of the keys. Those that are not there are left out. Rest are
// keys to ask for again: of documents for which there was no space any more, or which are
// there and could not be had, because a holder has not answered.
func (s *Store) GetMany(t *host.Task, collection string, keys []string) (list []Found, rest []string, coverage host.Coverage, err error) {
	c, err := s.shelf(collection)
	if err != nil {
		return nil, nil, coverage, err
	}
	a, coverage, err := s.askSurely(t, wantedKeys{Collection: collection, Keys: slices.Clone(keys)})
	if err != nil {
		return nil, nil, coverage, err
	}
	s.counts.read.Add(uint64(len(keys)))
	size := max(s.host.NetworkSize(), coverage.Asked)
	wanted, _ := c.wanted(size)
	space := manyBytes
	records, silent := s.fetchAll(t, c, a, &space)
	var mend []Record
	for i := range a.Found {
		f := &a.Found[i]
		r, got := records[f.Key]
		if f.Deleted {
			r, got = f.Record, true
		}
		if !got && (space <= 0 || silent[f.Key]) {
			rest = append(rest, f.Key)
		}
		if got && s.lacks(c, f, wanted) {
			mend = append(mend, r)
		}
		if newest, _ := f.split(); got && !r.Deleted {
			list = append(list, Found{f.Key, r.Document, r.Version, len(newest), wanted, coverage})
		}
	}
	s.mendRead(t, c, mend, size)
	return list, rest, coverage, nil
}

// fetchAttempts is how many holders are asked for a document.
const fetchAttempts = 4

// fetchAll reads the documents of what was found: each from one of its holders, from the
// next one if that fails. It ends when the space, in bytes, is used up. Silent are the keys
// for which a holder has been asked that has not answered.
func (s *Store) fetchAll(t *host.Task, c *shelf, a *located, space *int) (records map[string]Record, silent map[string]bool) {
	records, silent = make(map[string]Record, len(a.Found)), make(map[string]bool)
	for attempt := range fetchAttempts {
		from := make(map[string][]string)
		for i := range a.Found {
			f := &a.Found[i]
			newest, old := f.split()
			holders := append(nearest(f.Key, newest), old...) // the newest may be a liar's, of which nothing comes
			if _, got := records[f.Key]; got || f.Deleted || attempt >= len(holders) {
				continue
			}
			from[holders[attempt]] = append(from[holders[attempt]], f.Key)
		}
		wait := s.waitFor(t)
		for _, address := range slices.Sorted(maps.Keys(from)) {
			wait.run(func(t *host.Task) {
				for _, key := range s.fetchSome(t, c, address, from[address], records, space) {
					silent[key] = true
				}
			})
		}
		wait.end(t)
	}
	return records, silent
}

// fetchSome reads records from one node. It returns the keys for which that has not answered.
func (s *Store) fetchSome(t *host.Task, c *shelf, from string, keys []string, records map[string]Record, space *int) []string {
	peer, err := s.host.Peer(from)
	slices.Sort(keys)
	for err == nil && len(keys) > 0 && *space > 0 {
		var a *fetched
		if a, err = s.fetch(t, peer, &wantedKeys{Collection: c.Name, Keys: keys}, nil); err != nil {
			break
		}
		if a == nil || len(a.Records) == 0 {
			return nil
		}
		for _, r := range a.Records {
			if c.check(&r) == nil {
				records[r.Key] = r
				*space -= r.size()
			}
		}
		last := a.Records[len(a.Records)-1].Key
		keys = slices.DeleteFunc(keys, func(key string) bool { return key <= last })
	}
	if err != nil {
		return keys
	}
	return nil
}
