package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// hides has no slaves when a search comes: it says that it has asked one node, which had
// nothing to say. To its slaves and to masters it tells the truth, so none of them can see
// that the answers of its slaves are missing.
func (l *Liar) hides() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindQueryButler && req.Kind != message.KindQueryMaster {
			return message.Response{}, false
		}
		return message.Response{Body: &message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: 1}}}, true
	}
}
