package coretest

import (
	"slices"
	"strings"
)

func (s *Script) trace() string {
	var lines []string
	for _, r := range s.recent() {
		lines = append(lines, r.String())
	}
	if lines == nil {
		return "nothing"
	}
	return strings.Join(lines, "\n")
}

// recent returns the requests sent since the last look.
func (s *Script) recent() []*Record {
	recent := s.Net.Trace[s.sent:]
	s.sent = len(s.Net.Trace)
	return slices.DeleteFunc(slices.Clone(recent), func(r *Record) bool {
		return s.Has("from") && r.From != s.Text("from", "") || s.Has("kind") && r.Kind.String() != s.Text("kind", "")
	})
}
