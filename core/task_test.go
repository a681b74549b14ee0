package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

const oneWay = 25 * time.Millisecond

// asker is a network of one node that syncs by hand, and of as many hosts, from 2 on, as
// there are delays: each answers a ping after its delay and two messages.
func asker(t testing.TB, delays ...time.Duration) (*coretest.Network, *coretest.Host, []core.Peer) {
	n := coretest.New(t, oneWay, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	var peers []core.Peer
	for _, d := range delays {
		other := n.Play("", coretest.Answers{message.KindPing: {}})
		other.Slow = d / 2 // each way
		peers = append(peers, other.Peer())
	}
	h.Start()
	h.Config().Bootstrap = append(h.Config().Bootstrap, peers...) // strangers are not scored
	return n, h, peers
}

func ping(timeout time.Duration) message.Request {
	return message.Request{Kind: message.KindPing, Timeout: timeout}
}

// errs are the errors of responses, "ok" for none.
func errs(responses []message.Response) (texts []string) {
	for _, r := range responses {
		texts = append(texts, coretest.Outcome(r.Err))
	}
	return texts
}

// since is the virtual time that a test has taken.
func since(n *coretest.Network) time.Duration { return n.Now() - coretest.Begin }

func TestGatherWaitsForTheLastAnswer(t *testing.T) {
	n, h, peers := asker(t, 0, 300*time.Millisecond, 5*time.Second)
	var got []string
	var took time.Duration
	h.Node.Go(func(t *core.Task) {
		got = errs(t.Gather(peers, ping(time.Second)))
		took = since(n)
	})
	n.Run(10 * time.Second)
	if want := []string{"ok", "ok", message.ErrTimeout.Error()}; !slices.Equal(got, want) || took != time.Second {
		t.Errorf("after %v: %v, want %v", took, got, want)
	}
}

// A gather that has enough does not wait for the rest, and the rest does not land in the
// next gather, not even where that asks the same peers.
func TestGatherSomeWaitsForEnough(t *testing.T) {
	n, h, peers := asker(t, 0, 100*time.Millisecond, 400*time.Millisecond, 400*time.Millisecond)
	type step struct {
		at  time.Duration
		got []string
	}
	var steps []step
	h.Node.Go(func(t *core.Task) {
		got := errs(t.GatherSome(peers, ping(2*time.Second), 2))
		steps = append(steps, step{since(n), got})
		got = errs(t.Gather(peers[:3], ping(200*time.Millisecond)))
		steps = append(steps, step{since(n), got})
		t.Sleep(time.Second) // the late answers come meanwhile
		got = errs(t.GatherSome(peers[:1], ping(time.Second), 5))
		steps = append(steps, step{since(n), got})
	})
	n.Run(10 * time.Second)
	unawaited, late := core.ErrUnawaited.Error(), message.ErrTimeout.Error()
	want := []step{
		{150 * time.Millisecond, []string{"ok", "ok", unawaited, unawaited}},
		{350 * time.Millisecond, []string{"ok", "ok", late}},
		{1400 * time.Millisecond, []string{"ok"}},
	}
	if fmt.Sprint(steps) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", steps, want)
	}
}

// Without enough good answers GatherSome ends with the last one, or with the timeout.
func TestGatherSomeEndsWithoutEnough(t *testing.T) {
	n, h, peers := asker(t, 0, 0, time.Minute)
	n.Host(3).Up = false
	var got []string
	h.Node.Go(func(t *core.Task) { got = errs(t.GatherSome(peers, ping(time.Second), 2)) })
	n.Run(time.Minute)
	if want := []string{"ok", message.ErrUnreachable.Error(), message.ErrTimeout.Error()}; !slices.Equal(got, want) || since(n) != time.Minute {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A peer that was not waited for is judged by its late answer: a late timeout counts as a
// failure, a late answer as a sign of life.
func TestLateAnswersAreJudged(t *testing.T) {
	n, h, peers := asker(t, 0, 0)
	request := func(from int) message.Request {
		return message.Request{Kind: message.KindRegister, Root: peer.FromID(1), Timeout: time.Second, Body: &message.RegisterRequest{Target: peers[from]}}
	}
	interviewee := coretest.Answers{message.KindPing: {}, message.KindInterview: {Body: &message.Interview{}}}
	for i, p := range peers {
		host := n.HostOf(p)
		host.Actor = interviewee
		if resp := n.Ask(host, h.Peer(), request(i)); resp.Err != nil {
			t.Fatal(resp.Err)
		}
	}
	n.HostOf(peers[1]).Hung = true
	h.Node.Go(func(t *core.Task) { t.GatherSome(peers, ping(time.Second), 1) })
	n.Run(500 * time.Millisecond)
	if fails := failures(h, peers[1]); fails != 0 {
		t.Errorf("%d failures before the timeout", fails)
	}
	n.Run(time.Second)
	if fails := failures(h, peers[1]); fails != 1 {
		t.Errorf("%d failures after a late timeout, want 1", fails)
	}
	n.HostOf(peers[1]).Hung = false
	n.HostOf(peers[1]).Slow = 100 * time.Millisecond
	h.Node.Go(func(t *core.Task) { t.GatherSome(peers, ping(time.Second), 1) })
	n.Run(time.Second)
	if fails := failures(h, peers[1]); fails != 0 {
		t.Errorf("%d failures after a late answer, want none", fails)
	}
}

func TestSleepTakesItsTime(t *testing.T) {
	n, h, _ := asker(t)
	var woken []time.Duration
	for _, d := range []time.Duration{300 * time.Millisecond, 100 * time.Millisecond, 0, -time.Second} {
		h.Node.Go(func(t *core.Task) {
			t.Sleep(d)
			t.Sleep(d)
			woken = append(woken, since(n))
		})
	}
	n.Run(time.Second)
	if want := []time.Duration{0, 0, 200 * time.Millisecond, 600 * time.Millisecond}; !slices.Equal(woken, want) {
		t.Errorf("woken at %v, want %v", woken, want)
	}
}

// While work is done elsewhere the node goes on; the work takes its price in virtual
// time.
func TestOffloadedWorkDoesNotHoldTheNodeUp(t *testing.T) {
	n, h, _ := asker(t)
	var done, pinged time.Duration
	worked := false
	h.Node.Go(func(t *core.Task) {
		t.Offload(500*time.Millisecond, func() { worked = true })
		done = since(n)
	})
	h.Node.Go(func(t *core.Task) {
		t.Sleep(100 * time.Millisecond)
		pinged = since(n)
	})
	n.Run(time.Second)
	if !worked || done != 500*time.Millisecond || pinged != 100*time.Millisecond {
		t.Errorf("worked %v until %v; the other task went on at %v", worked, done, pinged)
	}
}

// A key belongs to one task at a time, in the order of asking; another key is free.
func TestLocksAreTakenInTurn(t *testing.T) {
	n, h, _ := asker(t)
	var order []string
	for i := range 3 {
		h.Node.Go(func(t *core.Task) {
			unlock := t.Lock("a")
			order = append(order, fmt.Sprintf("%d+", i))
			t.Sleep(time.Second)
			order = append(order, fmt.Sprintf("%d-", i))
			unlock()
		})
	}
	h.Node.Go(func(t *core.Task) {
		defer t.Lock("b")()
		order = append(order, "b")
	})
	n.Run(time.Minute)
	if want := []string{"0+", "b", "0-", "1+", "1-", "2+", "2-"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	if h.Node.Locks() > 0 {
		t.Errorf("%d keys are left behind", h.Node.Locks())
	}
}

// Stop ends a task in whichever verb it waits: deferred functions run, and nothing else.
func TestStopEndsTasksWhereTheyWait(t *testing.T) {
	for name, wait := range map[string]func(*core.Task, []core.Peer){
		"Call":       func(t *core.Task, peers []core.Peer) { t.Call(peers[0], ping(time.Second)) },
		"Gather":     func(t *core.Task, peers []core.Peer) { t.Gather(peers, ping(time.Second)) },
		"GatherSome": func(t *core.Task, peers []core.Peer) { t.GatherSome(peers, ping(time.Second), 1) },
		"Sleep":      func(t *core.Task, _ []core.Peer) { t.Sleep(time.Second) },
		"Offload":    func(t *core.Task, _ []core.Peer) { t.Offload(time.Second, func() {}) },
		"Lock":       func(t *core.Task, _ []core.Peer) { t.Lock("held") },
	} {
		n, h, peers := asker(t, 500*time.Millisecond, 500*time.Millisecond)
		var deferred, went int
		h.Node.Go(func(t *core.Task) {
			defer t.Lock("held")()
			t.Sleep(time.Hour)
		})
		h.Node.Go(func(t *core.Task) {
			defer func() { deferred++ }()
			defer t.Lock("another")()
			wait(t, peers)
			went++
		})
		n.Run(100 * time.Millisecond)
		h.Node.Stop()
		if deferred != 1 {
			t.Errorf("%s: deferred functions ran %d times", name, deferred)
		}
		n.Run(2 * time.Hour)
		if went > 0 || !n.Idle() {
			t.Errorf("%s: the task went on %d times after the end of its node", name, went)
		}
		h.Node.Go(func(*core.Task) { t.Errorf("%s: a stopped node runs a procedure", name) })
		h.Node.Stop() // once more does nothing
	}
}

// A request that a stopped node was about to answer fails, and so does each later one.
func TestAStoppedNodeIsUnreachable(t *testing.T) {
	n, h, peers := asker(t, time.Second)
	n.HostOf(peers[0]).Actor = coretest.Answers{}
	register := message.Request{Kind: message.KindRegister, Root: peer.FromID(1), From: peers[0], Timeout: 10 * time.Second, Body: &message.RegisterRequest{Target: peers[0]}}
	var got []string
	ask := func(req message.Request) {
		n.HostOf(peers[0]).Call(h.Peer(), req, coretest.SinkFunc(func(r message.Response) { got = append(got, coretest.Outcome(r.Err)) }), 0)
	}
	ask(register)
	n.Run(600 * time.Millisecond) // its interview is under way
	h.Node.Stop()
	h.Node.Sync()
	ask(ping(10 * time.Second))
	n.Run(20 * time.Second)
	unreachable := message.ErrUnreachable.Error()
	if !slices.Equal(got, []string{unreachable, unreachable}) {
		t.Errorf("got %v", got)
	}
}

// A second life of the same node sees no timer, answer, lock or state of the first.
func TestASecondLifeSeesNothingOfTheFirst(t *testing.T) {
	n, h, peers := asker(t, 400*time.Millisecond)
	h.Node.Go(func(task *core.Task) {
		defer task.Lock("key")()
		task.GatherSome(peers, ping(time.Second), 0) // its answer comes late
		task.Sleep(200 * time.Millisecond)
		t.Error("the first life goes on")
	})
	n.Run(100 * time.Millisecond)
	h.Restart()
	var woken time.Duration
	h.Node.Go(func(t *core.Task) {
		defer t.Lock("key")()
		t.Sleep(300 * time.Millisecond)
		woken = since(n)
	})
	n.Run(time.Minute)
	if woken != 400*time.Millisecond {
		t.Errorf("the second life's task was woken at %v, want 400ms", woken)
	}
}

// The rhythm of syncs is the second life's alone: the first one's timer does not add
// another.
func TestASecondLifeSyncsInItsOwnRhythm(t *testing.T) {
	n := coretest.New(t, oneWay, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	h.Start()
	n.Run(40 * time.Second)
	h.Restart()
	n.Run(10 * time.Minute)
	before := h.Node.State().SyncCount
	n.Run(10 * 16 * time.Second)
	if syncs := h.Node.State().SyncCount - before; syncs != 10 {
		t.Errorf("%d syncs in ten intervals", syncs)
	}
}

// The verbs of a task: ask some peers, take the first two answers, and sum up outside the
// node's thread what they said.
func ExampleTask() {
	n := coretest.New(nil, 25*time.Millisecond, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	var peers []core.Peer
	for i := range 4 {
		size := 10 * (i + 1)
		other := n.Play("", coretest.Answers{message.KindStatus: {Body: &message.Status{NetworkSize: size}}})
		other.Slow = time.Duration(i) * 50 * time.Millisecond
		peers = append(peers, other.Peer())
	}
	h.Start()
	h.Node.Go(func(t *core.Task) {
		defer t.Lock("census")() // one census at a time
		sum := 0
		responses := t.GatherSome(peers, message.Request{Kind: message.KindStatus, Timeout: time.Second}, 2)
		t.Offload(10*time.Millisecond, func() {
			for _, r := range responses {
				if status, err := message.As[message.Status](r); err == nil {
					sum += status.NetworkSize
				}
			}
		})
		fmt.Println(sum, "after", n.Now()-coretest.Begin)
		t.Sleep(time.Second)
		fmt.Println("and a second later", n.Now()-coretest.Begin)
	})
	n.Run(time.Minute)
	// Output:
	// 30 after 160ms
	// and a second later 1.16s
}

// failures is how many requests of a host to a peer have failed in a row.
func failures(h *coretest.Host, p core.Peer) int {
	for _, f := range h.Node.State().Fails {
		if f.Address == h.Network().Book.Text(p) {
			return f.Count
		}
	}
	return 0
}

// A procedure of an application finds its node in the task.
func TestATaskKnowsItsNode(t *testing.T) {
	_, h, _ := asker(t)
	var got *core.Node
	h.Node.Go(func(t *core.Task) { got = t.Node() })
	if got != h.Node {
		t.Errorf("the task is of node %p, want %p", got, h.Node)
	}
}

// After a flood the tasks that it needed are given up, those that work excepted.
func TestAPoolShrinksAfterAFlood(t *testing.T) {
	var delays []time.Duration
	for range 100 {
		delays = append(delays, time.Second)
	}
	n, h, peers := asker(t, delays...)
	answered := 0
	ask := func(count int) {
		for _, p := range peers[:count] {
			h.Node.Go(func(t *core.Task) {
				if t.Call(p, ping(10*time.Second)).Err == nil {
					answered++
				}
			})
		}
	}
	ask(100)
	n.Run(5 * time.Second)
	ask(3)
	pool := h.Node.Pool()
	pool.Trim(10)
	if tasks, idle := pool.Tasks(); tasks != 13 || idle != 10 {
		t.Errorf("%d tasks, of which %d are idle", tasks, idle)
	}
	n.Run(5 * time.Second)
	if ask(20); answered != 103 {
		t.Errorf("%d calls are answered", answered)
	}
	if n.Run(5 * time.Second); answered != 123 {
		t.Errorf("after the trim %d calls are answered, want 123", answered)
	}
}
