package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// refuses refuses all but pings, interviews and its structure.
func (l *Liar) refuses() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		switch req.Kind {
		case message.KindPing, message.KindInterview, message.KindStructure:
			return message.Response{}, false
		}
		return message.Response{Err: &message.Error{Code: "NO"}}, true
	}
}
