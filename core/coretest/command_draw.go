package coretest

import (
	"spreadable/core/message"
)

// draw keeps the draw for the client's later commands.
func (s *Script) draw() string {
	client := s.Number("client", 1)
	req := message.Request{Kind: message.KindApprovalKey, Body: &message.ApprovalKeyRequest{Action: s.Text("action", "client")}}
	resp := s.Ask(s.Net.Client(client), s.Host("entry").Peer(), req)
	if key, err := message.As[message.ApprovalKey](resp); err == nil {
		if s.keys == nil {
			s.keys = make(map[int]*message.ApprovalKey)
		}
		s.keys[client] = key
	}
	return s.Answer(resp)
}

// drawn is the latest draw of the client that the command names.
func (s *Script) drawn() (*Host, *message.ApprovalKey) {
	client := s.Number("client", 1)
	key := s.keys[s.Number("draw-of", client)]
	if key == nil {
		s.Fatalf("client %d has no draw", client)
	}
	changed := *key
	changed.Key = s.Text("key", key.Key)
	changed.StartedAt += s.Duration("time", 0)
	return s.Net.Client(client), &changed
}
