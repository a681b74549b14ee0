package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// rejects confirms no answer of a client, right or wrong.
func (l *Liar) rejects() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindApprovalCheck {
			return message.Response{}, false
		}
		return message.Refuse(message.CodeWrongAnswer), true
	}
}
