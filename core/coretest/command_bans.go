package coretest

import (
	"fmt"
	"strings"
)

func (s *Script) bans() string {
	var lines []string
	for _, b := range s.Host("at").Node.Bans().All() {
		lines = append(lines, fmt.Sprintf("%d %s: %s, until %v", b.Peer.ID(), b.IP, b.Reason, b.Until-Begin))
	}
	if lines == nil {
		return "none"
	}
	return strings.Join(lines, "\n")
}
