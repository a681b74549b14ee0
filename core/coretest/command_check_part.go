package coretest

import (
	"net/netip"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// checkPart also takes approvers=, ip= and key= to ask of another proof than the drawn
// one.
func (s *Script) checkPart() string {
	c, key := s.drawn()
	ip := netip.MustParseAddr(s.Text("ip", key.ClientIP.String()))
	return s.Answer(s.Ask(s.Host("from"), s.Host("node").Peer(), message.Request{
		Kind: message.KindApprovalCheck, Root: peer.FromID(1),
		Body: &message.ApprovalCheckRequest{Key: key.Key, Answer: s.Text("answer", c.IP.String()), Approvers: s.Peers("approvers", key.Approvers), ClientIP: ip},
	}))
}
