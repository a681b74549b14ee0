package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// drops answers half of all requests, and the others never.
func (l *Liar) drops() Answer {
	return func(core.Peer, *message.Request) (message.Response, bool) {
		if l.Random.IntN(2) == 0 {
			return message.Response{Err: message.ErrTimeout}, true
		}
		return message.Response{}, false
	}
}
