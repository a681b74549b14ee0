package lie

import (
	"slices"

	"spreadable/core"
	"spreadable/core/message"
)

// omits hides honest slaves from draws of approvers: of its slaves it names only those that
// lie with it, whatever the limit. To all else it answers as an honest master does.
func (l *Liar) omits() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindEntrants {
			return message.Response{}, false
		}
		slaves := slices.DeleteFunc(slices.Clone(l.Structure().Slaves), func(p core.Peer) bool { return !slices.Contains(l.band(), p) })
		return message.Response{Body: &message.Entrants{Slaves: slaves}}, true
	}
}
