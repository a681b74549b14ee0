package lie

import (
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// garbage answers nonsense, drawn anew each time.
func (l *Liar) garbage() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		switch l.Random.IntN(4) {
		case 0:
			return message.Response{Err: message.ErrMalformed}, true
		case 1:
			return message.Response{Err: &message.Error{Code: "X"}}, true
		}
		switch req.Kind {
		case message.KindStructure:
			return message.Response{Body: l.anyStructure()}, true
		case message.KindEntrants:
			return message.Response{Body: &message.Entrants{Slaves: l.anyStructure().Slaves}}, true
		case message.KindProvide:
			return message.Response{Body: l.anyProvision()}, true
		case message.KindRegister:
			return message.Response{Body: &message.Registered{Size: l.Random.IntN(100) - 5}}, true
		}
		return message.Response{}, false
	}
}

func (l *Liar) anyStructure() *message.Structure {
	s := &message.Structure{Address: l.anyPeer(), Backlink: l.anyPeer()}
	for range l.Random.IntN(20) {
		if p := l.anyPeer(); !slices.Contains(s.Slaves, p) {
			s.Slaves = append(s.Slaves, p)
		}
	}
	var list []message.Master
	for range l.Random.IntN(20) {
		p := l.anyPeer()
		if !slices.ContainsFunc(list, func(m message.Master) bool { return m.Peer == p }) {
			list = append(list, message.Master{Peer: p, Size: uint32(l.Random.IntN(50))})
		}
	}
	s.Masters = heard(list)
	return s
}

func (l *Liar) anyProvision() *message.Provision {
	p := &message.Provision{NetworkSize: l.Random.IntN(1000) - 10, Lifetime: time.Minute}
	for range l.Random.IntN(6) {
		x := l.anyPeer()
		p.Results = append(p.Results, message.Place{Address: x, NetworkSize: l.Random.IntN(1000), Spares: []core.Peer{x}})
	}
	return p
}
