package coretest

import (
	"spreadable/core/message"
)

// search asks for the holders of a key, as an application.
func (s *Script) search() string {
	var out string
	q := &message.QueryRequest{Name: s.Text("name", "holders"), Arg: s.Number("key", 0)}
	c := s.Net.Client(s.Number("client", 1))
	c.Client.Ask(s.Host("entry").Peer(), 0, q, func(a *message.QueryAnswer, err error) { out = s.Answer(message.Response{Body: a, Err: err}) })
	s.Net.Settle()
	return out
}
