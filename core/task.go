package core

import (
	"iter"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// Task runs a procedure that waits: it reads from top to bottom, and whenever it asks others it parks until they have
// answered. A task exists only while an operation is in flight. It belongs to one node and runs inside that node's
// thread of control; between two waits nothing else touches the node.
//
// Underneath is a coroutine (iter.Pull): a switch costs some 60 ns, a parked one some 3 KB. Finished tasks go back to
// their pool, with their stack and their buffer of responses, so that a steady network allocates none.
type Task struct {
	caller caller          // on whose behalf it asks: node, or a client
	node   *Node           // nil in a client's task
	req    message.Request // the request that a handler answers; zero for the node's own procedures
	ticket Ticket
	own    bool // no request is being answered: the node asks for itself

	pool      *Pool
	procedure procedure
	responses []message.Response // of the last gather; beyond its length all are zero
	one       [1]Peer            // the target of a call
	pending   int
	parked    bool
	resume    func() (struct{}, bool)
	stop      func()
	yield     func(struct{}) bool
}

// caller is a participant that asks: it sends a request under its own name, and takes note of how it ended.
type caller interface {
	send(p Peer, req message.Request, sink Sink, tag uint32)
	account(p Peer, own bool, err error)
}

// procedure is the body of a task. A plain function: what it works on stands in the task.
type procedure func(t *Task)

// stopped unwinds a parked task when its pool is closed.
type stopped struct{}

// Pool keeps what the nodes of one thread of control can share, because only one of them is at work at a time: idle tasks
// and scratch memory. Peers index that memory, so these nodes must share a Book, too.
type Pool struct {
	idle   []*Task
	all    []*Task
	marks  marks
	hashes draw.Memo // of the nodes' addresses, by id
}

// run starts a procedure for node n and returns when it has finished or parked.
func (p *Pool) run(n *Node, procedure procedure, req *message.Request, ticket Ticket) {
	t := p.take()
	t.caller, t.node, t.procedure, t.ticket, t.own = n, n, procedure, ticket, req == nil
	if req != nil {
		t.req = *req
	}
	t.resume()
}

// runFor starts a procedure for somebody who is no node.
func (p *Pool) runFor(c caller, procedure procedure) {
	t := p.take()
	t.caller, t.procedure = c, procedure
	t.resume()
}

func (p *Pool) take() *Task {
	if last := len(p.idle) - 1; last >= 0 {
		t := p.idle[last]
		p.idle = p.idle[:last]
		return t
	}
	t := &Task{pool: p}
	t.resume, t.stop = iter.Pull(t.loop)
	p.all = append(p.all, t)
	return t
}

// loop is the coroutine: one procedure after the other.
func (t *Task) loop(yield func(struct{}) bool) {
	defer func() {
		if r := recover(); r != nil && r != any(stopped{}) {
			panic(r)
		}
	}()
	t.yield = yield
	for {
		t.procedure(t)
		t.caller, t.node, t.procedure, t.req = nil, nil, nil, message.Request{}
		clear(t.responses)
		t.pool.idle = append(t.pool.idle, t)
		if !yield(struct{}{}) {
			return
		}
	}
}

// Idle reports that no procedure is waiting for anything.
func (p *Pool) Idle() bool { return len(p.idle) == len(p.all) }

// Close ends all tasks of the pool, the parked ones in the middle of their procedure. Their nodes must not be used again.
func (p *Pool) Close() {
	for _, t := range p.all {
		t.stop()
	}
	p.all, p.idle = nil, nil
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
	t.resume()
}

// Answer implements Sink: the driver delivers one response of the current gather.
func (t *Task) Answer(tag uint32, resp message.Response) {
	t.responses[tag] = resp
	t.pending--
	if t.pending == 0 && t.parked {
		t.wake()
	}
}

// gather asks all peers at once and waits for the last answer, error or timeout. The responses stand in the order of
// peers and are valid until the task's next call or gather.
func (t *Task) gather(peers []Peer, req message.Request) []message.Response {
	clear(t.responses)
	if cap(t.responses) < len(peers) {
		t.responses = make([]message.Response, len(peers)+len(peers)/8)
	}
	t.responses = t.responses[:len(peers)]
	t.pending = len(peers)
	req.Trace = t.req.Trace
	for i, p := range peers {
		t.caller.send(p, req, t, uint32(i))
	}
	if t.pending > 0 {
		t.park()
	}
	for i, p := range peers {
		t.caller.account(p, t.own, t.responses[i].Err)
	}
	return t.responses
}

// call asks one peer and waits.
func (t *Task) call(p Peer, req message.Request) message.Response {
	t.one[0] = p
	return t.gather(t.one[:], req)[0]
}

// reply answers the request that started the task.
func (t *Task) reply(resp message.Response) { t.node.env.Reply(t.ticket, resp) }
