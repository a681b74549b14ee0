package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var files embed.FS

// Server serves a page with shows.
type Server struct {
	shows   []*Show
	chooser *chooser // nil without
	page    *pages
	telling chan struct{} // holds one token: a run is repeated by one request at a time
}

// New makes a server of one show, or of two that are compared.
func New(shows ...*Show) (*Server, error) {
	page, err := newPages()
	if err != nil {
		return nil, err
	}
	for i, show := range shows {
		show.id = strconv.Itoa(i)
	}
	return &Server{shows: shows, page: page, telling: make(chan struct{}, 1)}, nil
}

// Handler answers the requests of browsers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /assets/", s.asset)
	mux.HandleFunc("GET /shows", s.list)
	mux.HandleFunc("GET /shows/{show}/events", s.events)
	mux.HandleFunc("GET /shows/{show}/nodes/{node}", s.node)
	mux.HandleFunc("GET /saved.html", s.saved)
	return guarded(mux)
}

// policy lets the page use nothing but what this server serves. The import map is the one
// script within the page; its hash is added.
const policy = "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self' "

// guarded refuses what a page of another site could send through a browser: requests with
// the name of another host, which that site may have pointed at this address.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownName(r.Host) {
			http.Error(w, "open this page by its address, not by another name", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		h.ServeHTTP(w, r)
	})
}

// ownName reports whether the host of a request is an address or localhost, which no
// other site can be.
func ownName(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	if name == "localhost" {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	if s.chooser != nil && !r.URL.Query().Has("show") {
		s.choices(w)
		return
	}
	if s.chosen(w, r) == nil {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy+s.page.importsHash)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(s.page.served) // a browser that has gone needs none
}

// asset serves a module or a style sheet.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/assets/")
	text, err := s.page.asset(name)
	if errors.Is(err, fs.ErrNotExist) {
		http.NotFound(w, r)
		return
	}
	kind := "text/javascript"
	if strings.HasSuffix(name, ".css") {
		kind = "text/css"
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text)
}

// listed is a show in the list of shows.
type listed struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Tells bool   `json:"tells"` // it can tell of nodes
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	shows := s.chosen(w, r)
	if shows == nil {
		return
	}
	list := []listed{}
	for _, show := range shows {
		list = append(list, listed{show.id, show.name, show.tell != nil})
	}
	reply(w, list)
}

// show is the show that a request names; nil after an answer that there is none.
func (s *Server) show(w http.ResponseWriter, r *http.Request) *Show {
	id := r.PathValue("show")
	if s.chooser != nil {
		if show, err := s.chooser.show(id); err == nil {
			return show
		}
	}
	for _, show := range s.shows {
		if show.id == id {
			return show
		}
	}
	http.NotFound(w, r)
	return nil
}

// node tells of a node until the time ?at=, in seconds of virtual time.
func (s *Server) node(w http.ResponseWriter, r *http.Request) {
	show := s.show(w, r)
	if show == nil {
		return
	}
	node, err := strconv.Atoi(r.PathValue("node"))
	at, bad := strconv.ParseFloat(r.URL.Query().Get("at"), 64)
	switch {
	case show.tell == nil || err != nil:
		http.NotFound(w, r)
		return
	case bad != nil || !(at >= 0) || at > math.MaxInt32:
		http.Error(w, "at: expected a time in seconds", http.StatusBadRequest)
		return
	}
	select {
	case s.telling <- struct{}{}:
		defer func() { <-s.telling }()
	case <-r.Context().Done():
		return
	}
	told, err := show.tell(r.Context(), node, time.Duration(at*float64(time.Second)))
	switch {
	case errors.Is(err, ErrUnknownNode):
		http.NotFound(w, r)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		reply(w, told)
	}
}

// saved is the page with its films as one file.
func (s *Server) saved(w http.ResponseWriter, r *http.Request) {
	shows := s.chosen(w, r)
	if shows == nil {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.html"`, fileName(shows)))
	w.Header().Set("Cache-Control", "no-store")
	_ = s.page.save(w, shows) // a browser that has gone needs none
}

// fileName is a name for a saved page, of letters that every system allows.
func fileName(shows []*Show) string {
	var names []string
	for _, show := range shows {
		names = append(names, strings.Map(func(r rune) rune {
			if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return '-'
		}, show.name))
	}
	return strings.Join(names, "-and-")
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // a browser that has gone needs none
}

// Save writes the page with its films as one file, which needs no server.
func (s *Server) Save(w io.Writer) error { return s.page.save(w, s.shows) }
