package coretest

import (
	"spreadable/core/message"
)

// request sends as a host or as a client, by default client 1, with root=1 unless said.
// Requests to register and for a place take target=, the latter places, too.
func (s *Script) request() string {
	kind := s.Kind(s.Text("kind", ""))
	req := message.Request{Kind: kind, Root: s.Peer(s.Text("root", "1"))}
	switch kind {
	case message.KindRegister:
		req.Body = &message.RegisterRequest{Target: s.Peer(s.Text("target", "0"))}
	case message.KindProvide:
		req.Body = &message.ProvideRequest{Target: s.Peer(s.Text("target", "0")), Places: s.Has("places")}
	}
	var from *Host
	if s.Has("from") {
		from = s.Host("from")
	} else {
		from = s.Net.Client(s.Number("client", 1))
	}
	return s.Answer(s.Ask(from, s.Host("to").Peer(), req))
}
