package documents

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents/selection"
	"spreadable/extensions/documents/version"
	"spreadable/extensions/web"
)

// The routes for clients: POST /client/documents/NAME, JSON in and out.

// maxRequest is the most bytes of a client's request: a batch of small documents, or one
// of the largest.
const maxRequest = 8 << 20

// Request is what a client sends. Each route takes some of the fields.
type Request struct {
	Collection string            `json:"collection"`
	Token      string            `json:"token,omitempty"`
	Key        json.RawMessage   `json:"key,omitempty"`       // of one document
	Keys       []json.RawMessage `json:"keys,omitempty"`      // of several, at most MaxKeys
	Document   json.RawMessage   `json:"document,omitempty"`  // one to write
	Documents  []json.RawMessage `json:"documents,omitempty"` // several to write, at most MaxKeys
	Set        json.RawMessage   `json:"set,omitempty"`       // fields to change
	IfPresent  bool              `json:"ifPresent,omitempty"`
	IfVersion  *version.Version  `json:"ifVersion,omitempty"`
	// Of a write of a document that has an owner.
	Version   version.Version `json:"version,omitzero"`
	Signature []byte          `json:"signature,omitempty"`
	selection.Query
}

// Answer is what a client gets. Each route gives some of the fields.
type Answer struct {
	// Of reading: a document, or null, or several.
	Document  *Document  `json:"document,omitempty"`
	Documents []Document `json:"documents,omitempty"`
	After     string     `json:"after,omitempty"`
	// Of many keys, those to ask for again: the answer would be too long, or there is such a
	// document, and a holder has not answered.
	Rest []json.RawMessage `json:"rest,omitempty"`
	// Of counting. An estimate is not exact.
	Count *int `json:"count,omitempty"`
	Exact bool `json:"exact,omitempty"`
	// Of writing one or several documents; of changing and deleting those that match a
	// filter, how many, and whether there may be more.
	Written *Result  `json:"written,omitempty"`
	Results []Result `json:"results,omitempty"`
	Changed *int     `json:"changed,omitempty"`
	More    bool     `json:"more,omitempty"`

	Coverage *Coverage `json:"coverage,omitempty"`
}

// Coverage is how many nodes were asked, and how many have answered.
type Coverage struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
}

// Document is one that was found.
type Document struct {
	Key      json.RawMessage `json:"key"`
	Version  version.Version `json:"version"`
	Document json.RawMessage `json:"document,omitempty"` // not of stat
	Copies   int             `json:"copies,omitempty"`   // not of find
	Wanted   int             `json:"wanted,omitempty"`
}

// Result is what has become of a write. A document of a batch that was not written has a
// code.
type Result struct {
	Key     json.RawMessage `json:"key,omitempty"`
	Version version.Version `json:"version"`
	Copies  int             `json:"copies"`
	Wanted  int             `json:"wanted"`
	Code    string          `json:"code,omitempty"`
	Message string          `json:"message,omitempty"`
}

// operation is what a route does, as a procedure.
type operation struct {
	name  string
	needs func(r *Rights) []Right
	run   func(s *Store, t *host.Task, q *Request) (*Answer, error)
}

func reads(r *Rights) []Right   { return []Right{r.Read} }
func adds(r *Rights) []Right    { return []Right{r.Add} }
func updates(r *Rights) []Right { return []Right{r.Update} }
func deletes(r *Rights) []Right { return []Right{r.Delete} }
func puts(r *Rights) []Right    { return []Right{r.Add, r.Update} }

func operations() []operation {
	return []operation{
		{"add", adds, (*Store).serveAdd}, {"put", puts, (*Store).servePut}, {"change", updates, (*Store).serveChange},
		{"delete", deletes, (*Store).serveDelete}, {"get", reads, (*Store).serveGet}, {"stat", reads, (*Store).serveStat},
		{"find", reads, (*Store).serveFind}, {"count", reads, (*Store).serveCount},
	}
}

// Routes implements web.Server.
func (s *Store) Routes(r web.Runner) (routes []web.Route) {
	s.run = r
	for _, kind := range append([]string{""}, s.approvals()...) {
		for _, o := range operations() {
			route := web.Route{
				Zone: web.Client, Method: "POST", Path: o.name, MaxBody: maxRequest, Approval: kind,
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, o, kind) }),
			}
			if kind != "" {
				route.Path = "approved/" + kind + "/" + o.name
			}
			routes = append(routes, route)
		}
	}
	return routes
}

// approvals are the kinds that rights ask for.
func (s *Store) approvals() (kinds []string) {
	for _, c := range s.shelves {
		for _, right := range []Right{c.Rights.Read, c.Rights.Add, c.Rights.Update, c.Rights.Delete} {
			if kind, asks := right.approval(); asks && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// serve answers a request to a route, behind an approval or none.
func (s *Store) serve(w http.ResponseWriter, r *http.Request, o operation, approved string) {
	q := &Request{}
	if err := json.NewDecoder(r.Body).Decode(q); err != nil {
		write(w, http.StatusBadRequest, nil, refusal("REQUEST", "the request: %v", err))
		return
	}
	answer, err := s.perform(r, o, q, approved)
	switch {
	case errors.Is(err, errAway):
		write(w, http.StatusServiceUnavailable, nil, err)
	case err != nil:
		write(w, http.StatusUnprocessableEntity, nil, err)
	default:
		write(w, http.StatusOK, answer, nil)
	}
}

const (
	// A client's host may have a share of Options.Queries, and so many that wait; one that has
	// waited for longer than queryPatience is refused.
	queryShare    = 4
	queryLine     = 64
	queryPatience = 10 * time.Second
	sharesLogged  = time.Minute // the least time between two lines of the log
)

// inTurn runs a query of a client when it is the turn of its host.
func (s *Store) inTurn(t *host.Task, client netip.Addr, query func() error) error {
	began := s.host.Now()
	if s.queries.waits(client) {
		s.counts.waits.Add(1)
		if s.told == 0 || began-s.told > sharesLogged {
			s.told = began
			s.host.Log(host.Info, "queries of clients wait: see the option queries", "host", client.String(), "waits", s.counts.waits.Value())
		}
	}
	if !s.queries.enter(t, s.host, client, s.unique("query")) {
		s.counts.busy.Add(1)
		return refusal("BUSY", "%d queries of your host wait here", queryLine)
	}
	defer s.queries.leave(client)
	if s.host.Now()-began > queryPatience {
		s.counts.busy.Add(1)
		return refusal("BUSY", "the query has waited for %v", queryPatience)
	}
	return query()
}

var errAway = &host.Error{Code: "ERR_DOCUMENTS_STOPPING", Message: "the node is stopping"}

// perform does an operation for a client that may.
func (s *Store) perform(r *http.Request, o operation, q *Request, approved string) (*Answer, error) {
	c, err := s.shelf(q.Collection)
	if err != nil {
		return nil, err
	}
	for _, right := range o.needs(&c.Rights) {
		if err := c.allows(right, q, approved); err != nil {
			return nil, err
		}
	}
	if err := q.clear(o); err != nil {
		return nil, err
	}
	client := web.VisitorHost(r)
	var answer *Answer
	err = web.Do(r.Context(), s.run, func(t *host.Task) (err error) {
		run := func() (err error) {
			answer, err = o.run(s, t, q)
			return err
		}
		if o.name == "find" || o.name == "count" || len(q.Filter) > 0 {
			return s.inTurn(t, client, run)
		}
		return run()
	})
	if errors.Is(err, web.ErrAway) {
		return nil, errAway
	}
	return answer, err
}

// allows says why a client may not do what needs a right.
func (c *Collection) allows(right Right, q *Request, approved string) error {
	kind, byApproval := right.approval()
	switch {
	case right == Open || byApproval && kind == approved:
		return nil
	case byApproval:
		return refusal("APPROVAL", "this needs an approval: POST /client/documents/approved/%s/NAME?approvalInfo=", kind)
	case right == Owner:
		if len(q.Documents)+len(q.Keys)+len(q.Filter)+len(q.Set) > 0 || len(q.Signature) == 0 {
			return refusal("OWNER", "in collection %s the owner signs each version of a document", c.Name)
		}
		return nil // the signature is checked with the document
	case right == WithToken && c.Token != "":
		if subtle.ConstantTimeCompare([]byte(q.Token), []byte(c.Token)) == 1 {
			return nil
		}
		return refusal("TOKEN", "this needs the token of collection %s", c.Name)
	}
	return refusal("CLOSED", "clients may not do this in collection %s: see its rights", c.Name)
}

// write answers as nodes do: an error has a code.
func write(w http.ResponseWriter, status int, answer *Answer, err error) {
	var body any = answer
	if err != nil {
		code := ""
		if e := (*host.Error)(nil); errors.As(err, &e) {
			code = e.Code
		}
		body = map[string]string{"message": err.Error(), "code": code}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}

// clear refuses a request that can be read in two ways: one that changes or deletes must
// not do more than its client means. A version of zeros or of no digits is most often that
// of an earlier answer without a document, and no condition at all.
func (q *Request) clear(o operation) error {
	named := 0
	for _, given := range []bool{len(q.Key) > 0, len(q.Keys) > 0, len(q.Filter) > 0} {
		if given {
			named++
		}
	}
	switch {
	case named > 1 && (o.name == "change" || o.name == "delete"):
		return refusal("REQUEST", "want one of key, keys and filter")
	case q.IfVersion == nil:
		return nil
	case q.IfVersion.IsZero():
		return refusal("REQUEST", "ifVersion: want the version that the document has now, as an answer gives it")
	case len(q.Keys)+len(q.Filter)+len(q.Documents) > 0:
		return refusal("REQUEST", "ifVersion is a condition for one document")
	}
	return nil
}

// ifVersion is the version that the document must have; the zero value for any.
func (q *Request) ifVersion() (v version.Version) {
	if q.IfVersion != nil {
		v = *q.IfVersion
	}
	return v
}

// oneKey reads the key of a request.
func (q *Request) oneKey() (string, error) {
	key, err := ParseKey(q.Key)
	if err != nil {
		return "", refusal("KEY", "%v", err)
	}
	return key, nil
}

// manyKeys reads the keys of a request.
func (q *Request) manyKeys() (keys []string, err error) {
	if len(q.Keys) > MaxKeys {
		return nil, refusal("QUESTION", "want at most %d keys", MaxKeys)
	}
	for _, text := range q.Keys {
		key, err := ParseKey(text)
		if err != nil {
			return nil, refusal("KEY", "%v", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
