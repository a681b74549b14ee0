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

	"spreadable/core/message"
	"spreadable/wire"
)

// server is the side of the node that others call. Its handlers run in net/http's
// goroutines: they read, check and decode, post to the loop, wait, and encode.
type server struct {
	options *Options
	loop    *loop
	names   *names
	auth    *auth // nil for an open network
	watched watched

	refusals refusals // of nodes, for the owner

	routes  map[string]route // POST, by path in lower case
	bodies  *line            // a place for each large body
	web     webLines         // of the routes of extensions
	ping    *wire.Document
	success *wire.Document // all that is said to a GET of anything else
}

// route is a request that is served by POST.
type route struct {
	kind  message.Kind
	query wire.Query
	app   http.Handler // an application's own, instead of a kind
	queue *line        // a place for each request in work; nil for no limit
	// the kind of approval that the query of a client needs; "" for none
	approval string
}

func newServer(o *Options, key []byte, l *loop, n *names) (_ *server, err error) {
	s := &server{
		options: o, loop: l, names: n, auth: newAuth(o, key, time.Now), refusals: refusals{now: time.Now},
		routes: make(map[string]route),
	}
	s.bodies = s.newLine(maxBodies)
	n.allow(o.MaxLookups, l.limits.lookups, s.newLine(o.MaxLookups))
	n.strangers.most = waitingLookups
	for kind := range message.NumKinds {
		row := kind.Row()
		if row.Sender != message.AnyParticipant && !strings.HasSuffix(row.Path, "/") {
			s.routes[row.Path] = route{kind: kind, queue: s.newQueue(row.Queue)}
		}
	}
	for _, q := range o.Queries {
		for _, kind := range queryKinds {
			row := kind.Row()
			s.routes[strings.ToLower(row.Path+q.Name())] = route{kind: kind, query: q, queue: s.newQueue(row.Queue)}
		}
	}
	if s.ping, err = s.fixed(message.KindPing); err == nil {
		s.success, err = s.fixed(message.KindAction)
	}
	return s, err
}

// queryKinds are the kinds whose path ends with the name of a query.
var queryKinds = []message.Kind{
	message.KindQueryMaster, message.KindQueryButler, message.KindQuerySlave, message.KindQuery,
}

// fixed makes an answer that is always the same.
func (s *server) fixed(kind message.Kind) (*wire.Document, error) {
	body := s.loop.speaker.Answer(kind, nil)
	text, err := body.JSON()
	return wire.NewDocument(text), err
}

// newQueue limits what may be in work at a time of requests that make us ask others.
// Nodes, of which there are few, get more than clients; npm nodes do not limit them at
// all.
func (s *server) newQueue(q message.Queue) *line {
	switch q {
	case message.NodeQueue:
		return s.newLine(nodeShare * s.options.Concurrency)
	case message.ClientQueue:
		return s.newLine(s.options.Concurrency)
	}
	return nil
}

// newLine makes a line of so many places, of which a host may have its share.
func (s *server) newLine(places int) *line {
	return newLine(places, s.options.shareOf(places), s.loop.limits.waits)
}

const nodeShare = 8

// httpServer puts limits around the handler: it ends the connection of a sender that is
// slow or silent.
func (s *server) httpServer(served *connections) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // all that npm peers speak; one protocol less to be attacked by
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       bodyLimit,
		WriteTimeout:      wire.MaxBudget + 30*time.Second,
		IdleTimeout:       serverIdle,
		MaxHeaderBytes:    headerLimit,
		Protocols:         protocols,
		ConnContext:       withConn,
		ConnState:         served.track,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
}

// ServeHTTP is the pipeline of npm nodes: origin, CORS, body, access, route.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{w: w, r: r}
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.Error("a request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			s.fail(v, errInternal)
		}
	}()
	h := w.Header()
	h["Server"] = serverHeader
	h["Access-Control-Allow-Origin"] = anyOrigin
	if err := s.serve(v); err != nil {
		s.fail(v, err)
	}
}

var (
	serverHeader = []string{wire.ServerName}
	anyOrigin    = []string{"*"}
	jsonType     = []string{wire.AnswerType}
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
	if s.options.Web != nil {
		if rt, handler := s.options.Web.Find(v.r); rt != nil {
			return s.serveWeb(v, rt, handler)
		}
	}
	v.path = strings.TrimSuffix(strings.ToLower(v.r.URL.Path), "/")
	// Npm nodes read all bodies first. Here a body that takes a place is read only for a
	// sender that has access.
	if isLarge(v.r) {
		if err = s.enter(v); err == nil {
			err = s.readBody(v)
		}
		if err != nil {
			// or else net/http would read the rest of the body before it answers
			v.w.Header().Set("Connection", "close")
		}
	} else if err = s.readBody(v); err == nil {
		err = s.enter(v)
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

// enter checks the access to the path of a request.
func (s *server) enter(v *visit) error {
	switch {
	case strings.HasPrefix(v.path, "/api/"):
		err := s.access(v, scope{node: true, version: true, kind: s.routes[v.path].kind})
		if err != nil {
			s.turnAway(v, err)
		}
		return err
	case strings.HasPrefix(v.path, "/client/"):
		return s.access(v, clientScope)
	}
	return nil
}

// preflight lets every page ask, with the headers it wants: nodes serve browsers of any
// site, and nothing that they do depends on where a page is from.
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
	return wire.WithStatus(http.StatusNotFound, fmt.Sprintf("%s %q", wire.RouteMessage, uri[:min(len(uri), wire.MaxMessage)]))
}

// get serves ping to all, and the rest to those that know the password.
func (s *server) get(v *visit) error {
	if v.path == "/ping" {
		s.send(v, s.ping)
		return nil
	}
	if err := s.access(v, statusScope); err != nil {
		s.turnAway(v, err)
		return err
	}
	if v.path != "/status" {
		s.send(v, s.success)
		return nil
	}
	status, err := s.ask(v.r.Context(), &incoming{kind: message.KindStatus, from: v.from, ip: v.ip})
	if err == nil && v.r.URL.Query().Has("pretty") {
		status, err = wire.PrettyStatus(status)
	}
	if err == nil {
		s.send(v, status)
	}
	return err
}

// post serves the requests of nodes and clients.
func (s *server) post(v *visit) error {
	rt, found := s.routes[v.path]
	if !found {
		return s.notFound(v)
	}
	var err error
	if v.place, err = takePlace(v.r.Context(), rt.queue, v.ip); err != nil {
		return err
	}
	defer v.place.leave()
	if rt.app != nil {
		v.unpack()
		rt.app.ServeHTTP(v.w, v.forApplication())
		return nil
	}
	if rt.kind == message.KindDirect && v.r.Header.Get("Content-Type") == wire.StreamType {
		return s.receive(v, rt)
	}
	if rt.kind == message.KindStructure && !bytes.Contains(v.body, introduce) {
		if view := s.loop.view.Load(); view.atEase {
			s.send(v, view.structure) // nearly all requests of a network at rest, without asking the node
			return nil
		}
	}
	in, err := s.incoming(v, rt)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), max(in.timeout, 0)+answerGrace)
	defer cancel()
	doc, err := s.ask(ctx, in)
	if err == nil {
		s.send(v, doc)
	}
	return err
}

const (
	defaultBudget = 10 * time.Second // of a request that does not say: as npm clients have
	answerGrace   = 5 * time.Second  // how much later than asked for an answer may still be of use
)

var introduce = []byte(wire.IntroduceField)

// incoming decodes the request that a route is for.
func (s *server) incoming(v *visit, rt route) (*incoming, error) {
	v.unpack()
	in := &incoming{kind: rt.kind, from: v.from, ip: v.ip, root: v.r.Header.Get(wire.RootHeader), timeout: s.budget(v), place: v.place}
	if rt.kind == message.KindAvailableNode && in.timeout <= 0 {
		return nil, wire.WithStatus(http.StatusRequestTimeout, "the timeout has passed already")
	}
	var err error
	if in.body, err = wire.ReadRequest(rt.kind, rt.query, v.fields); err != nil || rt.approval == "" {
		return in, err
	}
	return in, s.prove(v, in, rt.approval)
}

// budget prefers the header that our nodes send: it needs no clock of another machine.
func (s *server) budget(v *visit) time.Duration {
	if given := v.r.Header.Get(wire.BudgetHeader); given != "" {
		if left, err := time.ParseDuration(given + "ms"); err == nil {
			return min(left, wire.MaxBudget)
		}
	}
	return v.fields.Budget(time.Duration(time.Now().UnixNano()), defaultBudget)
}

// send answers with a document, or tells that it is still the one that the asker has.
func (s *server) send(v *visit, doc *wire.Document) {
	v.w.Header()["Etag"] = []string{doc.ETag()}
	if match := v.r.Header.Get("If-None-Match"); match != "" && match == doc.ETag() {
		v.w.WriteHeader(http.StatusNotModified)
		return
	}
	s.write(v, http.StatusOK, doc)
}

// fail answers with an error.
func (s *server) fail(v *visit, err error) {
	status, body := wire.Failure(err)
	text, _ := body.JSON() // of texts alone, so it has a form
	s.write(v, status, wire.NewDocument(text))
}

// write sends an answer in one piece, compressed if that is worth it.
func (s *server) write(v *visit, status int, doc *wire.Document) {
	h := v.w.Header()
	encoding := ""
	if doc.Len() >= wire.MinCompressed {
		if encoding = accepted(v.r.Header.Get("Accept-Encoding")); encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
	}
	body := doc.In(encoding)
	h["Content-Type"], h["Vary"] = jsonType, varyEncoding
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	gather(v.r, len(body))
	v.w.WriteHeader(status)
	v.w.Write(body) // an asker that has left needs no answer
}
