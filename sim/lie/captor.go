package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// captor refuses its structure with a code: it is alive, and its slaves learn nothing. It
// keeps them out of draws, too.
func (l *Liar) captor() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind == message.KindStructure || req.Kind == message.KindEntrants {
			return message.Response{Err: &message.Error{Code: "LATER"}}, true
		}
		return message.Response{}, false
	}
}
