package lie

import (
	"slices"

	"spreadable/core"
	"spreadable/core/message"
)

// sizes gives all masters wrong sizes.
func (l *Liar) sizes() Answer {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		list := slices.Clone(s.Masters.List)
		for i := range list {
			list[i].Size = list[i].Size*3 + 1
		}
		s.Masters = heard(list)
	})
}
