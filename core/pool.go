package core

import (
	"iter"
	"slices"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// Pool keeps what the nodes of one thread of control can share, because only one of them
// works at a time: idle tasks and scratch memory. Peers index that memory, so these nodes
// must share a Book, too. The zero Pool is ready.
type Pool struct {
	idle     []*Task
	all      []*Task
	turn     uint64 // see Node.Turn
	sleepers map[sleeper]*Task
	delayed  map[sleeper]procedure // that are to begin
	marks    marks
	taken    marks     // by number of the host
	hashes   draw.Memo // of the nodes' addresses, by id
	hosts    hostNumbers
	overlaps [1 << 8]overlap // of the latest sets of masters compared; see level.inBoth
	walks    []*discovery    // that are over; see discovery.free
	trees    []*tree         // of nodes in networks of several levels; see Node.treeIndex
}

// run starts a procedure for node n and returns when it has ended or parked.
func (p *Pool) run(n *Node, procedure procedure, req *message.Request, ticket Ticket) {
	t := p.take()
	t.caller, t.node, t.procedure, t.ticket = n, n, procedure, ticket
	n.tasks++
	t.own, t.owing = req == nil, req != nil
	if req != nil {
		t.req = *req
	}
	p.turn++
	t.resume()
}

// runFor starts a procedure for a participant that is no node.
func (p *Pool) runFor(c caller, procedure procedure) {
	t := p.take()
	t.caller, t.procedure = c, procedure
	p.turn++
	t.resume()
}

func (p *Pool) take() *Task {
	if last := len(p.idle) - 1; last >= 0 {
		t := p.idle[last]
		p.idle = p.idle[:last]
		return t
	}
	t := &Task{pool: p}
	t.gather = &gather{task: t}
	t.resume, t.stop = iter.Pull(t.loop)
	p.all = append(p.all, t)
	return t
}

// walk returns an empty discovery, with the memory of a former one if there is any.
func (p *Pool) walk() *discovery {
	last := len(p.walks) - 1
	if last < 0 {
		return new(discovery)
	}
	d := p.walks[last]
	p.walks = p.walks[:last]
	return d
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
		if t.node != nil {
			t.node.tasks--
		}
		t.caller, t.node, t.procedure, t.req = nil, nil, nil, message.Request{}
		clear(t.gather.responses)
		t.pool.idle = append(t.pool.idle, t)
		if !yield(struct{}{}) {
			return
		}
	}
}

// sleeper is a task that sleeps: its node, and the number of the timer that wakes it.
type sleeper struct {
	node  *Node
	timer uint32
}

// sleep returns the number of a timer that will wake t: the first that no other task of its
// node waits for. So it does not depend on the other nodes of the pool.
func (p *Pool) sleep(t *Task) uint32 {
	if p.sleepers == nil {
		p.sleepers = make(map[sleeper]*Task)
	}
	s := p.timer(t.node)
	p.sleepers[s] = t
	return s.timer
}

// later is sleep for a procedure that is to begin.
func (p *Pool) later(n *Node, begin procedure) uint32 {
	if p.delayed == nil {
		p.delayed = make(map[sleeper]procedure)
	}
	s := p.timer(n)
	p.delayed[s] = begin
	return s.timer
}

// timer is the first of a node that nothing waits for.
func (p *Pool) timer(n *Node) sleeper {
	s := sleeper{n, wakeTask}
	for p.sleepers[s] != nil || p.delayed[s] != nil {
		s.timer++
	}
	return s
}

// awake resumes the task of node n that waits for the timer of this number.
func (p *Pool) awake(n *Node, number uint32) {
	s := sleeper{n, number}
	if t := p.sleepers[s]; t != nil {
		delete(p.sleepers, s)
		t.wake()
	} else if begin := p.delayed[s]; begin != nil {
		delete(p.delayed, s)
		p.run(n, begin, nil, 0)
	}
}

// end ends all tasks of a node in the middle of their procedures. A request that one of
// them was to answer fails as if the node were not there.
func (p *Pool) end(n *Node) {
	if n.tasks > 0 {
		p.endTasks(n)
	}
	for s := range p.delayed { // order-free: deletes only
		if s.node == n {
			delete(p.delayed, s)
		}
	}
}

func (p *Pool) endTasks(n *Node) {
	n.tasks = 0
	p.all = slices.DeleteFunc(p.all, func(t *Task) bool {
		if t.node != n {
			return false
		}
		t.gather.task = nil
		if t.owing {
			t.reply(message.Response{Err: message.ErrUnreachable})
		}
		t.stop()
		return true
	})
	for s := range p.sleepers { // order-free: deletes only
		if s.node == n {
			delete(p.sleepers, s)
		}
	}
}

// Idle reports whether no procedure is under way.
func (p *Pool) Idle() bool { return len(p.idle) == len(p.all) }

// Trim ends idle tasks until at most so many are left. A driver calls it after a flood,
// whose tasks would keep their stacks for ever.
func (p *Pool) Trim(keep int) {
	if len(p.idle) <= keep {
		return
	}
	ends := make(map[*Task]bool, len(p.idle)-keep)
	for _, t := range p.idle[keep:] {
		ends[t] = true
		t.stop()
	}
	p.idle = slices.Delete(p.idle, keep, len(p.idle))
	p.all = slices.DeleteFunc(p.all, func(t *Task) bool { return ends[t] })
}

// Close ends all tasks of the pool, the parked ones in the middle of their procedure.
// Their nodes must not be used again.
func (p *Pool) Close() {
	for _, t := range p.all {
		t.stop()
	}
	p.all, p.idle, p.sleepers, p.delayed = nil, nil, nil, nil
}
