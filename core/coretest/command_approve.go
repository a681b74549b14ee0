package coretest

import (
	"spreadable/core/message"
)

// approve echoes the question as its answer.
func (s *Script) approve() string {
	var out string
	c := s.Net.Client(s.Number("client", 1))
	echo := func(question string) string { return question }
	c.Client.Approve(s.Host("entry").Peer(), 0, s.Text("action", "client"), echo, func(key *message.ApprovalKey, err error) {
		out = Outcome(err)
		if key != nil {
			out += " by " + Numbers(key.Approvers)
		}
	})
	s.Net.Settle()
	return out
}
