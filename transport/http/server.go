package httptransport

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// server is the side of the node that others call. Its handlers run in net/http's goroutines: they read, check and
// decode, post to the loop, wait, and encode.
type server struct {
	options  *Options
	loop     *loop
	names    *names
	auth     *auth // nil for an open network
	failures failures
	routes   map[string]route // POST, by path in lower case
	bodies   chan struct{}    // a place for each large body
	ping     *document
}

// route is a request that is served by POST.
type route struct {
	kind  message.Kind
	query core.Query
	app   http.Handler  // an application's own, instead of a kind
	queue chan struct{} // a place for each request in work; nil for no limit
}

func newServer(o *Options, l *loop, n *names) (*server, error) {
	a, err := newAuth(o, time.Now)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	s := &server{
		options: o, loop: l, names: n, auth: a, failures: failures{now: time.Now},
		routes: make(map[string]route), bodies: make(chan struct{}, maxBodies),
	}
	for kind := message.KindStructure; kind <= message.KindApprovalQuestion; kind++ {
		if !strings.HasSuffix(paths[kind], "/") {
			s.routes[paths[kind]] = route{kind: kind, queue: s.queueOf(kind)}
		}
	}
	for _, q := range o.Queries {
		for _, kind := range []message.Kind{message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindQuery} {
			s.routes[strings.ToLower(paths[kind]+q.Name())] = route{kind: kind, query: q, queue: s.queueOf(kind)}
		}
	}
	s.ping, err = encodeAnswer(answer{body: wirePing{o.Version, o.Address.String()}})
	return s, err
}

// queueOf limits what may be in work at a time of requests that make us ask others. Nodes, of whom there are few, get
// more than clients; npm nodes do not limit them at all.
func (s *server) queueOf(kind message.Kind) chan struct{} {
	switch {
	case kind.Leaf():
		return nil
	case kind.FromNode():
		return make(chan struct{}, nodeShare*s.options.Concurrency)
	}
	return make(chan struct{}, s.options.Concurrency)
}

const nodeShare = 8

// httpServer puts limits around the handler: whoever sends slowly, or not at all, is let go.
func (s *server) httpServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // all that npm peers speak; one protocol less to be attacked by
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      maxPatience + 30*time.Second,
		IdleTimeout:       serverIdle,
		MaxHeaderBytes:    headerLimit,
		Protocols:         protocols,
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
}

// ServeHTTP is the pipeline of npm nodes: origin, CORS, body, access, route.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{w: w, r: r}
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.Error("a request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			s.send(v, failure(statusError{http.StatusInternalServerError, "internal error"}))
		}
	}()
	h := w.Header()
	h["Server"] = serverHeader
	h["Access-Control-Allow-Origin"] = anyOrigin
	if err := s.serve(v); err != nil {
		s.send(v, failure(err))
	}
}

var (
	serverHeader = []string{serverName}
	anyOrigin    = []string{"*"}
	jsonType     = []string{"application/json; charset=utf-8"}
	varyEncoding = []string{"Accept-Encoding"}
)

func (s *server) serve(v *visit) (err error) {
	if v.origin, err = s.originOf(v.r); err != nil {
		return err
	}
	if v.r.Method == http.MethodOptions {
		preflight(v.w, v.r)
		return nil
	}
	if err = s.readBody(v); err != nil {
		return err
	}
	v.path = strings.TrimSuffix(strings.ToLower(v.r.URL.Path), "/")
	switch {
	case strings.HasPrefix(v.path, "/api/"):
		err = s.access(v, apiScope)
	case strings.HasPrefix(v.path, "/client/"):
		err = s.access(v, clientScope)
	}
	if err != nil {
		return err
	}
	switch v.r.Method {
	case http.MethodPost:
		return s.post(v)
	case http.MethodGet, http.MethodHead:
		return s.get(v)
	}
	return s.notFound(v)
}

// preflight lets every page ask, with the headers it wants: nodes serve browsers of any site, and nothing that they do
// depends on where a page is from.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Vary", "Access-Control-Request-Headers")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) notFound(v *visit) error {
	uri := v.r.RequestURI
	return statusError{http.StatusNotFound, fmt.Sprintf("Not found route %q", uri[:min(len(uri), maxMessage)])}
}

// get serves ping to everybody, and the rest to whoever knows the password.
func (s *server) get(v *visit) error {
	if v.path == "/ping" {
		s.send(v, answer{http.StatusOK, s.ping})
		return nil
	}
	if err := s.access(v, statusScope); err != nil {
		return err
	}
	if v.path != "/status" {
		s.send(v, answer{http.StatusOK, wireSuccess{true}})
		return nil
	}
	a, err := s.ask(v.r.Context(), &incoming{kind: message.KindStatus, from: v.from, ip: v.ip})
	if status, ok := a.body.(wireStatus); ok && v.r.URL.Query().Has("pretty") {
		a.body = status.pretty()
	}
	if err == nil {
		s.send(v, a)
	}
	return err
}

// post serves the requests of nodes and clients.
func (s *server) post(v *visit) error {
	rt, found := s.routes[v.path]
	if !found {
		return s.notFound(v)
	}
	if rt.queue != nil {
		select { // whoever waits longest comes first
		case rt.queue <- struct{}{}:
			defer func() { <-rt.queue }()
		case <-v.r.Context().Done():
			return v.r.Context().Err()
		}
	}
	if rt.app != nil {
		v.unpack()
		rt.app.ServeHTTP(v.w, v.forApplication())
		return nil
	}
	if rt.kind == message.KindStructure && !bytes.Contains(v.body, introduce) && s.sendStructure(v) {
		return nil
	}
	in, err := s.incoming(v, rt)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), max(in.timeout, 0)+answerGrace)
	defer cancel()
	a, err := s.ask(ctx, in)
	if err == nil {
		s.send(v, a)
	}
	return err
}

const (
	defaultPatience = 10 * time.Second // of whoever does not say: as npm clients have
	answerGrace     = 5 * time.Second  // how much later than asked for an answer may still be of use
)

// introduce is the one field of a structure request that asks for more than the structure.
var introduce = []byte("introduce")

// incoming decodes the request that a route is for.
func (s *server) incoming(v *visit, rt route) (*incoming, error) {
	v.unpack()
	in := &incoming{kind: rt.kind, from: v.from, ip: v.ip, root: v.r.Header.Get("Node-Root"), timeout: s.patience(v)}
	if rt.kind == message.KindAvailableNode && in.timeout <= slippage {
		return nil, statusError{http.StatusRequestTimeout, "the timeout has passed already"}
	}
	var err error
	if rt.query != nil {
		in.body, err = decodeQuery(rt.kind, rt.query, v.fields)
	} else {
		in.body, err = decodeRequest(rt.kind, v.fields)
	}
	if _, introduces := in.body.(introduceIn); introduces && v.from.IsZero() {
		in.body = nil // nobody cannot introduce itself
	}
	return in, err
}

// slippage is what a node takes off a budget it is given (see core); below it there is nothing left.
const slippage = 120 * time.Millisecond

// patience prefers the header that our nodes send: it needs no clock of another machine.
func (s *server) patience(v *visit) time.Duration {
	if given := v.r.Header.Get(budgetHeader); given != "" {
		if left, err := time.ParseDuration(given + "ms"); err == nil {
			return min(left, maxPatience)
		}
	}
	return v.fields.patience(time.Duration(time.Now().UnixNano()), defaultPatience)
}

// sendStructure answers nearly all requests of a network at rest: from the last snapshot, encoded once, without asking
// the node.
func (s *server) sendStructure(v *visit) bool {
	view := s.loop.view.Load()
	if !view.atEase {
		return false
	}
	s.send(v, answer{http.StatusOK, view.structure})
	return true
}

// send encodes and writes an answer.
func (s *server) send(v *visit, a answer) {
	doc, err := encodeAnswer(a)
	if err != nil {
		s.options.Log.Error("an answer cannot be encoded", "path", v.path, "error", err)
		a.status, doc = http.StatusInternalServerError, newDocument([]byte(`{"message":"internal error"}`))
	}
	h := v.w.Header()
	if a.status == http.StatusOK {
		h["Etag"] = []string{doc.etag}
		if match := v.r.Header.Get("If-None-Match"); match != "" && match == doc.etag {
			v.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	encoding := ""
	if len(doc.plain) >= minCompressed {
		if encoding = accepted(v.r.Header.Get("Accept-Encoding")); encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
	}
	body := doc.in(encoding)
	h["Content-Type"], h["Vary"] = jsonType, varyEncoding
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	gather(v.r, len(body))
	v.w.WriteHeader(a.status)
	v.w.Write(body) // whoever has left needs no answer
}
