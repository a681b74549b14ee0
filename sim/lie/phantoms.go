package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// crowdSize is how many slaves a liar claims at most that do not exist.
const crowdSize = 3000

func (l *Liar) crowd() []core.Peer {
	crowd := make([]core.Peer, crowdSize)
	for i := range crowd {
		crowd[i] = l.Phantom(i)
	}
	return crowd
}

// phantoms is a master of thousands of slaves that do not exist.
func (l *Liar) phantoms() Answer {
	crowd := l.crowd()
	return l.structure(func(s *message.Structure, _ core.Peer) { l.claim(s, crowd) })
}
