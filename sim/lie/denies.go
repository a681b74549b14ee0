package lie

import (
	"slices"

	"spreadable/core"
	"spreadable/core/message"
)

// denies tells each slave that it is none.
func (l *Liar) denies() Answer {
	return l.structure(func(s *message.Structure, from core.Peer) {
		s.Slaves = slices.DeleteFunc(slices.Clone(s.Slaves), func(p core.Peer) bool { return p == from })
	})
}
