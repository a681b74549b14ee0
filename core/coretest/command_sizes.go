package coretest

import (
	"fmt"
	"strings"
)

// sizes writes how many nodes each node counts.
func (s *Script) sizes() string {
	var texts []string
	for _, h := range s.Net.Live() {
		texts = append(texts, fmt.Sprintf("%s:%d", h.Name(), h.Node.NetworkSize()))
	}
	return strings.Join(texts, " ")
}
