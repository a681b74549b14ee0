// Package documents reads and writes the document store of a network from outside, through
// any of its nodes: see docs/documents.md.
//
//	c, err := client.Connect(ctx, client.Options{Addresses: addresses})
//	songs := documents.Open(c, "songs", "")
//	_, err = songs.Add(ctx, Song{Title: "Help!", Year: 1965})
//	of1965 := documents.Query{Filter: json.RawMessage(`{"year": 1965}`)}
//	for d, err := range songs.Find(ctx, of1965) {
//		…
//	}
//
// Errors are those of package client; the codes of the store are Code constants, which
// errors.Is finds.
package documents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"spreadable/client"
	store "spreadable/extensions/documents"
	"spreadable/extensions/documents/selection"
	"spreadable/extensions/documents/version"
)

// The codes of refusals that programs ask for.
const (
	CodeExists    client.Code = "ERR_DOCUMENTS_EXISTS"     // there is such a document already
	CodeMissing   client.Code = "ERR_DOCUMENTS_MISSING"    // there is none
	CodeConflict  client.Code = "ERR_DOCUMENTS_CONFLICT"   // it has another version
	CodeFewCopies client.Code = "ERR_DOCUMENTS_FEW_COPIES" // too few nodes have taken it
	CodeDocument  client.Code = "ERR_DOCUMENTS_DOCUMENT"   // the collection does not take it
	CodeToken     client.Code = "ERR_DOCUMENTS_TOKEN"      // the token is missing, or wrong
	CodeClosed    client.Code = "ERR_DOCUMENTS_CLOSED"     // clients may not do this
)

// What is sent and what comes back.
type (
	// Query says which documents are wanted.
	Query = selection.Query
	// Document is one that was found, with its version and copies.
	Document = store.Document
	// Result is what has become of a write.
	Result = store.Result
	// Version of a document.
	Version = version.Version
)

// MaxBatch is how many documents or keys go into one request.
const MaxBatch = store.MaxKeys

// Collection is one collection of the network's store. It may be used by several goroutines.
type Collection struct {
	client *client.Client
	name   string
	token  string
}

// Open returns a collection by its name. The token is what its rights may ask for; "" for
// none. Nothing is asked yet.
func Open(c *client.Client, name, token string) *Collection { return &Collection{c, name, token} }

// call sends a request to the store.
func (c *Collection) call(ctx context.Context, endpoint string, q store.Request, options ...client.RequestOption) (*store.Answer, error) {
	q.Collection, q.Token = c.name, c.token
	a := &store.Answer{}
	return a, c.client.Request(ctx, "documents/"+endpoint, q, a, options...)
}

// Add writes a document, which becomes JSON, if there is none of its key. Without a key it
// gets a random one: see Result.Key.
func (c *Collection) Add(ctx context.Context, document any) (Result, error) {
	return c.write(ctx, "add", document, store.Request{})
}

// Put writes a document, whether there is one of its key or not.
func (c *Collection) Put(ctx context.Context, document any) (Result, error) {
	return c.write(ctx, "put", document, store.Request{}, client.Repeatable())
}

// PutIf writes a document if the one of its key has this version.
func (c *Collection) PutIf(ctx context.Context, document any, v Version) (Result, error) {
	return c.write(ctx, "put", document, store.Request{IfVersion: &v})
}

func (c *Collection) write(ctx context.Context, endpoint string, document any, q store.Request, options ...client.RequestOption) (Result, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return Result{}, fmt.Errorf("documents: %w", err)
	}
	q.Document = text
	return written(c.call(ctx, endpoint, q, options...))
}

func written(a *store.Answer, err error) (Result, error) {
	switch {
	case err != nil:
		return Result{}, err
	case a.Written == nil:
		return Result{}, errMalformed
	}
	return *a.Written, nil
}

var errMalformed = fmt.Errorf("documents: the node's answer lacks what was asked for")

// AddMany writes up to MaxBatch documents at the cost of one question to the network. The
// results are in their order; one that was not written has a Code.
func (c *Collection) AddMany(ctx context.Context, documents []json.RawMessage) ([]Result, error) {
	a, err := c.call(ctx, "add", store.Request{Documents: documents})
	return a.Results, err
}

// PutMany is AddMany for documents that may be there.
func (c *Collection) PutMany(ctx context.Context, documents []json.RawMessage) ([]Result, error) {
	a, err := c.call(ctx, "put", store.Request{Documents: documents}, client.Repeatable())
	return a.Results, err
}

// Get reads a document by its key, a text or a number, into a value; nil leaves that out.
// If there is none, the error is CodeMissing.
func (c *Collection) Get(ctx context.Context, key, into any) (Document, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return Document{}, fmt.Errorf("documents: %w", err)
	}
	a, err := c.call(ctx, "get", store.Request{Key: text}, client.Repeatable())
	switch {
	case err != nil:
		return Document{}, err
	case a.Document == nil:
		return Document{}, fmt.Errorf("documents: %s in %s: %w", text, c.name, CodeMissing)
	case into == nil:
		return *a.Document, nil
	}
	return *a.Document, json.Unmarshal(a.Document.Document, into)
}

// ErrUnread says that there are documents, and no holder of them has answered.
var ErrUnread = errors.New("documents: there are documents that no holder gives now")

// GetMany reads documents by their keys, as JSON, at most MaxBatch. Those that are not there
// are left out. With ErrUnread it returns those that could be had.
func (c *Collection) GetMany(ctx context.Context, keys []json.RawMessage) (list []Document, err error) {
	for len(keys) > 0 {
		a, err := c.call(ctx, "get", store.Request{Keys: keys}, client.Repeatable())
		if err != nil {
			return nil, err
		}
		list = append(list, a.Documents...)
		if len(a.Rest) >= len(keys) {
			return list, fmt.Errorf("%w: %d", ErrUnread, len(a.Rest))
		}
		keys = a.Rest
	}
	return list, nil
}

// Stat tells how many copies documents have and should have, by their keys as JSON.
func (c *Collection) Stat(ctx context.Context, keys []json.RawMessage) ([]Document, error) {
	a, err := c.call(ctx, "stat", store.Request{Keys: keys}, client.Repeatable())
	return a.Documents, err
}

// Find returns the documents of a query, page by page until there is no more. Limit is how
// many there are at most, if it is not 0. An error ends them.
func (c *Collection) Find(ctx context.Context, q Query) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		left := q.Limit
		for {
			if q.Limit = selection.MaxLimit; left > 0 {
				q.Limit = min(left, selection.MaxLimit)
			}
			a, err := c.call(ctx, "find", store.Request{Query: q}, client.Repeatable())
			if err != nil {
				yield(Document{}, err)
				return
			}
			for _, d := range a.Documents {
				if !yield(d, nil) {
					return
				}
			}
			done := left > 0 && len(a.Documents) >= left
			if a.After == "" || done {
				return
			}
			if left > 0 {
				left -= len(a.Documents)
			}
			q.After, q.Offset = a.After, 0
		}
	}
}

// Count is how many documents match a filter, nil for all, and whether that is exact.
func (c *Collection) Count(ctx context.Context, filter json.RawMessage) (count int, exact bool, err error) {
	a, err := c.call(ctx, "count", store.Request{Query: Query{Filter: filter}}, client.Repeatable())
	switch {
	case err != nil:
		return 0, false, err
	case a.Count == nil:
		return 0, false, errMalformed
	}
	return *a.Count, a.Exact, nil
}

// Change sets fields of a document.
func (c *Collection) Change(ctx context.Context, key, set any) (Result, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return Result{}, fmt.Errorf("documents: %w", err)
	}
	fields, err := json.Marshal(set)
	if err != nil {
		return Result{}, fmt.Errorf("documents: %w", err)
	}
	return written(c.call(ctx, "change", store.Request{Key: text, Set: fields}))
}

// Delete forgets a document. If there is none, the error is CodeMissing.
func (c *Collection) Delete(ctx context.Context, key any) (Result, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return Result{}, fmt.Errorf("documents: %w", err)
	}
	return written(c.call(ctx, "delete", store.Request{Key: text}))
}

// ChangeWhere sets fields of up to 1,000 documents that match a filter. It returns how many
// it has changed, and whether more may match.
func (c *Collection) ChangeWhere(ctx context.Context, filter json.RawMessage, set any) (changed int, more bool, err error) {
	fields, err := json.Marshal(set)
	if err != nil {
		return 0, false, fmt.Errorf("documents: %w", err)
	}
	return changes(c.call(ctx, "change", store.Request{Query: Query{Filter: filter, Limit: selection.MaxLimit}, Set: fields}))
}

// DeleteWhere forgets up to 1,000 documents that match a filter.
func (c *Collection) DeleteWhere(ctx context.Context, filter json.RawMessage) (deleted int, more bool, err error) {
	return changes(c.call(ctx, "delete", store.Request{Query: Query{Filter: filter, Limit: selection.MaxLimit}}))
}

func changes(a *store.Answer, err error) (int, bool, error) {
	switch {
	case err != nil:
		return 0, false, err
	case a.Changed == nil:
		return 0, false, errMalformed
	}
	return *a.Changed, a.More, nil
}
