// Package web is the HTTP edge of extensions: routes for clients and browsers, with the
// guards that stand before them. An extension that implements [Server] serves its routes
// on a real node. A simulation has no HTTP, so what a route does should be one procedure
// of the extension, which a test can run without it.
package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"spreadable/core/host"
)

// Server is an extension that serves HTTP.
type Server interface {
	host.Extension
	// Routes are those of the extension. It is called once, before the node starts.
	Routes(r Runner) []Route
}

// Runner runs procedures for handlers, which are in goroutines of their own.
type Runner interface {
	// Run runs a procedure in the node's thread, and returns when it has ended and what it
	// changed is on disk. If ctx ends before, the procedure goes on.
	Run(ctx context.Context, procedure func(t *host.Task)) error
}

// Zone says for whom a route is.
type Zone uint8

// The zones. In both the address lists and bans hold, and the password of a closed network.
const (
	// Public routes are for browsers: GET /EXTENSION/PATH.
	Public Zone = iota
	// Client routes are for programs, whose version is checked: POST
	// /client/EXTENSION/PATH.
	Client
)

// Route is one kind of HTTP request.
type Route struct {
	Zone Zone
	// Method is GET (HEAD comes with it), POST, PUT or DELETE.
	Method string
	// Path is what follows the extension's name, such as "put" or "{key}", in the form of
	// net/http.ServeMux.
	Path string

	// Approval is the kind of approval that a client must show, in the field approvalInfo
	// of the query; "" for none.
	Approval string
	// Width is how many of these requests are in work at a time, of which one host may have
	// its share (option host_share); the others wait in turn. 0 is client_concurrency.
	Width int
	// MaxBody is the most bytes of a body: 0 is max_body. There is no limit in time for a
	// body that comes at the rate of the option body_rate.
	MaxBody int64
	// Timeout is the time from the end of the body, and from each write of the answer, in
	// which the next write must come: DefaultTimeout.
	Timeout time.Duration

	Handler http.Handler
}

// DefaultTimeout is that of a Route.
const DefaultTimeout = time.Minute

// Mux finds the route of a request. It does not change once it is made.
type Mux struct {
	mux    *http.ServeMux
	routes map[string]*Route // by pattern
	names  []string          // what the paths begin with, between slashes
}

// reserved are the first parts of paths that the protocol has.
var reserved = []string{"client", "api", "ping", "status"}

// NewMux collects the routes of extensions; nil if there are none. Runner gives the one of
// an extension. The extensions have been attached, so their names are good and differ.
func NewMux(runner func(extension string) Runner, extensions ...host.Extension) (m *Mux, err error) {
	for _, e := range extensions {
		s, serves := e.(Server)
		if !serves {
			continue
		}
		if slices.Contains(reserved, e.Name()) {
			return nil, fmt.Errorf("extension %q: the protocol has paths of this name", e.Name())
		}
		if m == nil {
			m = &Mux{mux: http.NewServeMux(), routes: make(map[string]*Route)}
		}
		m.names = append(m.names, e.Name())
		for _, route := range s.Routes(runner(e.Name())) {
			if err := m.add(e.Name(), route); err != nil {
				return nil, fmt.Errorf("extension %q: route %s %s: %w", e.Name(), route.Method, route.Path, err)
			}
		}
	}
	return m, nil
}

// add makes a route known. ServeMux panics for a pattern that is none, or collides.
func (m *Mux) add(extension string, route Route) (err error) {
	switch {
	case route.Handler == nil:
		return errors.New("no handler")
	case !slices.Contains([]string{"GET", "POST", "PUT", "DELETE"}, route.Method):
		return errors.New("want GET, POST, PUT or DELETE")
	case route.Width < 0 || route.MaxBody < 0 || route.Timeout < 0:
		return errors.New("a limit is negative")
	}
	if route.Timeout == 0 {
		route.Timeout = DefaultTimeout
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	path := "/" + extension + "/" + strings.TrimPrefix(route.Path, "/")
	if route.Zone == Client {
		path = "/client" + path
	}
	pattern := route.Method + " " + path
	m.mux.Handle(pattern, route.Handler)
	m.routes[pattern] = &route
	return nil
}

// Find returns the route of a request and its handler, which sets the request's path
// values; nil if no extension has a path like this.
func (m *Mux) Find(r *http.Request) (*Route, http.Handler) {
	path := strings.TrimPrefix(r.URL.Path, "/client")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !slices.Contains(m.names, first) {
		return nil, nil
	}
	_, pattern := m.mux.Handler(r)
	return m.routes[pattern], m.mux
}

// Routes visits all routes, for the driver to set up what they need.
func (m *Mux) Routes(visit func(*Route)) {
	for _, route := range m.routes {
		visit(route)
	}
}
