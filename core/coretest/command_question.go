package coretest

import (
	"spreadable/core/message"
)

// question also takes info=, and confirmed= for fewer approvers than were drawn.
func (s *Script) question() string {
	c, key := s.drawn()
	return s.Answer(s.Ask(c, s.Host("entry").Peer(), message.Request{Kind: message.KindApprovalQuestion, Body: &message.ApprovalQuestionRequest{
		Action: s.Text("action", "client"), Key: key.Key, Confirmed: s.Peers("confirmed", key.Approvers), Info: s.info(),
	}}))
}
