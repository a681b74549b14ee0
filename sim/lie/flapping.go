package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// flapping is a master of another number of phantoms at each answer: the size of the
// network never settles.
func (l *Liar) flapping() Answer {
	crowd := l.crowd()
	return l.structure(func(s *message.Structure, _ core.Peer) { l.claim(s, crowd[:1+l.Random.IntN(len(crowd))]) })
}
