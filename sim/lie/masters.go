package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// falseMasters names masters that do not exist.
func (l *Liar) falseMasters() Answer {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		list := []message.Master{{Peer: l.Peer(), Size: uint32(len(s.Slaves))}}
		for range 30 {
			list = append(list, message.Master{Peer: l.Phantom(l.Random.IntN(2000)), Size: uint32(1 + l.Random.IntN(20))})
		}
		s.Masters = heard(list)
	})
}
