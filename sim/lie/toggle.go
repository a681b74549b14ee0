package lie

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// toggler is one address of an attacker that makes a master ban its own slaves. It
// registers at the master just before each of the master's syncs, and names no backlink
// when it is asked: so the master drops it again, and its size is another than its slaves
// have heard of.
type toggler struct {
	*Liar
	size  int           // of the master, as it said when it took us
	asked time.Duration // when we last asked to be taken, or were asked
}

func (l *Liar) toggle() Answer {
	t := &toggler{Liar: l}
	if l.Root.IsZero() {
		l.Root = peer.FromID(1)
	}
	t.join()
	t.At(t.Now()+core.DefaultSyncInterval, t.again)
	return t.answer
}

// join registers at the master.
func (t *toggler) join() {
	t.asked = t.Now()
	t.Call(t.Victim, message.Request{
		Kind: message.KindRegister, From: t.Peer(), Root: t.Root, Timeout: 10 * time.Second,
		Body: &message.RegisterRequest{Target: t.Peer(), Levels: t.Levels},
	}, func(resp message.Response) {
		if r, err := message.As[message.Registered](resp); err == nil {
			t.size = r.Size
		}
	})
}

// again tries once a round whether the master, full or lost before, takes us now.
func (t *toggler) again() {
	if t.Now()-t.asked > 2*core.DefaultSyncInterval {
		t.join()
	}
	t.At(t.Now()+core.DefaultSyncInterval, t.again)
}

func (t *toggler) answer(from core.Peer, req *message.Request) (message.Response, bool) {
	switch req.Kind {
	case message.KindInterview:
		return message.Response{Body: &message.Interview{Address: t.Peer()}}, true
	case message.KindStructure:
		if from == t.Victim { // its sync, which drops us: come back just before the next
			t.At(t.Now()+core.DefaultSyncInterval-400*time.Millisecond, t.join)
			t.asked = t.Now()
		}
		return message.Response{Body: &message.Structure{
			Address: t.Peer(), Backlink: t.Peer(),
			Masters: heard([]message.Master{{Peer: t.Victim, Size: uint32(t.size)}}),
		}}, true
	}
	return message.Response{Err: message.ErrMalformed}, true
}
