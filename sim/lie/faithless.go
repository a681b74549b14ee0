package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// faithless does not name its backlink.
func (l *Liar) faithless() Answer {
	return l.structure(func(s *message.Structure, _ core.Peer) { s.Backlink = core.Peer{} })
}
