package coretest

import (
	"fmt"
	"strings"
)

func (s *Script) status() string {
	var lines []string
	for _, h := range s.Chosen() {
		st := h.Node.Status()
		lines = append(lines, fmt.Sprintf("%s: root %d, availability %.2f, sync average %v, master %v, normalized %v, registered %v, size %d",
			h.Name(), st.Root.ID(), st.Availability, st.SyncAverage, st.IsMaster, st.IsNormalized, st.IsRegistered, st.NetworkSize))
	}
	return strings.Join(lines, "\n")
}
