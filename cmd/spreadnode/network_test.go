package main

import (
	"slices"
	"testing"
	"time"
)

// network are the processes of a network on loopback.
type network struct {
	t         *testing.T
	options   []string // of all nodes
	dirs      []string
	addresses []string
	ports     []string
	processes []*process // those that live, in this order
}

// startNetwork starts nodes, of which the first is the bootstrap node, and waits until they
// know each other.
func startNetwork(t *testing.T, count int, options ...string) *network {
	t.Helper()
	n := &network{t: t, options: options, processes: make([]*process, count)}
	for i := range count {
		number := port(t)
		n.dirs, n.ports, n.addresses = append(n.dirs, t.TempDir()), append(n.ports, number), append(n.addresses, "127.0.0.1:"+number)
		n.start(i)
	}
	n.settle()
	return n
}

// start starts a node, also one that was killed.
func (n *network) start(i int) {
	n.t.Helper()
	args := append([]string{"--port", n.ports[i]}, n.options...)
	if i > 0 {
		args = append(args, "--bootstrap", n.addresses[0])
	}
	n.processes[i] = startProcess(n.t, n.dirs[i], args...)
}

// settle waits until all living nodes know each other.
func (n *network) settle() {
	n.t.Helper()
	within(n.t, 2*time.Minute, "all nodes see each other", func() bool {
		return !slices.ContainsFunc(n.processes, func(p *process) bool {
			status, err := p.owner.Status(n.t.Context())
			return err != nil || status.NetworkSize != len(n.processes)
		})
	})
}

// kill kills a node, which may be started again.
func (n *network) kill(i int) {
	n.t.Helper()
	n.processes[i].command.Process.Kill()
	if code, said := n.processes[i].exit(); code != -1 {
		n.t.Fatalf("node %d ended before it was killed: %s", i, said)
	}
}

// lose kills nodes for good: it returns without waiting for what the others make of it.
func (n *network) lose(victims ...int) {
	n.t.Helper()
	for _, i := range victims {
		n.kill(i)
		n.processes[i] = nil
	}
	n.processes = slices.DeleteFunc(n.processes, func(p *process) bool { return p == nil })
}
