// Package selection finds the documents that a query wants, in its order, and no more of
// them than it can give: each node sends at most offset + limit documents, and a node that
// merges answers does, too. Pages merge in any grouping and order to the same page.
package selection

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spreadable/extensions/documents/filter"
	"spreadable/extensions/documents/version"
)

// The bounds of a query.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
	MaxOffset    = 10_000
	MaxSort      = 8
	MaxFields    = 64
	MaxPage      = 512 << 10 // bytes of a page; see Page.Cut
	maxCursor    = 8 << 10
	maxSortText  = 200 // bytes of a text that take part in the order
)

// Query says which documents are wanted.
type Query struct {
	Filter json.RawMessage `json:"filter,omitempty"` // see package filter
	Sort   []string        `json:"sort,omitempty"`   // paths of fields; "-path" is descending
	Fields []string        `json:"fields,omitempty"` // names of the fields wanted; none for all
	Offset int             `json:"offset,omitempty"` // documents to leave out
	Limit  int             `json:"limit,omitempty"`  // most documents; 0 is DefaultLimit
	After  string          `json:"after,omitempty"`  // the cursor of an earlier answer
}

// Selection is a compiled Query. It is immutable.
type Selection struct {
	filter filter.Filter
	sort   []column
	fields []string
	offset int
	limit  int
	after  *Item
}

type column struct {
	path       filter.Path
	descending bool
}

// Compile checks a query.
func Compile(q *Query) (*Selection, error) {
	s := &Selection{fields: q.Fields, offset: q.Offset, limit: q.Limit}
	if s.limit == 0 {
		s.limit = DefaultLimit
	}
	switch {
	case s.limit < 0 || s.limit > MaxLimit:
		return nil, fmt.Errorf("limit: want 1 to %d", MaxLimit)
	case s.offset < 0 || s.offset > MaxOffset:
		return nil, fmt.Errorf("offset: want 0 to %d; go on with the cursor", MaxOffset)
	case len(q.Sort) > MaxSort:
		return nil, fmt.Errorf("sort: want at most %d fields", MaxSort)
	case len(q.Fields) > MaxFields:
		return nil, fmt.Errorf("fields: want at most %d", MaxFields)
	}
	var err error
	if s.filter, err = filter.Compile(q.Filter); err != nil {
		return nil, err
	}
	for _, text := range q.Sort {
		name, descending := strings.CutPrefix(text, "-")
		path, err := filter.ParsePath(name)
		if err != nil {
			return nil, fmt.Errorf("sort: %w", err)
		}
		s.sort = append(s.sort, column{path, descending})
	}
	if q.After != "" {
		if s.after, err = s.parseCursor(q.After); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Most is how many documents a page holds at most.
func (s *Selection) Most() int { return s.offset + s.limit }

// All reports whether the filter matches all documents.
func (s *Selection) All() bool { return s.filter.All() }

// Item is a document that was found.
type Item struct {
	Key      string
	Version  version.Version
	Sort     []any `json:",omitempty"` // values of the fields of the sort
	Document json.RawMessage
}

// size is about how long an item is as JSON.
func (i *Item) size() int { return len(i.Document) + len(i.Key) + 64 + 32*len(i.Sort) }

// Item makes the item of a document, whose JSON is in text; false if it is not wanted.
// It adds what it costs.
func (s *Selection) Item(key string, v version.Version, text []byte, cost *filter.Cost) (Item, bool) {
	var document any
	*cost += filter.Cost(len(text))
	if json.Unmarshal(text, &document) != nil || !s.filter.Match(document, cost) {
		return Item{}, false
	}
	item := Item{Key: key, Version: v}
	for _, c := range s.sort {
		value, _ := c.path.Of(document)
		item.Sort = append(item.Sort, sortable(value))
	}
	if s.after != nil && s.compare(&item, s.after) <= 0 {
		return Item{}, false
	}
	item.Document = s.project(document, text)
	return item, true
}

// sortable is what of a value takes part in the order: lists and objects do not.
func sortable(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ToValidUTF8(v[:min(len(v), maxSortText)], "")
	case bool, float64:
		return v
	}
	return nil
}

// project leaves out the fields that are not wanted.
func (s *Selection) project(document any, text []byte) json.RawMessage {
	object, isObject := document.(map[string]any)
	if len(s.fields) == 0 || !isObject {
		return slices.Clone(text)
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal(text, &raw) != nil {
		return slices.Clone(text)
	}
	for name := range object { // order-free: a set
		if !slices.Contains(s.fields, name) {
			delete(raw, name)
		}
	}
	projected, _ := json.Marshal(raw) // what was JSON is
	return projected
}

// compare is the order of a query: by its fields, then by key.
func (s *Selection) compare(a, b *Item) int {
	for i, c := range s.sort {
		order := filter.Compare(a.Sort[i], b.Sort[i])
		if c.descending {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(a.Key, b.Key)
}

// Cursor is the place of an item, from which a later query goes on.
func (s *Selection) Cursor(i *Item) string {
	text, _ := json.Marshal(append(slices.Clone(i.Sort), i.Key)) // scalars always have JSON
	return base64.RawURLEncoding.EncodeToString(text)
}

var errCursor = errors.New("after: not a cursor of a query with this sort")

func (s *Selection) parseCursor(text string) (*Item, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	var values []any
	if len(text) > maxCursor || err != nil || json.Unmarshal(data, &values) != nil || len(values) != len(s.sort)+1 {
		return nil, errCursor
	}
	key, ok := values[len(s.sort)].(string)
	if !ok {
		return nil, errCursor
	}
	return &Item{Sort: values[:len(s.sort)], Key: key}, nil
}
