package lie

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// eclipse stands between a bootstrap node and the network. To the bootstrap node there are
// no masters but its band, and newcomers that ask one of the band for a place hear of no
// other.
func (l *Liar) eclipse() Answer {
	victim := peer.FromID(1)
	told := l.structure(func(s *message.Structure, from core.Peer) {
		if from != victim {
			return
		}
		var list []message.Master
		for _, p := range l.band() {
			list = append(list, message.Master{Peer: p, Size: uint32(1 + len(s.Slaves))})
		}
		s.Masters = heard(list)
	})
	return func(from core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind == message.KindProvide {
			return message.Response{Body: l.places()}, true
		}
		return told(from, req)
	}
}

// places are those of the band only.
func (l *Liar) places() *message.Provision {
	p := &message.Provision{Lifetime: time.Minute, NetworkSize: l.Structure().Size()}
	for _, accomplice := range l.band() {
		p.Results = append(p.Results, message.Place{Address: accomplice, NetworkSize: p.NetworkSize})
	}
	return p
}
