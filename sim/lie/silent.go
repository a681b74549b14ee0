package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// silent answers pings and interviews only.
func (l *Liar) silent() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind == message.KindPing || req.Kind == message.KindInterview {
			return message.Response{}, false
		}
		return message.Response{Err: message.ErrTimeout}, true
	}
}
