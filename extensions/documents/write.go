package documents

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// Write is what a client wants written.
type Write struct {
	Collection string
	Key        string // of what is changed or deleted; Put has it from the document
	Document   []byte // JSON
	// Conditions: the document is absent, or is there, or has this version.
	IfAbsent, IfPresent bool
	IfVersion           version.Version
	// Of a document that has an owner: its new version, which the owner has chosen, later
	// than the present one, and the signature.
	Version   version.Version
	Signature []byte
}

// Written is what has become of a write.
type Written struct {
	Key     string          `json:"key"`
	Version version.Version `json:"version"`
	Copies  int             `json:"copies"` // that are durable so far
	Wanted  int             `json:"wanted"` // copies there should be
}

// Errors of writes. Clients get their codes.
var (
	ErrExists   = &host.Error{Code: "ERR_DOCUMENTS_EXISTS", Message: "there is such a document already"}
	ErrMissing  = &host.Error{Code: "ERR_DOCUMENTS_MISSING", Message: "there is no such document"}
	ErrConflict = &host.Error{Code: "ERR_DOCUMENTS_CONFLICT", Message: "the document has another version"}
	errFew      = &host.Error{Code: "ERR_DOCUMENTS_FEW_COPIES", Message: "too few nodes have taken a copy"}
	errArbiter  = &host.Error{Code: "ERR_DOCUMENTS_ARBITER", Message: "no node answers that could see to the condition"}
)

// conditional reports whether the write depends on what is there.
func (w *Write) conditional() bool { return w.IfAbsent || w.IfPresent || !w.IfVersion.IsZero() }

// holds says which condition does not hold.
func (w *Write) holds(old *found) error {
	there := old != nil && !old.Deleted
	switch {
	case w.IfAbsent && there:
		return ErrExists
	case w.IfPresent && !there:
		return ErrMissing
	case !w.IfVersion.IsZero() && (!there || old.Version != w.IfVersion):
		return ErrConflict
	}
	return nil
}

// Put writes a document whole, under the key that it holds, or under a random one.
func (s *Store) Put(t *host.Task, w Write) (Written, error) {
	c, err := s.shelf(w.Collection)
	if err != nil {
		return Written{}, err
	}
	key, document, err := c.shape(w.Document, s.newKey)
	if err != nil {
		return Written{}, refusal("DOCUMENT", "%v", err)
	}
	w.Key = key
	return s.write(t, c, &w, false, func(*found) (Record, error) { return Record{Key: key, Document: document}, nil })
}

// Change sets fields of a document that is there.
func (s *Store) Change(t *host.Task, w Write) (Written, error) {
	c, err := s.shelf(w.Collection)
	if err != nil {
		return Written{}, err
	}
	w.IfPresent = true
	return s.write(t, c, &w, true, func(old *found) (Record, error) {
		document, err := c.changed(w.Key, old.Document, w.Document)
		return Record{Key: w.Key, Document: document}, err
	})
}

// changed is an old document with new fields, as it is stored; null stays null.
func (c *Collection) changed(key string, old, set []byte) ([]byte, error) {
	fields, err := object(old)
	if err != nil {
		return nil, refusal("DOCUMENT", "%v", err)
	}
	news, err := object(set)
	if err != nil {
		return nil, refusal("DOCUMENT", "%v", err)
	}
	maps.Copy(fields, news)
	fresh := func(field string) bool { return news[field] != nil }
	after, document, err := c.shapeFields(fields, func() string { return "null" }, fresh)
	if err == nil && after != key {
		err = errors.New("the key cannot be changed")
	}
	if err != nil {
		return nil, refusal("DOCUMENT", "%v", err)
	}
	return document, nil
}

// Delete forgets a document everywhere.
func (s *Store) Delete(t *host.Task, w Write) (Written, error) {
	c, err := s.shelf(w.Collection)
	if err != nil {
		return Written{}, err
	}
	w.IfPresent = true
	return s.write(t, c, &w, false, func(*found) (Record, error) { return Record{Key: w.Key, Deleted: true}, nil })
}

func (s *Store) newKey() string { return randomKey(s.host.Rand()) }

// write makes a write in its turn: it finds what is there, sees to the conditions, and
// makes the copies.
func (s *Store) write(t *host.Task, c *shelf, w *Write, whole bool, record func(old *found) (Record, error)) (Written, error) {
	if !isKey(w.Key) {
		return Written{}, refusal("KEY", "%v", errKey)
	}
	news := s.announce()
	there, size, err := s.survey(t, c, w.Key, whole)
	if err != nil {
		return Written{}, err
	}
	at, err := s.takeTurn(t, c, w.Key, there.near())
	switch {
	case errors.Is(err, errBusy):
		return Written{}, err
	case at.arbiter == "" && w.conditional():
		return Written{}, errArbiter
	}
	unsure := s.reports != nil && there.of(w.Key) == nil && (w.IfPresent || !w.IfVersion.IsZero())
	if unsure || s.outdated(there.of(w.Key), at.Last) {
		news = s.announce()
		there, size, err = s.surveyKeys(t, c, wantedKeys{Keys: []string{w.Key}, Document: whole || c.owned(), All: true})
		if err != nil {
			s.endTurn(t, c, w.Key, at, version.Version{})
			return Written{}, err
		}
	}
	news.through(there.Places)
	old := there.of(w.Key)
	r, err := s.next(c, w, old, at.Last, record)
	if err != nil {
		s.endTurn(t, c, w.Key, at, version.Version{})
		return Written{}, err
	}
	return s.spread(t, c, w, &r, there, news, size, at)
}

// survey finds out what is there of a key, which nodes have capacity, and how many nodes
// the network has.
func (s *Store) survey(t *host.Task, c *shelf, key string, whole bool) (*located, int, error) {
	// what has an owner comes whole, so that a forged version is seen to be one
	if whole || c.owned() {
		return s.surveyKeys(t, c, wantedKeys{Keys: []string{key}, Document: true})
	}
	return s.surveyTogether(t, c, key)
}

// surveyKeys is survey of the keys of a question, which says how they are looked for.
func (s *Store) surveyKeys(t *host.Task, c *shelf, q wantedKeys) (*located, int, error) {
	copies, _ := c.wanted(s.host.NetworkSize())
	q.Collection, q.Places, q.Turns, q.Writes = c.Name, spares(copies), true, true
	a, coverage, err := s.ask(t, q)
	return a, max(s.host.NetworkSize(), coverage.Asked), err
}

// spares is how many places to ask for so many copies: some may refuse, share a host, or
// be suspected.
func spares(copies int) int { return min(2*copies+4, mostPlaces) }

// outdated reports whether what was found may be older than the last write.
func (s *Store) outdated(old *found, last version.Version) bool {
	if last.Ahead(s.host.Wall()) > s.options.MaxSkew {
		return false // a liar's
	}
	return old == nil && !last.IsZero() || old != nil && last.Compare(old.Version) > 0
}

// next is the record to write, with its version.
func (s *Store) next(c *shelf, w *Write, old *found, last version.Version, record func(old *found) (Record, error)) (Record, error) {
	if err := w.holds(old); err != nil {
		return Record{}, err
	}
	r, err := record(old)
	if err != nil {
		return Record{}, err
	}
	if last.Ahead(s.host.Wall()) > s.options.MaxSkew {
		last = version.Version{}
	}
	if c.owned() {
		return r, s.signed(c, w, &r, old)
	}
	if old != nil && old.Version.Compare(last) > 0 {
		last = old.Version
	}
	r.Version = s.clock.Next(s.host.Wall(), last)
	return r, nil
}

// signed takes the version and the signature that the owner has given.
func (s *Store) signed(c *shelf, w *Write, r *Record, old *found) error {
	r.Version, r.Signature = w.Version, w.Signature
	if err := c.check(r); err != nil {
		return refusal("OWNER", "%v", err)
	}
	if ahead := w.Version.Ahead(s.host.Wall()); ahead > s.options.MaxSkew {
		return refusal("SKEW", "the version is %v ahead of this node's clock", ahead)
	}
	if old != nil && w.Version.Compare(old.Version) <= 0 {
		return ErrConflict
	}
	return nil
}

// spread makes the copies of a write: at all nodes that have an older one, and others.
func (s *Store) spread(t *host.Task, c *shelf, w *Write, r *Record, there *located, news *announcement, size int, at turnAt) (Written, error) {
	wanted, acks := c.wanted(size)
	newer := false
	s.where.Remove(c.Name + "\x00" + w.Key) // until all copies are made
	plan := host.Spreading{
		Action: "keep", Copies: wanted, Acks: acks, From: s.host.Balanced(s.choices(there.Places)),
		Send: func(t *host.Task, to host.Peer) error {
			a, err := s.keep(t, to, &copies{Collection: c.Name, Records: []Record{*r}, Announced: news.to(s, to)}, nil)
			if err == nil {
				newer = newer || a.Versions[0].Compare(r.Version) > 0
			}
			return err
		},
		Done: func(t *host.Task, copied host.Copied) {
			s.endTurn(t, c, w.Key, at, r.Version)
			s.remember(c, r, copied.Holders)
		},
	}
	if old := there.of(w.Key); old != nil {
		plan.First = s.peers(old.Holders)
	}
	copied, err := s.host.Spread(t, plan)
	result := Written{w.Key, r.Version, len(copied.Holders), wanted}
	switch {
	case err != nil && len(copied.Holders)+copied.Refused == 0:
		s.endTurn(t, c, w.Key, at, version.Version{}) // there was no node to ask
		return result, errFew
	case err != nil:
		return result, s.few(copied, acks)
	case newer && w.conditional():
		return result, ErrConflict
	}
	if r.Deleted {
		s.counts.deleted.Add(1)
	} else {
		s.counts.written.Add(1)
	}
	return result, nil
}

// remember keeps where a document was written, for reads at this node.
func (s *Store) remember(c *shelf, r *Record, holders []host.Peer) {
	name := c.Name + "\x00" + r.Key
	if wanted, _ := c.wanted(s.host.NetworkSize()); r.Deleted || len(holders) < wanted || wanted > mostRemembered {
		s.where.Remove(name)
		return
	}
	var addresses []string
	for _, p := range holders {
		addresses = append(addresses, s.host.Address(p))
	}
	s.where.Set(name, addresses)
}

// few says why too few copies were made.
func (s *Store) few(copied host.Copied, acks int) error {
	why := "no other node has capacity"
	if copied.Err != nil {
		why = copied.Err.Error()
	}
	return &host.Error{Code: errFew.Code, Message: fmt.Sprintf("%d of %d copies are made: %s", len(copied.Holders), acks, why)}
}

func (s *Store) choices(places []place) (list []host.Choice) {
	for _, p := range places {
		if peer, err := s.host.Peer(p.Address); err == nil {
			list = append(list, host.Choice{Peer: peer, Rank: float64(p.Documents)})
		}
	}
	return list
}

func (s *Store) peers(holders []holder) (list []host.Peer) {
	for _, h := range holders {
		if peer, err := s.host.Peer(h.Address); err == nil && !slices.Contains(list, peer) {
			list = append(list, peer)
		}
	}
	return list
}
