package coretest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// RunScripts runs the scripts in a folder, each in a network of its own, and fails where
// they say something else than the nodes. An extension adds commands of its own, and
// offers its applications to each node by prepare; nil offers a Holder.
//
// With the test flag -rewrite the scripts get what the nodes say now. Read the difference
// as you would read code.
func RunScripts(t *testing.T, folder string, prepare func(*Host), extra ...Command) {
	if prepare == nil {
		prepare = OfferHolder
	}
	byName := make(map[string]Command)
	for _, c := range append(Commands(), extra...) {
		byName[c.Name] = c
	}
	datadriven.Walk(t, folder, func(t *testing.T, path string) {
		s := &Script{t: t, prepare: prepare}
		s.newNetwork(defaultLatency, 1)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.t, s.d = t, d
			command, ok := byName[d.Cmd]
			if !ok {
				s.Fatalf("unknown command")
			}
			out := command.Run(s)
			if out == "" {
				out = "ok"
			}
			return out + "\n"
		})
	})
}

// Script is one file while it runs, and the command that it is at.
type Script struct {
	Net *Network

	t       *testing.T
	d       *datadriven.TestData
	prepare func(*Host)
	keys    map[int]*message.ApprovalKey // by client: its latest draw
	sent    int                          // records of the trace shown before
	told    int                          // notes told before
}

// defaultLatency is what a message takes where a script does not say.
const defaultLatency = 25 * time.Millisecond

func (s *Script) newNetwork(latency time.Duration, seed uint64) {
	s.Net = New(s.t, latency, seed)
	s.Net.Prepare = s.prepare
	s.sent, s.told, s.keys = 0, 0, nil
}

// Fatalf ends the test with a message that names the place in the script.
func (s *Script) Fatalf(format string, args ...any) {
	s.t.Helper()
	s.d.Fatalf(s.t, format, args...)
}

// Must ends the test if there is an error.
func (s *Script) Must(err error) {
	s.t.Helper()
	if err != nil {
		s.Fatalf("%v", err)
	}
}

// Has reports whether the command has an argument of that key.
func (s *Script) Has(key string) bool { return s.d.HasArg(key) }

// Text returns the value of an argument.
func (s *Script) Text(key, otherwise string) string {
	if arg, ok := s.d.Arg(key); ok {
		return arg.Vals[0]
	}
	return otherwise
}

// Number returns the value of an argument.
func (s *Script) Number(key string, otherwise int) int {
	if !s.Has(key) {
		return otherwise
	}
	n, err := strconv.Atoi(s.Text(key, ""))
	s.Must(err)
	return n
}

// Duration returns the value of an argument, as time.ParseDuration reads it.
func (s *Script) Duration(key string, otherwise time.Duration) time.Duration {
	if !s.Has(key) {
		return otherwise
	}
	d, err := time.ParseDuration(s.Text(key, ""))
	s.Must(err)
	return d
}

// Peers returns the hosts that an argument lists by number, as key=(1,2,3).
func (s *Script) Peers(key string, otherwise []core.Peer) []core.Peer {
	arg, ok := s.d.Arg(key)
	if !ok {
		return otherwise
	}
	var list []core.Peer
	for _, v := range arg.Vals {
		if v != "" {
			list = append(list, s.Peer(v))
		}
	}
	return list
}

// Peer returns the peer of a number.
func (s *Script) Peer(text string) core.Peer {
	n, err := strconv.Atoi(text)
	s.Must(err)
	return peer.FromID(uint32(n))
}

// Host returns the host that an argument names by number.
func (s *Script) Host(key string) *Host {
	n := s.Number(key, 0)
	h := s.Net.Host(uint32(n))
	if h == nil {
		s.Fatalf("no host %s=%d", key, n)
	}
	return h
}

// Chosen returns the host named by node=, or all nodes.
func (s *Script) Chosen() []*Host {
	if s.Has("node") {
		return []*Host{s.Host("node")}
	}
	return slices.DeleteFunc(slices.Clone(s.Net.order), func(h *Host) bool { return h.Actor != nil })
}

// Kind returns the kind of request of that name.
func (s *Script) Kind(name string) message.Kind {
	for k := range message.NumKinds {
		if k.String() == name {
			return k
		}
	}
	s.Fatalf("unknown kind %q", name)
	return 0
}

// Ask sends one request from a host or a client and waits for the answer, for as long as
// timeout= says.
func (s *Script) Ask(from *Host, to core.Peer, req message.Request) message.Response {
	req.Timeout = s.Duration("timeout", 10*time.Second)
	return s.Net.Ask(from, to, req)
}

// Answer writes a response: the outcome of a refusal or error, or what a body says.
func (s *Script) Answer(resp message.Response) string {
	if resp.Err != nil {
		return Outcome(resp.Err)
	}
	switch b := resp.Body.(type) {
	case *message.Provision:
		text := fmt.Sprintf("size %d, lifetime %v", b.NetworkSize, b.Lifetime)
		for _, r := range b.Results {
			text += fmt.Sprintf("\n%d size %d candidates %s", r.Address.ID(), r.NetworkSize, Numbers(r.Spares))
		}
		return text
	case *message.Registered:
		return fmt.Sprintf("size %d", b.Size)
	case *message.Interview:
		return fmt.Sprintf("address %d", b.Address.ID())
	case *message.ApprovalInfo:
		return "info " + b.Info
	case *message.ApprovalKey:
		return fmt.Sprintf("approvers %s, key %s, started at %d, client %s", Numbers(b.Approvers), b.Key, b.StartedAt.Milliseconds(), b.ClientIP)
	case *message.ApprovalQuestion:
		return "question " + b.Question
	case *message.AvailableNode:
		return fmt.Sprintf("node %d", b.Address.ID())
	case *message.QueryAnswer:
		return fmt.Sprintf("%v, asked %d, answered %d, hops %d, fanout %d", b.Result, b.Coverage.Asked, b.Coverage.Answered, b.Cost.Hops, b.Cost.Fanout)
	}
	return "ok"
}
