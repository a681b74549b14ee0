package coretest

import (
	"fmt"
	"strings"

	"spreadable/core/message"
)

// add asks all drawn approvers, or those of node=; time=, info= and key= change what they
// are told, draw-of= takes the draw of another client.
func (s *Script) add() string {
	c, key := s.drawn()
	var lines []string
	for _, p := range s.Peers("node", key.Approvers) {
		resp := s.Ask(c, p, message.Request{Kind: message.KindApprovalAdd, Body: &message.ApprovalAddRequest{
			Action: s.Text("action", "client"), Key: key.Key, StartedAt: key.StartedAt, Info: s.info(),
		}})
		lines = append(lines, fmt.Sprintf("%d: %s", p.ID(), s.Answer(resp)))
	}
	return strings.Join(lines, "\n")
}

func (s *Script) info() *string {
	if !s.Has("info") {
		return nil
	}
	info := s.Text("info", "")
	return &info
}
