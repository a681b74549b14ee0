package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// approves confirms every answer of a client that it is asked about, whatever it is.
func (l *Liar) approves() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		return message.Response{}, req.Kind == message.KindApprovalCheck
	}
}
