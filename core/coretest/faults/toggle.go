package faults

import (
	"fmt"
	"io"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// toggler is one address of an attacker that makes a master ban its own slaves. It
// registers at the master just before each of the master's syncs, and names no backlink
// when it is asked: so the master drops it again, and its size is another than its slaves
// have heard of.
type toggler struct {
	w      *World
	host   *coretest.Host
	master core.Peer
	size   int           // of the master, as it said when it took us
	asked  time.Duration // when we last asked to be taken, or were asked
}

// RunToggle lets an attacker with one IP toggle at each master of a settled network. The
// world that is left is closed: it may be looked at, not run.
func RunToggle(t testing.TB, size int, seed uint64, rounds int, log io.Writer) *World {
	w := grown(t, size, seed, 1, log)
	w.Run(12 * round)
	for i, h := range w.Live() {
		if len(h.Node.Structure().Slaves) == 0 {
			continue
		}
		a := &toggler{w: w, master: h.Peer(), asked: w.Now()}
		a.host = w.Play(fmt.Sprintf("203.0.113.7:%d", 1000+i), a)
		a.join()
		a.host.At(w.Now()+round, a.again)
	}
	w.Run(time.Duration(rounds) * round)
	return w.finish()
}

// join registers at the master.
func (a *toggler) join() {
	a.asked = a.w.Now()
	a.host.Call(a.master, message.Request{
		Kind: message.KindRegister, From: a.host.Peer(), Root: peer.FromID(1), Timeout: 10 * time.Second,
		Body: &message.RegisterRequest{Target: a.host.Peer()},
	}, coretest.SinkFunc(func(resp message.Response) {
		if r, err := message.As[message.Registered](resp); err == nil {
			a.size = r.Size
		}
	}), 0)
}

// again tries once a round whether the master, full or lost before, takes us now.
func (a *toggler) again() {
	if a.w.Now()-a.asked > 2*round {
		a.join()
	}
	a.host.At(a.w.Now()+round, a.again)
}

// Act implements coretest.Actor.
func (a *toggler) Act(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
	self := a.host.Peer()
	switch req.Kind {
	case message.KindInterview:
		return message.Response{Body: &message.Interview{Address: self}}, coretest.Answer
	case message.KindStructure:
		if from == a.master { // its sync, which drops us: come back just before the next
			a.host.At(a.w.Now()+round-400*time.Millisecond, a.join)
			a.asked = a.w.Now()
		}
		return message.Response{Body: &message.Structure{
			Address: self, Backlink: self,
			Masters: heard([]message.Master{{Peer: a.master, Size: uint32(a.size)}}),
		}}, coretest.Answer
	}
	return message.Response{Err: message.ErrMalformed}, coretest.Answer
}
