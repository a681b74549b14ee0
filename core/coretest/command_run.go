package coretest

import (
	"strings"
)

func (s *Script) run() string {
	s.Net.Run(s.Duration("for", 0))
	if s.Has("quiet") {
		s.told = len(s.Net.Notes)
	}
	return s.newNotes()
}

// newNotes returns what nodes noted since the last time.
func (s *Script) newNotes() string {
	told := s.told
	s.told = len(s.Net.Notes)
	return strings.Join(s.Net.Notes[told:], "\n")
}
