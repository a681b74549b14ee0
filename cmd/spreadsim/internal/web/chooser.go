package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Open makes the show of a run by its key. The error is for people.
type Open func(key string) (*Show, error)

// chooser lets a reader choose among the runs of a sweep, one or two of which are shown.
type chooser struct {
	page func(io.Writer) error
	open Open

	mu     sync.Mutex
	opened []*Show // the latest last
}

// mostOpened is how many shows are kept: each may hold a film.
const mostOpened = 6

// errChoice is the error of a choice of no or too many runs.
var errChoice = errors.New("choose one run, or two to see side by side")

// NewChooser makes a server of a page on which runs are chosen, by links to ?show=KEY.
func NewChooser(page func(io.Writer) error, open Open) (*Server, error) {
	s, err := New()
	if err == nil {
		s.chooser = &chooser{page: page, open: open}
	}
	return s, err
}

// shows are those of some keys.
func (c *chooser) shows(keys []string) ([]*Show, error) {
	if len(keys) < 1 || len(keys) > 2 {
		return nil, errChoice
	}
	var list []*Show
	for _, key := range keys {
		show, err := c.show(key)
		if err != nil {
			return nil, err
		}
		list = append(list, show)
	}
	return list, nil
}

// show is that of a key, opened if it is not.
func (c *chooser) show(key string) (*Show, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.opened, func(s *Show) bool { return s.id == key })
	if i >= 0 {
		return c.opened[i], nil
	}
	show, err := c.open(key)
	if err != nil {
		return nil, fmt.Errorf("run %.40q: %w", key, err)
	}
	show.id = key
	if len(c.opened) == mostOpened {
		c.opened = slices.Delete(c.opened, 0, 1)
	}
	c.opened = append(c.opened, show)
	return show, nil
}

// chosen are the shows that a request is about; nil after an answer that there are none.
func (s *Server) chosen(w http.ResponseWriter, r *http.Request) []*Show {
	if s.chooser == nil {
		return s.shows
	}
	list, err := s.chooser.shows(r.URL.Query()["show"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return list
}

// choices is the page on which runs are chosen.
func (s *Server) choices(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := s.chooser.page(w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
