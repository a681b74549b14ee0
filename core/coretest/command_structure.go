package coretest

import (
	"fmt"
	"strings"
)

func (s *Script) structure() string {
	var lines []string
	for _, h := range s.Chosen() {
		st := h.Node.Structure()
		back := "none"
		if !st.Backlink.IsZero() {
			back = fmt.Sprint(st.Backlink.ID())
		}
		line := fmt.Sprintf("%s: backlink %s, slaves %s, masters", h.Name(), back, Numbers(st.Slaves))
		for _, m := range st.Masters.List {
			line += fmt.Sprintf(" %d:%d", m.Peer.ID(), m.Size)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
