package faults

import (
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

// seam is the World as faults and liars know it: it implements fault.World and lie.World.
type seam struct{ *World }

// At implements both. Events happen in the order in which they were scheduled, so the
// host does not matter.
func (s seam) At(t time.Duration, do func()) { s.World.Hosts()[0].At(t, do) }

// Hosts implements fault.World.
func (s seam) Hosts() []fault.Host {
	var list []fault.Host
	for _, h := range s.World.Hosts() {
		list = append(list, place{h})
	}
	return list
}

// Newcomer implements fault.World.
func (s seam) Newcomer() fault.Host { return place{s.newcomer()} }

// SetLoss implements fault.World.
func (s seam) SetLoss(share float64) { s.Loss = share }

// SetCut implements fault.World.
func (s seam) SetCut(swallows bool) { s.CutSwallows = swallows }

// Peers implements lie.World.
func (s seam) Peers() []core.Peer {
	var list []core.Peer
	for _, h := range s.World.Hosts() {
		list = append(list, h.Peer())
	}
	return list
}

// Phantom implements lie.World.
func (s seam) Phantom(i int) core.Peer {
	return s.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8&255, i&255))
}

// Known implements lie.World.
func (s seam) Known() int { return s.Book.Len() }

// place is a host as faults and liars know it: it implements fault.Host and lie.Host.
type place struct{ *coretest.Host }

// Running implements fault.Host.
func (p place) Running() bool { return p.Up }

// IsMaster implements fault.Host.
func (p place) IsMaster() bool { return p.Up && len(p.Node.Structure().Slaves) > 0 }

// Boot implements fault.Host.
func (p place) Boot(remember bool) {
	if remember {
		p.Host.Boot(&p.Saved)
	} else {
		p.Host.Boot(nil)
	}
}

// SetSlow implements fault.Host.
func (p place) SetSlow(d time.Duration) { p.Slow = d }

// SetGroup implements fault.Host.
func (p place) SetGroup(group int) { p.Group = group }

// Structure implements lie.Host.
func (p place) Structure() *message.Structure { return p.Node.Structure() }

// Serve implements lie.Host.
func (p place) Serve(req *message.Request) message.Response {
	resp, _ := p.Node.Serve(req, 0)
	return resp
}

// Call implements lie.Host.
func (p place) Call(to core.Peer, req message.Request, done func(message.Response)) {
	p.Host.Call(to, req, coretest.SinkFunc(done), 0)
}

// actor makes an actor of what a liar answers.
func actor(answer lie.Answer) coretest.Actor {
	return coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch resp, answers := answer(from, req); {
		case !answers:
			return message.Response{}, coretest.Pass
		case resp.Err == message.ErrTimeout:
			return message.Response{}, coretest.Ignore
		default:
			return resp, coretest.Answer
		}
	})
}
