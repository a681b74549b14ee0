package core

import (
	"fmt"
	"runtime/debug"
)

// How a driver keeps a panic in an application from ending the node. The core knows where
// the application's code runs; package host decides what a panic in it means.

// Contain runs a procedure of an application. Guard gets the running of it, and of all
// that it forks, and may recover from a panic there. It must not recover from the end of
// the task: that panics with a value that has a method EndsTask.
func (t *Task) Contain(guard func(run func()), procedure func(t *Task)) {
	before := t.guard
	t.guard = guard
	defer func() { t.guard = before }()
	guard(func() { procedure(t) })
}

// contained is a procedure that is forked by one that is contained, or not.
func (t *Task) contained(procedure procedure) procedure {
	guard := t.guard
	if guard == nil {
		return procedure
	}
	return func(t *Task) { t.Contain(guard, procedure) }
}

// Turn is a number that changes whenever a procedure begins or goes on after a wait, at
// this or another node of the thread.
func (n *Node) Turn() uint64 { return n.pool.turn }

// EndsTask marks the panic that unwinds a task, for guards that recover from others.
func (stopped) EndsTask() {}

// work is offloaded work whose panic is that of the procedure that waits for it.
type work struct {
	run    func()
	failed string // text and stack of the panic; "" for none
}

func (w *work) do() {
	defer func() {
		if r := recover(); r != nil {
			w.failed = fmt.Sprintf("offloaded work: %v\n%s", r, debug.Stack())
		}
	}()
	w.run()
}

// ownFault is what an application returns where its code could not judge an answer: the
// peer that gave it is not to blame.
type ownFault interface {
	error
	OwnFault()
}
