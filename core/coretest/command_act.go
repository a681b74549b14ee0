package coretest

import (
	"net/netip"

	"spreadable/core/message"
)

// act also takes approvers=, time= and action= to change the proof, and without to show
// none.
func (s *Script) act() string {
	if s.Has("without") {
		return s.Answer(s.Ask(s.Net.Client(1), s.Host("entry").Peer(), message.Request{Kind: message.KindAction, Body: &message.ActionRequest{}}))
	}
	c, key := s.drawn()
	ip := netip.MustParseAddr(s.Text("ip", key.ClientIP.String()))
	return s.Answer(s.Ask(c, s.Host("entry").Peer(), message.Request{Kind: message.KindAction, Body: &message.ActionRequest{Proof: &message.Proof{
		Action: s.Text("action", "client"), Key: key.Key, StartedAt: key.StartedAt, ClientIP: ip,
		Approvers: s.Peers("approvers", key.Approvers), Answer: s.Text("answer", c.IP.String()),
	}}}))
}
