package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// Nodes on machines of their own, whose network is cut and made whole again.

// startAt runs a node on a machine, at port 4000 if the options name no other.
func startAt(t *testing.T, m *nettest.Machine, dir string, options ...string) *process {
	t.Helper()
	command := nodeCommand(options...)
	command.Env = []string{"SPREADNODE_HOSTNAME=", "SPREADNODE_BAN_BY_ADDRESS=false"} // as in a real network
	return launchCommand(t, dir, command, func(c *exec.Cmd) error { return m.Start(c) }).reach(t, dir)
}

// areOne waits until some nodes have been a network of their number for a while.
func areOne(t *testing.T, limit, hold time.Duration, nodes ...*process) {
	t.Helper()
	tellIfFailed(t, nodes)
	var since time.Time // when they became one; zero if they are not
	within(t, limit, "each sees all nodes", func() bool {
		if !seeAll(t, len(nodes), nodes) {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) >= hold
	})
}

// tellIfFailed tells what nodes say of themselves at the end of a test that has failed.
func tellIfFailed(t *testing.T, nodes []*process) {
	t.Cleanup(func() {
		for _, p := range nodes {
			if !t.Failed() {
				return
			}
			s, err := p.owner.Status(context.Background())
			t.Logf("%+v, %v", s, err)
		}
	})
}

// seeAll reports whether each of some nodes has its place in a network of a size.
func seeAll(t *testing.T, size int, nodes []*process) bool {
	t.Helper()
	return !slices.ContainsFunc(nodes, func(p *process) bool {
		s := p.status(t)
		return !s.Registered || s.NetworkSize != size
	})
}

// seeNoMore reports whether no node believes in a larger network.
func seeNoMore(t *testing.T, size int, nodes []*process) bool {
	t.Helper()
	return !slices.ContainsFunc(nodes, func(p *process) bool { return p.status(t).NetworkSize > size })
}

// banNone fails if an honest node bans another.
func banNone(t *testing.T, nodes ...*process) {
	t.Helper()
	for _, p := range nodes {
		bans, err := p.owner.Bans(t.Context())
		if err != nil || len(bans) > 0 {
			t.Errorf("%s bans %+v, %v", p.status(t).Address, bans, err)
		}
	}
}

// cut joins machines to another switch, until no node believes in a larger network than its
// side, and for some rounds more.
func cut(t *testing.T, machines []*nettest.Machine, side []*process, other []*process) {
	t.Helper()
	for _, m := range machines {
		m.Plug(t, "other")
	}
	tellIfFailed(t, slices.Concat(side, other))
	within(t, 2*deadline, "none sees more than its side", func() bool {
		return seeNoMore(t, len(side), side) && seeNoMore(t, len(other), other)
	})
	began := time.Now()
	within(t, 2*deadline, "the cut lasts", func() bool { return time.Since(began) > cutRounds*cutInterval })
}

// heal joins machines to the switch of the others again.
func heal(t *testing.T, machines []*nettest.Machine) {
	t.Helper()
	for _, m := range machines {
		m.Plug(t, "all")
	}
}

// Rounds that a cut lasts after all have noticed it: more than the max_fails of all nodes.
const (
	cutRounds   = 20
	cutInterval = time.Second
)

// town starts nodes on machines of their own, all with the first as their bootstrap node.
func town(t *testing.T, count int) (machines []*nettest.Machine, nodes []*process) {
	t.Helper()
	for i := range count {
		ip := fmt.Sprintf("10.9.0.%d", 1+i)
		machines = append(machines, nettest.NewMachine(t, fmt.Sprint("m", 1+i), "all", ip+"/24"))
		nodes = append(nodes, startAt(t, machines[i], t.TempDir(), "--hostname", ip, "--bootstrap", "10.9.0.1:4000",
			"--sync-interval", cutInterval.String(), "--server-timeout", "300ms", "--ping-timeout", "200ms"))
	}
	areOne(t, deadline, 0, nodes...)
	return machines, nodes
}

// The bootstrap node of all others, which itself knows none, is cut off for many rounds.
// Then all are one network again, and none is punished for having been unreachable.
func TestANodeThatWasCutOffBansNone(t *testing.T) {
	t.Parallel()
	nettest.Alone(t, func(t *testing.T) {
		machines, nodes := town(t, 3)
		cut(t, machines[:1], nodes[:1], nodes[1:])
		areOne(t, 2*deadline, 0, nodes[1:]...)
		heal(t, machines[:1])
		areOne(t, 2*deadline, 10*cutInterval, nodes...)
		banNone(t, nodes...)
	})
}

// The bootstrap node of all is gone for good, and the others are cut into halves, which
// remember each other: they are one network again.
func TestHalvesWithoutABootstrapNodeMeetAgain(t *testing.T) {
	t.Parallel()
	nettest.Alone(t, func(t *testing.T) {
		machines, nodes := town(t, 9)
		nodes[0].command.Process.Kill()
		nodes[0].exit()
		machines, nodes = machines[1:], nodes[1:]
		areOne(t, 2*deadline, 0, nodes...)
		cut(t, machines[:4], nodes[:4], nodes[4:])
		heal(t, machines[:4])
		areOne(t, 2*deadline, 10*cutInterval, nodes...)
		banNone(t, nodes...)
	})
}
