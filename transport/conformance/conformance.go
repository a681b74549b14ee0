// Package conformance says in tests what every transport of the node core must do: the contract of core.Transport and
// core.Env, checked the same way on the simulated network and on the real wire.
package conformance

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// World is a small network on the transport under test: nodes 0 to n-1, each of which bootstraps from node 0 and none of
// which syncs, so that only node 0 knows the network's root. One more place, n, has an address and nobody there.
type World interface {
	// Enter runs f inside node i, which it gives as the world that the node sees. F must not block.
	Enter(i int, f func(env core.Env))
	// Peer is node j as node i holds it.
	Peer(i, j int) core.Peer
	// Run lets time pass, the real or the virtual, until done reports true or the limit is over.
	Run(limit time.Duration, done func() bool)
}

// Setup says what world a test wants.
type Setup struct {
	Nodes   int
	Latency time.Duration // from a request to its answer, at least
	Queries func() []core.Query
}

// Factory makes a world that ends with the test.
type Factory func(t *testing.T, s Setup) World

// Test runs the suite.
func Test(t *testing.T, make Factory) {
	t.Run("every call is answered once", func(t *testing.T) { everyCallOnce(t, make) })
	t.Run("no answer from inside the call", func(t *testing.T) { notFromInside(t, make) })
	t.Run("a late answer is a timeout", func(t *testing.T) { lateIsTimeout(t, make) })
	t.Run("errors keep their kind", func(t *testing.T) { errorKinds(t, make) })
	t.Run("answers keep their content", func(t *testing.T) { contents(t, make) })
	t.Run("a node reaches itself", func(t *testing.T) { reachesItself(t, make) })
	t.Run("time", func(t *testing.T) { timePasses(t, make) })
}

// sink collects answers by tag. It is used inside one node only, until Run has returned.
type sink struct {
	got    map[uint32][]message.Response
	count  int
	inside bool
	t      *testing.T
}

func newSink(t *testing.T) *sink { return &sink{got: make(map[uint32][]message.Response), t: t} }

// Answer implements core.Sink.
func (s *sink) Answer(tag uint32, resp message.Response) {
	if s.inside {
		s.t.Error("answered from inside Call")
	}
	s.got[tag] = append(s.got[tag], resp)
	s.count++
}

// ask makes node i ask node j, and waits for the answer.
func ask(t *testing.T, w World, i, j int, req message.Request) message.Response {
	t.Helper()
	s := newSink(t)
	w.Enter(i, func(env core.Env) {
		req.From = w.Peer(i, i)
		s.inside = true
		env.Call(w.Peer(i, j), req, s, 7)
		s.inside = false
	})
	w.Run(time.Minute, func() bool { return count(w, i, s) > 0 })
	if len(s.got[7]) != 1 {
		t.Fatalf("%d answers", count(w, i, s))
	}
	return s.got[7][0]
}

// count reads a sink inside its node.
func count(w World, i int, s *sink) (n int) {
	w.Enter(i, func(core.Env) { n = s.count })
	return n
}

func everyCallOnce(t *testing.T, make Factory) {
	w := make(t, Setup{Nodes: 4})
	const calls = 400
	s := newSink(t)
	w.Enter(1, func(env core.Env) {
		for tag := range uint32(calls) {
			req := message.Request{Kind: message.KindPing, From: w.Peer(1, 1), Timeout: 20 * time.Second}
			if tag%3 == 0 {
				req.Kind = message.KindStructure
			}
			env.Call(w.Peer(1, 2+int(tag)%3), req, s, tag) // nodes 2 and 3, and nobody
		}
	})
	w.Run(time.Minute, func() bool { return count(w, 1, s) >= calls })
	w.Run(50*time.Millisecond, func() bool { return false }) // for second answers
	for tag := range uint32(calls) {
		answers := s.got[tag]
		if len(answers) != 1 {
			t.Fatalf("call %d has %d answers", tag, len(answers))
		}
		if nobody := 2+int(tag)%3 == 4; nobody != (answers[0].Err != nil) {
			t.Fatalf("call %d: %v", tag, answers[0].Err)
		}
	}
}

func notFromInside(t *testing.T, make Factory) {
	w := make(t, Setup{Nodes: 2})
	for _, to := range []int{0, 1, 2} {
		ask(t, w, 1, to, message.Request{Kind: message.KindPing, Timeout: time.Second}) // the sink looks
	}
}

func lateIsTimeout(t *testing.T, make Factory) {
	const latency, patience = 400 * time.Millisecond, 100 * time.Millisecond
	w := make(t, Setup{Nodes: 3, Latency: latency})
	for _, kind := range []message.Kind{message.KindStructure, message.KindAvailableNode} {
		s := newSink(t)
		var asked, answered time.Duration
		w.Enter(1, func(env core.Env) {
			asked = env.Now()
			env.Call(w.Peer(1, 2), message.Request{Kind: kind, From: w.Peer(1, 1), Timeout: patience}, s, 0)
		})
		w.Run(time.Minute, func() bool {
			w.Enter(1, func(env core.Env) { answered = env.Now() })
			return count(w, 1, s) > 0
		})
		if s.got[0][0].Err != message.ErrTimeout {
			t.Errorf("%s: got %+v, want a timeout", kind, s.got[0][0])
		}
		if took := answered - asked; took < patience || took > latency+patience {
			t.Errorf("%s: the timeout of %v came after %v", kind, patience, took)
		}
		w.Run(2*latency, func() bool { return false })
		if count(w, 1, s) != 1 {
			t.Errorf("%s: the late answer was delivered as well", kind)
		}
	}
	if got := ask(t, w, 1, 2, message.Request{Kind: message.KindStructure, Timeout: 20 * time.Second}); got.Err != nil {
		t.Errorf("with patience: %v", got.Err)
	}
}

func errorKinds(t *testing.T, make Factory) {
	w := make(t, Setup{Nodes: 3})
	tests := []struct {
		name string
		to   int
		req  message.Request
		want error
	}{
		{"an answer", 2, message.Request{Kind: message.KindStructure}, nil},
		{"nobody there", 3, message.Request{Kind: message.KindStructure}, message.ErrUnreachable},
		{"another root", 0, message.Request{Kind: message.KindStructure}, message.ErrWrongRoot},
		{"a refusal at once", 2, message.Request{Kind: message.KindApprovalInfo, Body: &message.ApprovalInfoRequest{Action: "x", Key: "k"}},
			&message.Error{Code: message.CodeInvalidAction}},
		{"a refusal after a while", 2, message.Request{Kind: message.KindProvide, Body: &message.ProvideRequest{}},
			&message.Error{Code: message.CodeInvalidTarget}},
	}
	for _, tt := range tests {
		tt.req.Timeout = 20 * time.Second
		if got := ask(t, w, 1, tt.to, tt.req); !errors.Is(got.Err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got.Err, tt.want)
		}
	}
}

// Numbers is an application whose answers are long lists.
type Numbers struct{}

// Name implements core.Query.
func (Numbers) Name() string { return "numbers" }

// Answer implements core.Query: so many texts as the argument says.
func (Numbers) Answer(arg any) any {
	n, _ := arg.(float64)
	list := []any{}
	for i := range int(n) {
		list = append(list, fmt.Sprintf("number %d", i))
	}
	return list
}

// Merge implements core.Query.
func (Numbers) Merge(a, b any) any { return append(slices.Clone(a.([]any)), b.([]any)...) }

func contents(t *testing.T, make Factory) {
	w := make(t, Setup{Nodes: 3, Queries: func() []core.Query { return []core.Query{Numbers{}} }})
	s, ok := ask(t, w, 1, 2, message.Request{Kind: message.KindStructure, Timeout: 20 * time.Second}).Body.(*message.Structure)
	if !ok || s.Address != w.Peer(1, 2) || !s.Backlink.IsZero() || len(s.Slaves) != 0 || s.Masters == nil || len(s.Masters.List) != 0 {
		t.Errorf("structure: %+v", s)
	}
	status, ok := ask(t, w, 1, 0, message.Request{Kind: message.KindStatus, Timeout: 20 * time.Second}).Body.(*message.Status)
	if !ok || status.Root != w.Peer(1, 0) || status.NetworkSize != 1 || status.IsRegistered {
		t.Errorf("status: %+v", status)
	}
	for _, size := range []int{0, 1, 20_000} {
		got, ok := ask(t, w, 1, 2, message.Request{
			Kind: message.KindQuerySlave, Timeout: 20 * time.Second, Body: &message.QueryRequest{Name: "numbers", Arg: float64(size)},
		}).Body.(*message.QueryAnswer)
		if !ok || got.Coverage != (message.Coverage{Asked: 1, Answered: 1}) {
			t.Fatalf("query of %d: %+v", size, got)
		}
		if list, _ := got.Result.([]any); len(list) != size || size > 0 && list[size-1] != fmt.Sprintf("number %d", size-1) {
			t.Errorf("a list of %d has %d", size, len(list))
		}
	}
}

// A node reaches itself past the network: an answer comes however slow that is, from a
// request that is served at once as from one that is not.
func reachesItself(t *testing.T, make Factory) {
	const latency, timeout = time.Minute, 10 * time.Second
	w := make(t, Setup{Nodes: 2, Latency: latency})
	s, ok := ask(t, w, 1, 1, message.Request{Kind: message.KindStructure, Timeout: timeout}).Body.(*message.Structure)
	if !ok || s.Address != w.Peer(1, 1) {
		t.Errorf("own structure: %+v", s)
	}
	a, ok := ask(t, w, 1, 1, message.Request{Kind: message.KindAvailableNode, Timeout: timeout}).Body.(*message.AvailableNode)
	if !ok || a.Address != w.Peer(1, 1) {
		t.Errorf("own available node: %+v", a)
	}
}

func timePasses(t *testing.T, make Factory) {
	w := make(t, Setup{Nodes: 1})
	now := func() (now time.Duration) {
		w.Enter(0, func(env core.Env) {
			now = env.Now()
			if again := env.Now(); again != now {
				t.Errorf("inside a node it is %v and then %v", now, again)
			}
			env.Rand().Uint64()
		})
		return now
	}
	first := now()
	w.Run(20*time.Millisecond, func() bool { return false })
	if later := now(); later-first < 20*time.Millisecond {
		t.Errorf("after 20 ms the clock is %v later", later-first)
	}
}
