package documents

import (
	"encoding/json"
	"math"
	"slices"

	"spreadable/core/host"
	"spreadable/extensions/documents/filter"
	"spreadable/extensions/documents/selection"
)

// wantedSome asks all nodes for the documents of a query.
type wantedSome struct {
	Collection string
	Query      selection.Query
}

// counted is how many documents match.
type counted struct{ Keys *selection.Distinct }

func (s *Store) offerFind() {
	check := func(q *wantedSome) error {
		_, _, err := s.compile(q)
		return err
	}
	s.find = host.Query[wantedSome, selection.Page]{
		Name: "find", Check: check, Work: s.ownPage,
		Merge: func(q *wantedSome, answers []host.Given[selection.Page]) *selection.Page {
			_, compiled, err := s.compile(q)
			if err != nil {
				return &selection.Page{} // it was checked
			}
			var pages []selection.Page
			for _, a := range answers {
				pages = append(pages, *a.Answer)
			}
			merged := compiled.Merge(pages)
			return &merged
		},
		Valid: func(q *wantedSome, a *selection.Page) error {
			_, compiled, err := s.compile(q)
			if err != nil {
				return err
			}
			return compiled.Valid(a)
		},
	}.Offer(s.host)
	s.tally = host.Query[wantedSome, counted]{
		Name: "count", Check: check, Work: s.ownCount,
		Merge: func(_ *wantedSome, answers []host.Given[counted]) *counted {
			var all []*selection.Distinct
			for _, a := range answers {
				all = append(all, a.Answer.Keys)
			}
			return &counted{selection.Union(all...)}
		},
		Valid: func(_ *wantedSome, a *counted) error {
			if a.Keys == nil {
				return refusal("COUNT", "no count")
			}
			return nil
		},
	}.Offer(s.host)
}

// compile checks a question for documents.
func (s *Store) compile(q *wantedSome) (*shelf, *selection.Selection, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, nil, err
	}
	compiled, err := selection.Compile(&q.Query)
	if err != nil {
		return nil, nil, refusal("QUERY", "%v", err)
	}
	return c, compiled, nil
}

// ownPage is this node's answer: it looks at all documents of the collection, some at a
// time.
func (s *Store) ownPage(t *host.Task, q *wantedSome) (*selection.Page, error) {
	c, compiled, err := s.compile(q)
	if err != nil {
		return nil, err
	}
	collector := compiled.Collect()
	err = s.walk(t, c, func(r *Record, cost *filter.Cost) {
		if i, wanted := compiled.Item(r.Key, r.Version, r.Document, cost); wanted {
			collector.Add(i)
		}
	})
	if err != nil {
		return nil, err
	}
	page := collector.Page()
	if len(page.Items) == 0 {
		return nil, nil
	}
	return &page, nil
}

func (s *Store) ownCount(t *host.Task, q *wantedSome) (*counted, error) {
	c, compiled, err := s.compile(q)
	if err != nil {
		return nil, err
	}
	keys := &selection.Distinct{}
	err = s.walk(t, c, func(r *Record, cost *filter.Cost) {
		if compiled.All() {
			keys.Add(r.Key)
		} else if _, wanted := compiled.Item(r.Key, r.Version, r.Document, cost); wanted {
			keys.Add(r.Key)
		}
	})
	if err != nil || keys.Empty() {
		return nil, err
	}
	return &counted{keys}, nil
}

const (
	// sliceCost is what a search may cost before others have their turn: some ten
	// milliseconds.
	sliceCost filter.Cost = 1 << 20
	// walkHead is what a document costs besides its bytes and the filter.
	walkHead filter.Cost = 500
	// mostWalks is how many queries a node works on at a time: each waits for the turns of
	// others. So many of them may be asked by one node.
	mostWalks      = 128
	mostWalksOfOne = mostWalks / 2
)

// walk visits all documents that are not deleted, and lets others have their turn between
// them. Queries take turns, a slice each, so that what else there is to do waits for one
// slice and not for one of each query; and so do the nodes that have asked them. What is
// written meanwhile may be seen or not. It ends with an error when it has cost too much, or
// at once if there are too many.
func (s *Store) walk(t *host.Task, c *shelf, visit func(*Record, *filter.Cost)) error {
	from := t.From()
	if s.walks >= mostWalks || s.walksOf[from] >= mostWalksOfOne {
		s.counts.busy.Add(1)
		return refusal("BUSY", "this node works on %d queries, %d of them of the node that asks", s.walks, s.walksOf[from])
	}
	s.walks++
	s.walksOf[from]++
	defer func() {
		s.walks--
		if s.walksOf[from]--; s.walksOf[from] == 0 {
			delete(s.walksOf, from)
		}
	}()
	for after, more, total := "", true, filter.Cost(0); more; {
		cost := s.slice(t, c, &after, visit)
		more = cost >= sliceCost
		if total += cost; total > filter.Cost(s.options.QueryCost) {
			s.counts.costly.Add(1)
			s.host.Log(host.Info, "a query costs too much", "collection", c.Name)
			return refusal("COST", "the query costs more than a node may spend on one: query_cost")
		}
	}
	return nil
}

// slice visits documents after a key, until they have cost sliceCost or there are no more.
// The pause at its end is for all else that the node has to do.
func (s *Store) slice(t *host.Task, c *shelf, after *string, visit func(*Record, *filter.Cost)) (cost filter.Cost) {
	from := t.From()
	s.slices.enter(t, s.host, from, s.unique("walk")) // the line has space for all walks
	defer s.slices.leave(from)
	c.scan(*after, func(r *Record) bool {
		if !r.Deleted && !c.doubts(r) {
			visit(r, &cost)
		}
		*after = r.Key
		cost += walkHead
		return cost < sliceCost
	})
	t.Sleep(pause)
	return cost
}

// Page is the answer to a query.
type Page struct {
	Documents []Found // Copies is not counted
	// After is where a query for more goes on; "" if there is no more.
	After    string
	Coverage host.Coverage
}

var errSilent = refusal("SILENT", "no node answers: the query may cost more than any may spend, see query_cost")

// findRounds is how often a query is asked, if what it finds is out of date.
const findRounds = 3

// Find returns the documents of a query, each in its newest version: what any holder
// answers is looked up by key, and asked again if some of it was old or deleted.
func (s *Store) Find(t *host.Task, collection string, q selection.Query) (Page, error) {
	question := &wantedSome{collection, q}
	c, compiled, err := s.compile(question)
	if err != nil {
		return Page{}, err
	}
	for round := 1; ; round++ {
		answer, coverage, err := s.find(t, question)
		if err != nil {
			return Page{}, err
		}
		page := Page{Coverage: coverage}
		if coverage.Answered == 0 {
			return page, errSilent
		}
		if answer == nil {
			return page, nil
		}
		page.After = compiled.More(*answer)
		items := compiled.Wanted(*answer)
		fresh, err := s.fresh(t, c, answer.Items, round < findRounds)
		if err != nil {
			return Page{}, err
		}
		if len(fresh) < len(answer.Items) && round < findRounds {
			continue
		}
		for _, i := range items {
			if fresh[i.Key] {
				page.Documents = append(page.Documents, Found{Key: i.Key, Document: i.Document, Version: i.Version})
			}
		}
		return page, nil
	}
}

// fresh says which items are the newest versions. It makes up for old copies before it
// returns, if they should be.
func (s *Store) fresh(t *host.Task, c *shelf, items []selection.Item, mend bool) (map[string]bool, error) {
	fresh := make(map[string]bool, len(items))
	for part := range slices.Chunk(items, MaxKeys) {
		keys := make([]string, len(part))
		for i := range part {
			keys[i] = part[i].Key
		}
		a, coverage, err := s.ask(t, wantedKeys{Collection: c.Name, Keys: keys})
		if err != nil {
			return nil, err
		}
		var old located
		for i := range part {
			if f := a.of(part[i].Key); f == nil || f.Version.Compare(part[i].Version) <= 0 {
				fresh[part[i].Key] = true
			} else {
				old.Found = append(old.Found, *f)
			}
		}
		if mend && len(old.Found) > 0 && !s.options.NoReadRepair {
			s.counts.stale.Add(uint64(len(old.Found)))
			s.mendFound(t, c, &old, max(s.host.NetworkSize(), coverage.Asked))
		}
	}
	return fresh, nil
}

// mendFound makes up for old copies of what was found.
func (s *Store) mendFound(t *host.Task, c *shelf, a *located, size int) {
	space := math.MaxInt
	records, _ := s.fetchAll(t, c, a, &space)
	var list []Record
	for i := range a.Found {
		f := &a.Found[i]
		if f.Deleted {
			list = append(list, f.Record)
		} else if r, got := records[f.Key]; got {
			list = append(list, r)
		}
	}
	if len(list) > 0 {
		s.mend(t, c, list, size)
	}
}

// Tally is how many documents match a filter; above 4,095 it is an estimate. Old copies
// that match count until they are made up for.
func (s *Store) Tally(t *host.Task, collection string, filter json.RawMessage) (count int, exact bool, coverage host.Coverage, err error) {
	a, coverage, err := s.tally(t, &wantedSome{collection, selection.Query{Filter: filter}})
	switch {
	case err != nil:
		return 0, false, coverage, err
	case coverage.Answered == 0:
		return 0, false, coverage, errSilent
	case a == nil:
		return 0, true, coverage, nil
	}
	count, exact = a.Keys.Count()
	return count, exact, coverage, nil
}

// Select is a change of many documents: of those that match a filter, at most a page.
type Select struct {
	Collection string
	Filter     json.RawMessage
	Limit      int    // 0 is selection.DefaultLimit
	Set        []byte // fields to set
}

// ChangeSome sets fields of the documents that match, and returns how many there were and
// whether there may be more. Documents, not copies, are counted.
func (s *Store) ChangeSome(t *host.Task, w Select) (changed int, more bool, err error) {
	c, page, err := s.some(t, w)
	if err != nil || len(page.Documents) == 0 {
		return 0, false, err
	}
	records, outcomes := make([]Record, len(page.Documents)), make([]Outcome, len(page.Documents))
	for i, d := range page.Documents {
		document, err := c.changed(d.Key, d.Document, w.Set)
		if err != nil {
			return 0, false, err
		}
		records[i] = Record{Key: d.Key, Document: document}
	}
	err = s.writeMany(t, c, records, outcomes, Write{IfPresent: true})
	return done(outcomes), page.After != "", err
}

// DeleteSome forgets the documents that match.
func (s *Store) DeleteSome(t *host.Task, w Select) (deleted int, more bool, err error) {
	c, page, err := s.some(t, w)
	if err != nil || len(page.Documents) == 0 {
		return 0, false, err
	}
	records, outcomes := make([]Record, len(page.Documents)), make([]Outcome, len(page.Documents))
	for i, d := range page.Documents {
		records[i] = Record{Key: d.Key, Deleted: true}
	}
	err = s.writeMany(t, c, records, outcomes, Write{IfPresent: true})
	return done(outcomes), page.After != "", err
}

// some finds what a Select wants. A filter that says nothing is refused: it is more often
// forgotten than meant.
func (s *Store) some(t *host.Task, w Select) (*shelf, Page, error) {
	c, err := s.shelf(w.Collection)
	if err != nil {
		return nil, Page{}, err
	}
	if f, err := filter.Compile(w.Filter); err == nil && f.All() {
		return nil, Page{}, refusal("QUERY", `filter: want one that says which documents; {"%s": {"$exists": true}} is all`, c.Key)
	}
	page, err := s.Find(t, w.Collection, selection.Query{Filter: w.Filter, Limit: w.Limit})
	return c, page, err
}

func done(outcomes []Outcome) (count int) {
	for _, o := range outcomes {
		if o.Err == nil {
			count++
		}
	}
	return count
}
