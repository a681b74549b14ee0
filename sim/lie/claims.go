package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// claimsAll claims all hosts as its slaves.
func (l *Liar) claimsAll() Answer {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		var all []core.Peer
		for _, p := range l.Peers() {
			if p != l.Peer() {
				all = append(all, p)
			}
		}
		l.claim(s, all)
	})
}
