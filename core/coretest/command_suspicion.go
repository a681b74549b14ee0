package coretest

import (
	"fmt"
	"strings"

	"spreadable/core/behavior"
)

// suspicion prints scores in the order of the actions, not by name.
func (s *Script) suspicion() string {
	var lines []string
	of := s.Net.Book.Text(s.Host("of").Peer())
	known := s.Host("at").Node.State()
	for action := range behavior.NumActions {
		for _, score := range known.Scores {
			if score.Address == of && score.Action == action.String() {
				lines = append(lines, fmt.Sprintf("%s %.3f", action, score.Suspicion))
			}
		}
	}
	for _, fail := range known.Fails {
		if fail.Address == of {
			lines = append(lines, fmt.Sprintf("fails %d", fail.Count))
		}
	}
	if lines == nil {
		return "none"
	}
	return strings.Join(lines, "\n")
}
