package documents

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/version"
)

// The bounds of a question by keys.
const (
	MaxKeys     = 1000
	mostHolders = 256 // of one key, in an answer
	mostPlaces  = 1024
	mostNear    = 3
	slice       = 64                     // keys or documents looked at before others have their turn
	pause       = 100 * time.Microsecond // of theirs
)

// wantedKeys asks all nodes what they have of some keys.
type wantedKeys struct {
	Collection string
	Keys       []string // sorted, each once
	// Document asks for the newest document, too; of one key only.
	Document bool `json:",omitempty"`
	// Places asks for so many nodes that have capacity.
	Places int `json:",omitempty"`
	// Turns asks for the nodes that are nearest each key: its arbiter, and what follows it.
	Turns bool `json:",omitempty"`
	// Writes announces that copies of the keys are about to be made. All wants every node
	// asked, whatever its master knows of it.
	Writes bool `json:",omitempty"`
	All    bool `json:",omitempty"`
}

// located is the answer of one node or of many.
type located struct {
	Found  []found    `json:",omitempty"` // by key; those that any node has
	Places []place    `json:",omitempty"` // by their distance from the first key
	Near   [][]string `json:",omitempty"` // of each key: addresses, the nearest first
	Doubts int        `json:",omitempty"` // nodes that were away for long; see doubt
}

// found is what is known of one key: its newest record, and who has which version.
type found struct {
	Record
	Holders []holder // the newest first, then by address
}

type holder struct {
	Address string
	Version version.Version
}

// place is a node with capacity.
type place struct {
	Address   string
	Documents int
	Master    string `json:",omitempty"` // that was asked, and has the node in its list
}

func (s *Store) offerLocate() {
	q := host.Query[wantedKeys, located]{Check: s.checkKeys, Merge: s.mergeLocated, Valid: s.validLocated, Known: s.knownOf}
	few, many := q, q
	few.Name, few.Local = "locate", func(q *wantedKeys) (*located, error) { return s.ownRecords(nil, q) }
	many.Name, many.Work = "locate-many", s.ownRecords
	s.locate, s.locateMany = few.Offer(s.host), many.Offer(s.host)
}

// checkKeys sees each question before any work.
func (s *Store) checkKeys(q *wantedKeys) error {
	if _, err := s.shelf(q.Collection); err != nil {
		return err
	}
	switch {
	case len(q.Keys) == 0 || len(q.Keys) > MaxKeys:
		return refusal("QUESTION", "want 1 to %d keys", MaxKeys)
	case q.Document && len(q.Keys) > 1:
		return refusal("QUESTION", "one document at a time")
	case q.Places < 0 || q.Places > mostPlaces:
		return refusal("QUESTION", "want at most %d places", mostPlaces)
	}
	for i, key := range q.Keys {
		if !isKey(key) || i > 0 && q.Keys[i-1] >= key {
			return refusal("QUESTION", "want keys as JSON, sorted, each once")
		}
	}
	return nil
}

// ownRecords is this node's answer.
func (s *Store) ownRecords(t *host.Task, q *wantedKeys) (*located, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, err
	}
	a := &located{}
	for i, key := range q.Keys {
		breathe(t, i)
		r := c.get(key)
		if r.Version.IsZero() || c.doubts(&r) {
			continue
		}
		if !q.Document {
			r.Document, r.Signature = nil, nil
		}
		a.Found = append(a.Found, found{Record: r, Holders: []holder{{Version: r.Version}}})
	}
	if s.host.Now() < c.doubt.told {
		a.Doubts = 1
	}
	if q.Places > 0 && c.takesMore() {
		a.Places = []place{{Documents: c.documents}}
	}
	if len(a.Found)+len(a.Places)+a.Doubts == 0 && !q.Turns {
		return nil, nil
	}
	return a, nil // for turns it is enough that the node answers
}

// mergeLocated makes one answer of several. What a node says of others counts only if it
// has merged it: a leaf speaks for itself.
func (s *Store) mergeLocated(q *wantedKeys, answers []host.Given[located]) *located {
	all := &located{}
	byKey := make(map[string]*found)
	for _, a := range answers {
		for i := range a.Answer.Found {
			s.mergeFound(byKey, &a.Answer.Found[i], a)
		}
		for _, p := range a.Answer.Places {
			if by := s.host.Address(a.By); a.Leaf {
				p.Address, p.Master = by, ""
			} else if p.Master == "" {
				p.Master = by
			}
			all.Places = append(all.Places, p)
		}
		all.Doubts += a.Answer.Doubts
	}
	for _, key := range q.Keys {
		if f := byKey[key]; f != nil {
			all.Found = append(all.Found, f.ordered())
		}
	}
	if q.Turns {
		all.Near = s.mergeNear(q.Keys, answers)
	}
	all.Places = sample(q.Keys[0], all.Places)
	all.Places = all.Places[:min(len(all.Places), q.Places)]
	return all
}

// mergeNear is which nodes are nearest each key.
func (s *Store) mergeNear(keys []string, answers []host.Given[located]) [][]string {
	near := make([][]string, len(keys))
	for _, a := range answers {
		for i := range near {
			if a.Leaf {
				near[i] = append(near[i], s.host.Address(a.By))
			} else if i < len(a.Answer.Near) {
				near[i] = append(near[i], a.Answer.Near[i]...)
			}
		}
	}
	for i, key := range keys {
		near[i] = nearest(key, near[i])
		near[i] = near[i][:min(len(near[i]), mostNear)]
	}
	return near
}

func (s *Store) mergeFound(byKey map[string]*found, f *found, by host.Given[located]) {
	if f.Version.Ahead(s.host.Wall()) > s.options.MaxSkew {
		return // of a liar, or of a clock that is further ahead than any may be
	}
	holders := f.Holders
	if by.Leaf {
		holders = []holder{{s.host.Address(by.By), f.Version}}
	}
	known := byKey[f.Key]
	if known == nil {
		byKey[f.Key] = &found{Record: f.Record, Holders: slices.Clone(holders)}
		return
	}
	// Of one version all have one document; an answer without it is no better than one with.
	if f.Version.Compare(known.Version) > 0 || f.Version == known.Version && len(f.Document) > len(known.Document) {
		known.Record = f.Record
	}
	known.Holders = append(known.Holders, holders...)
}

// ordered is what was found with each holder once, the newest first.
func (f *found) ordered() found {
	slices.SortFunc(f.Holders, func(a, b holder) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), b.Version.Compare(a.Version))
	})
	f.Holders = slices.CompactFunc(f.Holders, func(a, b holder) bool { return a.Address == b.Address })
	slices.SortStableFunc(f.Holders, func(a, b holder) int { return b.Version.Compare(a.Version) })
	f.Holders = f.Holders[:min(len(f.Holders), mostHolders)]
	return *f
}

// distance of a node from a key: the hash of both. It says which node is the arbiter of a
// key, and which of its holders repairs (rendezvous hashing: Thaler and Ravishankar, 1998).
func distance(key, address string) [sha256.Size]byte {
	return sha256.Sum256([]byte(key + "\x00" + address))
}

// nearest sorts addresses by their distance from a key, each once.
func nearest(key string, addresses []string) []string {
	type far struct {
		address  string
		distance [sha256.Size]byte
	}
	list := make([]far, 0, len(addresses))
	for _, a := range addresses {
		list = append(list, far{a, distance(key, a)})
	}
	slices.SortFunc(list, func(a, b far) int { return bytes.Compare(a.distance[:], b.distance[:]) })
	var sorted []string
	for _, f := range list {
		if len(sorted) == 0 || sorted[len(sorted)-1] != f.address {
			sorted = append(sorted, f.address)
		}
	}
	return sorted
}

// sample sorts places by their distance from a key: the first are as good as drawn by
// chance. If they were those with the fewest documents, a node that lies about that would be
// among them each time.
func sample(key string, places []place) []place {
	slices.SortFunc(places, func(a, b place) int {
		x, y := distance(key, a.Address), distance(key, b.Address)
		return bytes.Compare(x[:], y[:])
	})
	return slices.CompactFunc(places, func(a, b place) bool { return a.Address == b.Address })
}

// validLocated says why no honest node gives an answer.
func (s *Store) validLocated(q *wantedKeys, a *located) error {
	most := 0
	if q.Turns {
		most = len(q.Keys)
	}
	tooNear := func(near []string) bool { return len(near) > mostNear }
	if len(a.Places) > q.Places || len(a.Near) > most || slices.ContainsFunc(a.Near, tooNear) {
		return errors.New("more nodes than were asked for")
	}
	if a.Doubts < 0 {
		return errors.New("fewer nodes than none")
	}
	last := ""
	for i := range a.Found {
		f := &a.Found[i]
		if _, wanted := slices.BinarySearch(q.Keys, f.Key); !wanted || i > 0 && f.Key <= last {
			return errors.New("keys that were not asked for")
		}
		if err := f.valid(q.Document); err != nil {
			return err
		}
		if c, err := s.shelf(q.Collection); err == nil && q.Document && c.owned() {
			if err := c.verify(&f.Record); err != nil {
				return err
			}
		}
		last = f.Key
	}
	return nil
}

func (f *found) valid(withDocument bool) error {
	switch {
	case f.Version.IsZero() || len(f.Holders) == 0 || len(f.Holders) > mostHolders:
		return errors.New("a record without a version or holders, or with too many")
	case !withDocument || f.Deleted:
		if len(f.Document) > 0 {
			return errors.New("a document that was not asked for")
		}
	case len(f.Document) > LargestDocument || !json.Valid(f.Document):
		return errObject
	}
	for _, h := range f.Holders {
		if h.Version.Compare(f.Version) > 0 || h.Version.IsZero() {
			return errors.New("a holder of a newer version than the newest")
		}
	}
	return nil
}

// breathe lets others have their turn in a long look at the bucket. Without a task the
// look is short.
func breathe(t *host.Task, step int) {
	if t != nil && step%slice == slice-1 {
		t.Sleep(pause)
	}
}

// ask asks for keys, which it sorts.
func (s *Store) ask(t *host.Task, q wantedKeys) (*located, host.Coverage, error) {
	slices.Sort(q.Keys)
	q.Keys = slices.Compact(q.Keys)
	locate := s.locate
	if len(q.Keys) > slice {
		locate = s.locateMany
	}
	a, coverage, err := locate(t, &q)
	if err != nil {
		return nil, coverage, fmt.Errorf("asking the network: %w", err)
	}
	if a == nil {
		a = &located{}
	}
	return a, coverage, nil
}

// askSurely asks for keys, and all nodes for those that nobody is known to have.
func (s *Store) askSurely(t *host.Task, q wantedKeys) (*located, host.Coverage, error) {
	a, coverage, err := s.ask(t, q)
	if err != nil || s.reports == nil {
		return a, coverage, err
	}
	rest := slices.DeleteFunc(slices.Clone(q.Keys), func(key string) bool { return a.of(key) != nil })
	if len(rest) == 0 {
		return a, coverage, nil
	}
	q.Keys, q.All = rest, true
	b, coverage, err := s.ask(t, q)
	if err != nil {
		return nil, coverage, err
	}
	both := *b
	both.Found = slices.Concat(a.Found, b.Found)
	slices.SortFunc(both.Found, func(a, b found) int { return cmp.Compare(a.Key, b.Key) })
	return &both, coverage, nil
}

// near are the nodes that are nearest the first key.
func (a *located) near() []string {
	if len(a.Near) == 0 {
		return nil
	}
	return a.Near[0]
}

// of is what was found of a key; nil for nothing.
func (a *located) of(key string) *found {
	i, known := slices.BinarySearchFunc(a.Found, key, func(f found, key string) int { return cmp.Compare(f.Key, key) })
	if !known {
		return nil
	}
	return &a.Found[i]
}
