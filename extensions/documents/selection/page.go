package selection

import (
	"errors"
	"slices"
)

// Page is an answer to a query: documents in its order, the first of those that are
// wanted, each once.
type Page struct {
	Items []Item
	// Cut says that the page is full: nothing is known of what comes after the last item.
	Cut bool `json:",omitempty"`
}

// Collector makes a page of items that come in any order, in bounded memory.
type Collector struct {
	selection *Selection
	page      Page
	fresh     []Item
	bytes     int // of fresh
}

// Collect begins a page.
func (s *Selection) Collect() *Collector { return &Collector{selection: s} }

// Add puts an item into the page.
func (c *Collector) Add(i Item) {
	c.fresh = append(c.fresh, i)
	c.bytes += i.size()
	if len(c.fresh) > c.selection.Most() || c.bytes > MaxPage {
		c.flush()
	}
}

// Page is the page of all that was added.
func (c *Collector) Page() Page {
	c.flush()
	return c.page
}

func (c *Collector) flush() {
	c.page = c.selection.Merge([]Page{c.page, {Items: c.fresh}})
	c.fresh, c.bytes = nil, 0
}

// Merge makes one page of several. It changes none of them. Of two items with one key, the
// newer one stays.
func (s *Selection) Merge(pages []Page) Page {
	merged := Page{Items: s.distinct(pages)}
	slices.SortFunc(merged.Items, func(a, b Item) int { return s.compare(&a, &b) })
	if end := s.end(pages); end != nil {
		beyond := slices.IndexFunc(merged.Items, func(i Item) bool { return s.compare(&i, end) > 0 })
		if beyond >= 0 {
			merged.Items = merged.Items[:beyond]
		}
		merged.Cut = true
	}
	s.cut(&merged)
	return merged
}

// end is the last item of the page of which least is known; nil if all are whole.
func (s *Selection) end(pages []Page) (end *Item) {
	for _, p := range pages {
		if !p.Cut || len(p.Items) == 0 {
			continue
		}
		if last := &p.Items[len(p.Items)-1]; end == nil || s.compare(last, end) < 0 {
			end = last
		}
	}
	return end
}

// distinct are the items of all pages, the newest of each key.
func (s *Selection) distinct(pages []Page) (items []Item) {
	at := make(map[string]int)
	for _, p := range pages {
		for _, i := range p.Items {
			j, known := at[i.Key]
			switch {
			case !known:
				at[i.Key] = len(items)
				items = append(items, i)
			case i.Version.Compare(items[j].Version) > 0:
				items[j] = i
			}
		}
	}
	return items
}

// cut leaves of a sorted page what it can hold.
func (s *Selection) cut(p *Page) {
	if len(p.Items) > s.Most() {
		p.Items, p.Cut = p.Items[:s.Most()], false // more are not wanted
	}
	bytes := 0
	for i := range p.Items {
		if bytes += p.Items[i].size(); bytes > MaxPage && i > 0 {
			p.Items, p.Cut = p.Items[:i], true
			return
		}
	}
}

// Valid says why a page is none that an honest node gives.
func (s *Selection) Valid(p *Page) error {
	if len(p.Items) > s.Most() {
		return errors.New("more documents than were asked for")
	}
	bytes := 0
	for i := range p.Items {
		item := &p.Items[i]
		bytes += item.size()
		switch {
		case item.Key == "" || item.Version.IsZero() || len(item.Document) == 0:
			return errors.New("no document")
		case len(item.Sort) != len(s.sort):
			return errors.New("an order that was not asked for")
		case i > 0 && s.compare(&p.Items[i-1], item) >= 0:
			return errors.New("documents out of order")
		case bytes > MaxPage && i > 0:
			return errors.New("too many bytes")
		}
	}
	return nil
}

// Wanted leaves out the first documents, those of the offset.
func (s *Selection) Wanted(p Page) []Item { return p.Items[min(s.offset, len(p.Items)):] }

// More is the cursor from which a query goes on after a page; "" if that was all.
func (s *Selection) More(p Page) string {
	if len(p.Items) == 0 || len(p.Items) < s.Most() && !p.Cut {
		return ""
	}
	return s.Cursor(&p.Items[len(p.Items)-1])
}
