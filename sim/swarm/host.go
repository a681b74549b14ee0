package swarm

import (
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/state"
	"spreadable/sim/lie"
	"spreadable/sim/probe"
	"spreadable/sim/weather"
)

// host is a place in the network where a node runs, honest or not. It implements
// fault.Host and lie.Host.
type host struct {
	world *world
	index int
	probe probe.Probe

	up     bool
	silent bool // when down: swallows requests instead of refusing them
	lives  int
	saved  *state.State // what a store would hold after the latest crash

	lying  bool       // counts as no honest node, from the first day
	answer lie.Answer // once it lies
}

func newHost(w *world, index int) *host {
	return &host{world: w, index: index, probe: probe.Probe{Node: uint32(index)}, lying: index >= w.spare}
}

func (h *host) node() *core.Node { return &h.world.net.Host(h.index).Node }

// lies reports whether it is none of the honest nodes.
func (h *host) lies() bool { return h.lying }

// Name implements fault.Host.
func (h *host) Name() string { return fmt.Sprint(h.index + 1) }

// Running implements fault.Host.
func (h *host) Running() bool { return h.up }

// IsMaster implements fault.Host.
func (h *host) IsMaster() bool { return h.up && len(h.node().Structure().Slaves) > 0 }

// Crash implements fault.Host.
func (h *host) Crash(silent bool) {
	if !h.up {
		return
	}
	saved := h.node().State()
	h.saved, h.up, h.silent = &saved, false, silent
	h.world.net.Stop(h.index)
	h.Release()
}

// Boot implements fault.Host.
func (h *host) Boot(remember bool) {
	if h.lives > 0 {
		h.world.net.Stop(h.index)
		h.world.net.Renew(h.index)
	}
	h.Release()
	h.lives++
	h.up = true
	h.node().Offer(&h.probe)
	if remember && h.saved != nil {
		if err := h.node().Restore(*h.saved); err != nil {
			panic(fmt.Sprintf("node %s refuses its own state: %v", h.Name(), err))
		}
	}
	h.world.net.Start(h.index)
}

// wrong is what is wrong with the host.
func (h *host) wrong() *weather.Host { return h.world.weather.Host(h.index) }

// Hold implements fault.Host.
func (h *host) Hold() { h.world.weather.Hold(h.index) }

// Release implements fault.Host. All that waited happens now.
func (h *host) Release() { h.world.weather.Release(h.index, h.world.Now(), h.world.driver.Schedule) }

// SetSlow implements fault.Host.
func (h *host) SetSlow(d time.Duration) { h.wrong().Slow = d }

// SetGroup implements fault.Host.
func (h *host) SetGroup(group int) { h.wrong().Group = group }

// Peer implements lie.Host.
func (h *host) Peer() core.Peer { return peerOf(h.index) }

// Structure implements lie.Host.
func (h *host) Structure() *message.Structure { return h.node().Structure() }

// Serve implements lie.Host.
func (h *host) Serve(req *message.Request) message.Response {
	resp, _ := h.node().Serve(req, 0)
	return resp
}

// Call implements lie.Host.
func (h *host) Call(to core.Peer, req message.Request, done func(message.Response)) {
	h.world.net.Host(h.index).Call(to, req, sink(done), 0)
}

// sink takes an answer.
type sink func(message.Response)

// Answer implements core.Sink.
func (s sink) Answer(_ uint32, resp message.Response) { s(resp) }
