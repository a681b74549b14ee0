package lie

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// best is always the best place for a newcomer: it offers no other, and says that it has
// nothing to do.
func (l *Liar) best() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		switch req.Kind {
		case message.KindProvide:
			place := message.Place{Address: l.Peer(), NetworkSize: l.Structure().Size()}
			return message.Response{Body: &message.Provision{
				Results: []message.Place{place}, Lifetime: time.Minute, NetworkSize: place.NetworkSize,
			}}, true
		case message.KindAvailableNode:
			return message.Response{Body: &message.AvailableNode{Address: l.Peer()}}, true
		}
		return message.Response{}, false
	}
}
