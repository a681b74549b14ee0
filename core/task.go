package core

import (
	"time"

	"spreadable/core/message"
)

// Task runs a procedure that waits: it reads from top to bottom, and parks whenever it
// asks others, sleeps, or waits for work or a lock. A task exists only while an operation
// is in flight. It belongs to one node and runs inside that node's thread of control;
// between two waits nothing else touches the node, and after each wait the node may have
// changed.
//
// Its verbs are Call, Gather, GatherSome, Sleep, Offload and Lock; Ask and Send are for
// what applications offer, Fork for more than one task. From Sleep on they need
// a node: a client's task only asks. Node.Stop ends a task in the middle of any of them:
// deferred functions run, nothing else does.
//
// A task runs on a coroutine (iter.Pull): a switch takes some 60 ns, a parked one holds
// some 3 KB. Finished tasks go back to their pool, with their stack and their buffer of
// responses, so that a settled network allocates none.
type Task struct {
	caller caller          // on whose behalf it asks: node, or a client
	node   *Node           // nil in a client's task
	req    message.Request // what a handler answers; zero for the node's own procedures
	ticket Ticket
	own    bool // no request is being answered: the node asks for itself
	owing  bool // the request has no answer yet

	pool      *Pool
	procedure procedure
	gather    *gather          // the latest
	guard     func(run func()) // see Contain; nil outside
	one       [1]Peer          // the target of a call
	parked    bool
	resume    func() (struct{}, bool)
	stop      func()
	yield     func(struct{}) bool
}

// caller is a participant that asks: it signs a request with its own name, sends what is
// signed, and draws its conclusions from how it ended.
type caller interface {
	signed(req message.Request) message.Request
	send(p Peer, req message.Request, sink Sink, tag uint32)
	conclude(p Peer, own bool, resp message.Response)
}

// procedure is the body of a task: a plain function that finds its input in the task.
type procedure func(t *Task)

// Go runs a procedure of the node's own, until it parks or ends. It must not be called
// from inside another call of the node; a stopped node runs none.
func (n *Node) Go(procedure func(t *Task)) {
	if !n.stopped {
		n.pool.run(n, procedure, nil, 0)
	}
}

// Fork runs a procedure of the node's own in another task, which begins when this one
// waits or ends. It serves the same operation of a client. The pool is not idle until it
// has ended, so the procedure may hold peers from the start.
func (t *Task) Fork(procedure func(t *Task)) {
	n := t.node
	fork := n.pool.take()
	fork.caller, fork.node, fork.procedure, fork.own = n, n, t.contained(procedure), true
	fork.req.Trace = t.req.Trace
	n.tasks++
	n.env.After(0, n.tag(n.pool.sleep(fork)))
}

// Later runs a procedure of the node's own after a time, but never at once: it may be
// called from inside the node. It needs the node to have started.
func (n *Node) Later(d time.Duration, procedure func(t *Task)) {
	n.env.After(d, n.tag(n.pool.later(n, procedure)))
}

// Serve makes a task of the node's own count as one that serves the client's operation of
// this trace, as all that it forks from then on does.
func (t *Task) Serve(trace uint32) { t.req.Trace = trace }

// Node returns the node that the task belongs to, nil in a client's task.
func (t *Task) Node() *Node { return t.node }

// From is the node that has sent the request which the task serves; none in a task of the
// node's own.
func (t *Task) From() Peer { return t.req.From }

// Call asks one peer and waits for its answer, an error, or the end of req.Timeout. The
// task fills in the sender and the trace.
func (t *Task) Call(p Peer, req message.Request) message.Response {
	t.one[0] = p
	return t.Gather(t.one[:], req)[0]
}

// Gather asks all peers at once and waits for the last answer, error or timeout. The
// responses are in the order of peers and valid until the task asks again.
func (t *Task) Gather(peers []Peer, req message.Request) []message.Response {
	responses := t.ask(peers, req, want{enough: len(peers), fits: req.Kind.Row().Fits})
	for i, p := range peers {
		t.caller.conclude(p, t.own, responses[i])
	}
	return responses
}

// GatherSome asks all peers at once and waits until as many as enough have answered
// without an error, or all have answered, or req.Timeout has passed. A peer that was not
// waited for has ErrUnawaited; its answer still says that it is alive when it comes.
func (t *Task) GatherSome(peers []Peer, req message.Request, enough int) []message.Response {
	return t.gatherWanted(peers, req, want{enough: enough, fits: req.Kind.Row().Fits})
}

// gatherWanted is GatherSome for answers that must be as wanted.
func (t *Task) gatherWanted(peers []Peer, req message.Request, w want) []message.Response {
	responses := t.ask(peers, req, w)
	var late []Peer
	for i, p := range peers {
		if responses[i].Err != ErrUnawaited {
			t.caller.conclude(p, t.own, responses[i])
		} else if late == nil {
			late = append(late, peers...) // the caller may change its own
		}
	}
	if late == nil {
		return responses
	}
	n, own, caller, life := t.node, t.own, t.caller, t.life()
	t.leave(func(tag uint32, resp message.Response) {
		if n == nil || n.life == life {
			caller.conclude(late[tag], own, resp)
		}
	})
	return responses
}

// ask sends the questions of a gather and waits for enough good answers, or all answers.
func (t *Task) ask(peers []Peer, req message.Request, w want) []message.Response {
	g := t.gather
	g.begin(len(peers), w)
	req.Trace = t.req.Trace
	req = t.caller.signed(req)
	for i, p := range peers {
		t.caller.send(p, req, g, uint32(i))
	}
	if !g.done() {
		t.park()
	}
	return g.all()
}

// leave gives up the latest gather while some of its answers are still to come: late
// takes them. The gather is never used again, so they cannot land in the next one.
func (t *Task) leave(late func(tag uint32, resp message.Response)) {
	t.gather.task, t.gather.late = nil, late
	t.gather = &gather{task: t}
}

// Sleep waits for a time; not at all if it is 0 or less.
func (t *Task) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	t.node.env.After(d, t.node.tag(t.pool.sleep(t)))
	t.park()
}

// Offload does work that takes milliseconds (a picture, a hash, a scan) outside the
// node's thread, and waits for its end; other tasks run meanwhile. Work must not touch
// the node, nor anything else that changes meanwhile. Price is the time that it takes on
// a common machine: a simulation does the work at once and charges that much virtual
// time. If the work panics, so does Offload.
func (t *Task) Offload(price time.Duration, run func()) {
	g, w := t.gather, &work{run: run}
	g.begin(1, want{enough: 1, fits: anything})
	t.node.env.Offload(price, w.do, g, 0)
	if !g.done() {
		t.park()
	}
	if w.failed != "" {
		panic(w.failed)
	}
}

// anything fits the end of offloaded work, which has no body.
func anything(any) bool { return true }

// Lock waits until no other task of the node holds the key, and takes it. The result
// gives the key back and must be called once, so defer it. Tasks get the key in the order
// in which they ask for it.
func (t *Task) Lock(key string) (unlock func()) {
	n := t.node
	locks := n.extra().locks
	waiting, held := locks[key]
	if held {
		locks[key] = append(waiting, t)
		t.park()
	} else {
		locks[key] = nil
	}
	life := t.life()
	return func() {
		if n.life == life { // not while Stop ends the task
			n.unlock(key)
		}
	}
}

// isLocked reports whether a task holds a key.
func (n *Node) isLocked(key string) bool {
	if n.applications == nil {
		return false
	}
	_, held := n.applications.locks[key]
	return held
}

// unlock hands a key on to the task that has waited longest. That task goes on when its
// timer is due, because no other task may run in the middle of the one that unlocks.
func (n *Node) unlock(key string) {
	locks := n.applications.locks
	waiting := locks[key]
	if len(waiting) == 0 {
		delete(locks, key)
		return
	}
	locks[key] = waiting[1:]
	n.env.After(0, n.tag(n.pool.sleep(waiting[0])))
}

// life is the node's life now; 0 in a client's task.
func (t *Task) life() uint8 {
	if t.node == nil {
		return 0
	}
	return t.node.life
}

// reply answers the request that started the task.
func (t *Task) reply(resp message.Response) {
	t.owing = false
	t.node.env.Reply(t.ticket, resp)
}

// park waits until wake is called.
func (t *Task) park() {
	t.parked = true
	if !t.yield(struct{}{}) {
		panic(stopped{})
	}
}

func (t *Task) wake() {
	t.parked = false
	t.pool.turn++
	t.resume()
}

// stopped unwinds a parked task that is ended.
type stopped struct{}
