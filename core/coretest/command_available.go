package coretest

import (
	"spreadable/core/message"
)

func (s *Script) available() string {
	return s.Answer(s.Ask(s.Net.Client(1), s.Host("entry").Peer(), message.Request{Kind: message.KindAvailableNode}))
}
