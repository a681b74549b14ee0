package coretest

import (
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/host/memory"
)

// Disk is what the extensions of the host have put down. It outlasts the lives of the
// node.
func (h *Host) Disk() *memory.Disk {
	if h.disk == nil {
		h.disk = &memory.Disk{Clock: h.net.Now}
	}
	return h.disk
}

// Attach gives the node its extensions. It is for a Network's Prepare, or must be called
// before Start.
func (h *Host) Attach(extensions ...host.Extension) []*host.Host {
	hosts, err := host.Attach(h.Node, h.Disk(), extensions...)
	h.net.must(err)
	return hosts
}

// Do runs a procedure in the node, in a task of its own, and lets the network run until it
// has ended.
func (h *Host) Do(procedure func(t *core.Task)) {
	ended := false
	h.Node.Go(func(t *core.Task) {
		procedure(t)
		ended = true
	})
	for !ended && h.net.Step(h.net.now+core.DefaultSyncPeriod) {
	}
}
