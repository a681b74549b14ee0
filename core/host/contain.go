package host

import (
	"runtime/debug"

	"spreadable/core/message"
)

// What happens when an extension panics. On a real node it ends neither the node nor the
// extension: what the extension has put into its bucket since it last waited is undone, the
// request fails with a code, and the panic is logged and counted. The extension goes on,
// because otherwise one request that it cannot stand would switch it off in the whole
// network. What it keeps in memory is not undone. In simulations and tests a panic goes on.

// Guard is what a World implements that goes on when an extension panics.
type Guard interface {
	// Panicked is told where an extension has panicked, with what, and the stack. It may be
	// called from any thread.
	Panicked(extension, doing string, value any, stack []byte)
}

// containment is how the panics of one extension are contained.
type containment struct {
	guard   Guard // nil if they are not
	journal *journal
}

// ownFault stands for what code that has panicked was to return. See core.Fold: a peer
// whose answer could not be judged is not to blame.
type ownFault struct{ error }

func (ownFault) OwnFault() {}

// Unwrap returns the refusal.
func (f ownFault) Unwrap() error { return f.error }

var errPanicked = ownFault{&message.Error{Code: message.CodeFailed, Message: "the application panicked"}}

// contain runs code of the extension. The error is that it has panicked.
func (h *Host) contain(doing string, run func()) (err error) {
	c := &h.contained
	if c.guard == nil {
		run()
		return nil
	}
	turn, mark := h.node.Turn(), c.journal.begin()
	defer func() {
		switch r := recover(); {
		case r == nil:
			if h.node.Turn() == turn {
				c.journal.forget(mark)
			}
		case endsTask(r):
			panic(r)
		default:
			if h.node.Turn() != turn { // it has waited
				c.journal.begin()
				mark = 0
			}
			c.journal.undo(mark)
			h.panicked(doing, r)
			err = errPanicked
		}
	}()
	run()
	return nil
}

func (h *Host) panicked(doing string, value any) {
	h.contained.guard.Panicked(h.name, doing, value, debug.Stack())
}

func endsTask(value any) bool {
	_, ends := value.(interface{ EndsTask() })
	return ends
}

// perform runs a procedure of the extension.
func (h *Host) perform(t *Task, doing string, procedure func(t *Task)) (err error) {
	if h.contained.guard == nil {
		procedure(t)
		return nil
	}
	t.Contain(func(run func()) { err = h.contain(doing, run) }, procedure)
	return err
}

// Perform runs a procedure of the extension for its driver, such as one of a route. The
// error is that it has panicked.
func (h *Host) Perform(t *Task, doing string, procedure func(t *Task)) error {
	return h.perform(t, doing, procedure)
}

// performed is a procedure that perform runs.
func (h *Host) performed(doing string, procedure func(t *Task)) func(t *Task) {
	return func(t *Task) { _ = h.perform(t, doing, procedure) } // it is logged and counted
}

// decoding turns a panic of a method UnmarshalJSON into an error. It may be called from any
// thread.
func (h *Host) decoding(err *error) {
	if h.contained.guard == nil {
		return
	}
	if r := recover(); r != nil {
		h.panicked("decode", r)
		*err = errPanicked
	}
}

// journal is a bucket that can undo what was written in the current turn of the node's
// thread (core.Node.Turn).
type journal struct {
	Bucket
	host    *Host
	turn    uint64
	changes []change // of that turn
}

// change is a key and the value that it had before; nil for none.
type change struct {
	key   string
	value []byte
}

// Put implements Bucket.
func (j *journal) Put(key string, value []byte) error {
	j.begin()
	before := j.Bucket.Get(key)
	err := j.Bucket.Put(key, value)
	if err == nil {
		j.changes = append(j.changes, change{key, before})
	}
	return err
}

// Delete implements Bucket.
func (j *journal) Delete(key string) {
	j.begin()
	if before := j.Bucket.Get(key); before != nil {
		j.Bucket.Delete(key)
		j.changes = append(j.changes, change{key, before})
	}
}

// begin forgets what other turns have written, and returns how many changes this one has
// made so far.
func (j *journal) begin() int {
	if turn := j.host.node.Turn(); turn != j.turn {
		j.turn = turn
		j.forget(0)
	}
	return len(j.changes)
}

// forget keeps the changes from a mark on for good.
func (j *journal) forget(mark int) {
	mark = min(mark, len(j.changes))
	clear(j.changes[mark:])
	j.changes = j.changes[:mark]
}

// undo takes back the changes from a mark on, the last first.
func (j *journal) undo(mark int) {
	for i := len(j.changes) - 1; i >= mark; i-- {
		c := j.changes[i]
		if c.value == nil {
			j.Bucket.Delete(c.key)
		} else if err := j.Bucket.Put(c.key, c.value); err != nil {
			j.host.Log(Warn, "a change of an extension that has panicked cannot be undone", "key", c.key, "error", err)
		}
	}
	j.forget(mark)
}
