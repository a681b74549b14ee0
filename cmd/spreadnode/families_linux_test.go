package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// Names that have IPv4 and IPv6 addresses, and names that move, on machines of their own.

// hosts are the names of the tests. The second IP of c belongs to no machine.
var hosts = []string{
	"10.9.0.1 a.example.com", "2001:db8:1::1 a.example.com",
	"10.9.0.2 b.example.com", "2001:db8:2::2 b.example.com",
	"10.9.0.3 c.example.com", "2001:db8:3::3 c.example.com",
	"10.9.0.2 b4.example.com", "2001:db8:2::2 b6.example.com", "2001:db8:1::1 a6.example.com",
}

// A node finds its network whatever families its name and that of the bootstrap node have,
// if they share one that works, and it is refused nowhere on the way.
func TestNamesOfBothFamiliesAreFound(t *testing.T) {
	t.Parallel()
	nettest.Alone(t, func(t *testing.T) {
		nettest.Hosts(t, hosts...)
		a := nettest.NewMachine(t, "a", "all", "10.9.0.1/24", "2001:db8:1::1/32")
		b := nettest.NewMachine(t, "b", "all", "10.9.0.2/24", "2001:db8:2::2/32")
		c := nettest.NewMachine(t, "c", "all", "10.9.0.3/24")
		for i, test := range []struct {
			at            *nettest.Machine
			first, second string // hostname, and other options
		}{
			{b, "a.example.com", "10.9.0.2"},
			{b, "a.example.com", "10.9.0.2 --source 10.9.0.2"},
			{b, "a.example.com", "b4.example.com"},
			{b, "a.example.com", "b6.example.com"},
			{b, "a.example.com", "2001:db8:2::2"},
			{b, "a.example.com", ""}, // the default is the last IPv4
			{b, "a.example.com", "b.example.com"},
			{b, "a.example.com --source 10.9.0.1", "b.example.com"},
			{b, "a6.example.com", "b.example.com"},
			{b, "10.9.0.1", "b.example.com"},
			{b, "2001:db8:1::1", "b.example.com"},
			{c, "a.example.com", "c.example.com"},
		} {
			name := test.first + ", " + test.second
			t.Run(name, func(t *testing.T) {
				port := []string{"--port", strconv.Itoa(4000 + i)}
				first := startAt(t, a, nettest.ShortDir(t), append(port, named(test.first)...)...)
				root := first.status(t).Address
				second := startAt(t, test.at, nettest.ShortDir(t), append(append(port, "--bootstrap", root), named(test.second)...)...)
				areOne(t, deadline, 0, first, second)
				for _, p := range []*process{first, second} {
					if m, err := p.owner.Members(t.Context()); err != nil || len(m.Members) != 2 || m.Answered != m.Masters {
						t.Errorf("members: %+v, %v", m, err)
					}
					if s := p.status(t); s.RefusedTotal > 0 {
						t.Errorf("%s has refused %+v", s.Address, s.Refused)
					}
				}
				banNone(t, first, second)
			})
		}
	})
}

// named are the options of a text: a hostname, "" for none, and others.
func named(text string) []string {
	options := strings.Fields(text)
	if len(options) == 0 {
		return nil
	}
	return append([]string{"--hostname"}, options...)
}

// A machine gets another IP, and its name leads there: the node that is started again is
// found, whether others knew it as their bootstrap node or as a member.
func TestNodesThatMoveAreFound(t *testing.T) {
	t.Parallel()
	nettest.Alone(t, func(t *testing.T) {
		nettest.Hosts(t, hosts...)
		machines := map[string]*nettest.Machine{
			"a": nettest.NewMachine(t, "a", "all", "10.9.0.1/24"),
			"b": nettest.NewMachine(t, "b", "all", "10.9.0.2/24"),
			"c": nettest.NewMachine(t, "c", "all", "10.9.0.3/24"),
		}
		dirs, nodes := map[string]string{}, map[string]*process{}
		start := func(name string) {
			if dirs[name] == "" {
				dirs[name] = nettest.ShortDir(t)
			}
			nodes[name] = startAt(t, machines[name], dirs[name],
				"--hostname", name+".example.com", "--bootstrap", "a.example.com:4000")
		}
		for _, name := range []string{"a", "b", "c"} {
			start(name)
		}
		whole := func(limit time.Duration) {
			t.Helper()
			areOne(t, limit, 5*time.Second, nodes["a"], nodes["b"], nodes["c"])
		}
		whole(deadline)
		names := []string{"10.9.0.1 a.example.com", "10.9.0.2 b.example.com", "10.9.0.3 c.example.com"}
		for i, name := range []string{"c", "a"} {
			nodes[name].command.Process.Kill()
			nodes[name].exit()
			at := []string{"10.9.0.33", "10.9.0.11"}[i]
			machines[name].Address(t, "del", []string{"10.9.0.3/24", "10.9.0.1/24"}[i])
			machines[name].Address(t, "add", at+"/24")
			names[2-2*i] = at + " " + name + ".example.com"
			nettest.Hosts(t, names...)
			start(name)
			whole(time.Minute)
		}
		banNone(t, nodes["a"], nodes["b"], nodes["c"])
	})
}
