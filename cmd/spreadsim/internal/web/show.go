package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Show is one film on a page. Its methods may be called from several goroutines.
type Show struct {
	id   string // in addresses
	name string
	tell Tell

	mu      sync.Mutex
	film    []byte
	ended   bool
	changed chan struct{} // closed when there is more, or the film has ended
}

// Tell repeats a run up to a time and says what happened to a node until then, as a value
// for JSON.
type Tell func(ctx context.Context, node int, at time.Duration) (any, error)

// ErrUnknownNode is the error of a Tell for a node that there is not.
var ErrUnknownNode = errors.New("there is no such node")

// NewShow makes a show without a film yet. Tell may be nil.
func NewShow(name string, tell Tell) *Show {
	return &Show{name: name, tell: tell, changed: make(chan struct{})}
}

// Add adds blocks of the film.
func (s *Show) Add(blocks []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.film = append(s.film, blocks...)
	s.wake()
}

// End says that the film is whole, or will never be.
func (s *Show) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

func (s *Show) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Film is all blocks until now.
func (s *Show) Film() []byte {
	film, _, _ := s.since(0)
	return film
}

// since returns the film from an offset on, whether it has ended, and what is closed when
// there is more.
func (s *Show) since(offset int) (film []byte, ended bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.film[min(offset, len(s.film)):len(s.film):len(s.film)], s.ended, s.changed
}
