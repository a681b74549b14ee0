package documents

import (
	"encoding/json"
	"errors"
	"slices"

	"spreadable/core/host"
)

// What each route does, as a procedure of the node. A request names one document or several;
// which of the two it is decides the form of the answer, so that a client that asks for one
// needs no list.

// serveAdd writes what is not there yet, servePut what may be.
func (s *Store) serveAdd(t *host.Task, q *Request) (*Answer, error) {
	return s.servePutIf(t, q, true)
}

func (s *Store) servePut(t *host.Task, q *Request) (*Answer, error) {
	return s.servePutIf(t, q, false)
}

// servePutIf refuses conditions on a batch: its documents take no turns, so they would hold
// only by chance.
func (s *Store) servePutIf(t *host.Task, q *Request, ifAbsent bool) (*Answer, error) {
	if len(q.Documents) == 0 {
		w := Write{Collection: q.Collection, Document: q.Document, IfAbsent: ifAbsent, IfPresent: q.IfPresent, IfVersion: q.ifVersion(),
			Version: q.Version, Signature: q.Signature}
		return written(s.Put(t, w))
	}
	if len(q.Document) > 0 || q.IfPresent {
		return nil, refusal("REQUEST", "want document, or documents without conditions")
	}
	texts := make([][]byte, len(q.Documents))
	for i := range q.Documents {
		texts[i] = q.Documents[i]
	}
	return results(s.PutMany(t, q.Collection, texts, ifAbsent))
}

// serveChange changes the documents of a filter, or the one of a key if there is no filter.
func (s *Store) serveChange(t *host.Task, q *Request) (*Answer, error) {
	if len(q.Filter) > 0 {
		return selected(s.ChangeSome(t, Select{q.Collection, q.Filter, q.Limit, q.Set}))
	}
	key, err := q.oneKey()
	if err != nil {
		return nil, err
	}
	return written(s.Change(t, Write{Collection: q.Collection, Key: key, Document: q.Set, IfVersion: q.ifVersion()}))
}

func (s *Store) serveDelete(t *host.Task, q *Request) (*Answer, error) {
	switch {
	case len(q.Filter) > 0:
		return selected(s.DeleteSome(t, Select{Collection: q.Collection, Filter: q.Filter, Limit: q.Limit}))
	case len(q.Keys) > 0:
		keys, err := q.manyKeys()
		if err != nil {
			return nil, err
		}
		return results(s.DeleteMany(t, q.Collection, keys))
	}
	key, err := q.oneKey()
	if err != nil {
		return nil, err
	}
	w := Write{Collection: q.Collection, Key: key, IfVersion: q.ifVersion(), Version: q.Version, Signature: q.Signature}
	return written(s.Delete(t, w))
}

// errUnreached is told instead of "there is none" if no node has answered.
var errUnreached = refusal("SILENT", "no node answers: it is not known whether there is such a document")

func covered(c host.Coverage) *Coverage { return &Coverage{c.Asked, c.Answered} }

func (s *Store) serveGet(t *host.Task, q *Request) (*Answer, error) {
	if len(q.Keys) > 0 {
		keys, err := q.manyKeys()
		if err != nil {
			return nil, err
		}
		return s.serveMany(t, q, keys)
	}
	key, err := q.oneKey()
	if err != nil {
		return nil, err
	}
	f, err := s.Get(t, q.Collection, key)
	if err != nil {
		return nil, err
	}
	if f.Document == nil && f.Coverage.Answered == 0 {
		return nil, errUnreached
	}
	a := &Answer{Coverage: covered(f.Coverage)}
	if f.Document != nil {
		a.Document = &listed([]Found{f}, f.Coverage).Documents[0]
	}
	return a, nil
}

// serveMany reads documents by their keys.
func (s *Store) serveMany(t *host.Task, q *Request, keys []string) (*Answer, error) {
	list, rest, coverage, err := s.GetMany(t, q.Collection, keys)
	if err == nil && coverage.Answered == 0 {
		return nil, errUnreached
	}
	a := listed(list, coverage)
	for _, key := range rest {
		a.Rest = append(a.Rest, json.RawMessage(key))
	}
	return a, err
}

// serveStat tells the copies of documents, without the documents.
func (s *Store) serveStat(t *host.Task, q *Request) (*Answer, error) {
	if len(q.Key) > 0 {
		q.Keys = append(slices.Clone(q.Keys), q.Key)
	}
	keys, err := q.manyKeys()
	if err != nil {
		return nil, err
	}
	list, coverage, err := s.Stat(t, q.Collection, keys)
	if err == nil && coverage.Answered == 0 {
		return nil, errUnreached
	}
	return listed(list, coverage), err
}

func (s *Store) serveFind(t *host.Task, q *Request) (*Answer, error) {
	page, err := s.Find(t, q.Collection, q.Query)
	a := listed(page.Documents, page.Coverage)
	a.After = page.After
	return a, err
}

func (s *Store) serveCount(t *host.Task, q *Request) (*Answer, error) {
	count, exact, coverage, err := s.Tally(t, q.Collection, q.Filter)
	return &Answer{Count: &count, Exact: exact, Coverage: covered(coverage)}, err
}

// Stat tells how many copies documents have and should have, by one question. Those that
// are not there are left out.
func (s *Store) Stat(t *host.Task, collection string, keys []string) ([]Found, host.Coverage, error) {
	c, err := s.shelf(collection)
	if err != nil {
		return nil, host.Coverage{}, err
	}
	a, coverage, err := s.askSurely(t, wantedKeys{Collection: collection, Keys: slices.Clone(keys)})
	if err != nil {
		return nil, coverage, err
	}
	wanted, _ := c.wanted(max(s.host.NetworkSize(), coverage.Asked))
	var list []Found
	for i := range a.Found {
		if f := &a.Found[i]; !f.Deleted {
			newest, _ := f.split()
			list = append(list, Found{Key: f.Key, Version: f.Version, Copies: len(newest), Wanted: wanted})
		}
	}
	return list, coverage, nil
}

// listed is an answer of documents: an empty list rather than none, for clients that go
// through it.
func listed(list []Found, coverage host.Coverage) *Answer {
	a := &Answer{Coverage: covered(coverage), Documents: []Document{}}
	for _, f := range list {
		a.Documents = append(a.Documents, Document{json.RawMessage(f.Key), f.Version, f.Document, f.Copies, f.Wanted})
	}
	return a
}

// written is the answer to one write, results that to a batch, whose refusals are beside the
// documents that they are of, and selected that to a change by filter.
func written(w Written, err error) (*Answer, error) {
	if err != nil {
		return nil, err
	}
	return &Answer{Written: &Result{Key: json.RawMessage(w.Key), Version: w.Version, Copies: w.Copies, Wanted: w.Wanted}}, nil
}

func results(outcomes []Outcome, err error) (*Answer, error) {
	if err != nil {
		return nil, err
	}
	a := &Answer{}
	for _, o := range outcomes {
		r := Result{Version: o.Version, Copies: o.Copies, Wanted: o.Wanted}
		if o.Key != "" {
			r.Key = json.RawMessage(o.Key)
		}
		if e := (*host.Error)(nil); errors.As(o.Err, &e) {
			r.Code, r.Message = e.Code, e.Message
		}
		a.Results = append(a.Results, r)
	}
	return a, nil
}

func selected(count int, more bool, err error) (*Answer, error) {
	return &Answer{Changed: &count, More: more}, err
}
