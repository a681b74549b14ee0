package httptransport

import (
	"container/heap"
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// loop is the node's thread: one goroutine that owns the node, its pool, its book and
// everything in this struct above the line. All other goroutines reach it through inbox.
// See doc.go.
type loop struct {
	node    *core.Node // nil for a client
	pool    core.Pool
	book    *peer.Book
	speaker wire.Speaker // writes the node's messages
	options *Options
	limits  *limits

	clock   clock
	now     time.Duration
	random  *mathrand.Rand
	alarms  alarms
	alarmed uint64 // numbers alarms
	ticket  core.Ticket
	asked   map[core.Ticket]asker // requests that wait for the node's answer
	own     []ownCall             // requests of the node to itself, served next
	queued  []*call               // waiting for a place on the wire
	flying  int                   // calls on the wire
	effects []func()              // effects of the current step, not released yet
	unsaved []func()              // those of events that changed what must be saved
	saveAt  time.Duration         // when the rest is to be saved; 0 if all is
	// events put off until the pool is idle and the book can be swept
	backlog  []func()
	sweepAt  int                // book size at which it is swept
	shown    *message.Structure // the snapshot that view shows
	document *wire.Document     // and its document
	learned  map[core.Peer]*learned
	joining  joining       // why the node has no place
	trimmed  time.Duration // when idle tasks were last ended
	outside  string        // why the node failed to register last, as logged; "" once registered

	// ---- below: shared ----
	silent  atomic.Uint64 // peers taken off the lists because all probes failed
	useless atomic.Uint64 // and because they were of no use for too many syncs
	leveled atomic.Uint64 // changes of the number of levels
	view    atomic.Pointer[view]
	inbox   chan func()
	stop    chan struct{} // closed to end the loop
	stopped chan struct{} // closed when it has ended
	ending  sync.Once
	err     error // why it ended; read only once stopped is closed
	caller  *caller
	calls   sync.WaitGroup
	desks   chan struct{}   // places for offloaded work
	ctx     context.Context // ends with the loop
	cancel  context.CancelFunc
}

// view is the part of the node's state that the rest of the process reads without asking
// the loop, as of the last step that was saved.
type view struct {
	structure *wire.Document
	root      string // of the own branch; see core.Node.Network
	network   string // that of the whole network
	rooted    bool   // the root is known
	open      bool   // the address filter lets every address pass
	atEase    bool   // see core.Node.AtEase
}

// asker gets the answer to a request.
type asker interface {
	reply(l *loop, resp message.Response)
}

// inboxSize is how many events may wait for the loop. Each takes some microseconds.
const inboxSize = 1024

// batch is how many events one step handles at most: all that may wait. A step is saved and
// released as a whole, and a save may wait for the disk much longer than all events take.
// So the more events come, the more of them share one save.
const batch = inboxSize

var errStopped = wire.WithStatus(503, "the node is stopping")

func newLoop(o *Options, book *peer.Book, c *caller) *loop {
	var seed [32]byte
	rand.Read(seed[:]) // never fails
	ctx, cancel := context.WithCancel(context.Background())
	return &loop{
		book: book, speaker: wire.Speaker{Book: book, Version: o.Version}, options: o, limits: newLimits(o.Log), caller: c,
		clock: newClock(time.Now), random: mathrand.New(mathrand.NewChaCha8(seed)),
		asked: make(map[core.Ticket]asker), learned: make(map[core.Peer]*learned), sweepAt: o.SweepAt,
		desks: newDesks(), inbox: make(chan func(), inboxSize), stop: make(chan struct{}), stopped: make(chan struct{}),
		ctx: ctx, cancel: cancel,
	}
}

// run is the goroutine.
func (l *loop) run() {
	defer close(l.stopped)
	defer l.cancel()
	defer l.survive()
	defer l.pool.Close()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-l.stop:
			return
		case event := <-l.inbox:
			l.step(event)
		case <-timer.C:
			l.step(nil)
		}
		if l.err != nil {
			return
		}
		timer.Reset(l.untilNext())
	}
}

// survive turns a panic of the core into the loop's error, with its stack: the process
// and its other nodes go on, and goroutines that wait for the node get an error.
func (l *loop) survive() {
	if r := recover(); r != nil {
		l.err = fmt.Errorf("the node panicked: %v\n%s", r, debug.Stack())
		l.options.Log.Error("the node panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
}

// step handles the events that wait, saves the node, and then releases the effects: no
// peer learns of a state that could still be lost.
func (l *loop) step(event func()) {
	l.now = l.clock.read()
	if event != nil {
		l.handle(event)
	}
	for more := 1; more < batch; more++ {
		select {
		case event = <-l.inbox:
			l.handle(event)
			continue
		default:
		}
		break
	}
	l.handle(l.soundAlarms)
	l.handle(l.serveOwn)
	l.handle(l.tidy)
	l.commit()
}

// handle handles an event, and sets its effects apart if it changes what must be saved.
func (l *loop) handle(event func()) {
	if l.node == nil || l.options.Persist == nil {
		event()
		return
	}
	before, first := l.node.Revision(), len(l.effects)
	event()
	if l.node.Revision() != before {
		l.unsaved = append(l.unsaved, l.effects[first:]...)
		clear(l.effects[first:])
		l.effects = l.effects[:first]
	}
}

// commit saves, and releases the effects whose cause is saved.
func (l *loop) commit() {
	var wait time.Duration
	if l.node != nil && l.options.Persist != nil {
		var err error
		if wait, err = l.options.Persist(l.node); err != nil {
			l.err = fmt.Errorf("save the node: %w", err)
			l.options.Log.Error("the node cannot be saved and stops", "error", err)
			return
		}
	}
	l.show()
	if wait > 0 {
		l.saveAt = l.now + wait
	} else {
		l.saveAt = 0
		l.unsaved = release(l.unsaved)
	}
	l.effects = release(l.effects)
}

// release runs effects, and returns the empty list of them.
func release(effects []func()) []func() {
	for i, effect := range effects {
		effect()
		effects[i] = nil
	}
	return effects[:0]
}

// show publishes the view if it has changed.
func (l *loop) show() {
	if l.node == nil {
		return
	}
	root := l.node.NetworkRoot()
	next := view{
		structure: l.structure(l.node.Structure()), rooted: !root.IsZero(), root: l.speaker.Text(root), network: l.speaker.Text(l.node.Network()),
		open: l.node.AdmitsAll(), atEase: l.node.AtEase(),
	}
	if old := l.view.Load(); old == nil || *old != next {
		l.view.Store(&next)
	}
}

// post gives an event to the loop. It waits for a place in the inbox until ctx ends.
func (l *loop) post(ctx context.Context, event func()) error {
	select {
	case l.inbox <- event:
		return nil
	case <-l.stopped:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do runs f in the node's thread and waits until its effects are released.
func (l *loop) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	return l.await(ctx, done, func() {
		f()
		l.effects = append(l.effects, func() { close(done) })
	})
}

// look runs f in the node's thread and waits for it, but not until the node is saved: f
// changes nothing, and nothing that others must not forget depends on what it sees.
func (l *loop) look(ctx context.Context, f func()) error {
	done := make(chan struct{})
	return l.await(ctx, done, func() {
		f()
		close(done)
	})
}

// await gives an event to the loop and waits until it is done.
func (l *loop) await(ctx context.Context, done <-chan struct{}, event func()) error {
	if err := l.post(ctx, event); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-l.stopped:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the loop and waits for it and all its calls.
func (l *loop) close() error {
	l.ending.Do(func() { close(l.stop) })
	<-l.stopped
	l.calls.Wait()
	l.caller.close()
	return l.err
}

// soundAlarms handles the alarms that are due.
func (l *loop) soundAlarms() {
	for {
		a, ok := l.alarms.due(l.now)
		if !ok {
			return
		}
		switch {
		case a.call != nil:
			l.expire(a.call)
		case l.node != nil:
			l.orLater(func() { l.node.Wake(a.tag) })
		}
	}
}

// untilNext is the time until an alarm or a save is due.
func (l *loop) untilNext() time.Duration {
	next := l.saveAt
	if len(l.alarms) > 0 && (next == 0 || l.alarms[0].at < next) {
		next = l.alarms[0].at
	}
	if next == 0 {
		return time.Hour
	}
	return max(0, next-l.clock.read())
}

func (l *loop) setAlarm(a alarm) {
	l.alarmed++
	a.seq = l.alarmed
	heap.Push(&l.alarms, a)
}

// orLater runs f, which may start a procedure: now, or after the sweep if the book waits
// for one.
func (l *loop) orLater(f func()) {
	if l.mustSweep() {
		l.backlog = append(l.backlog, f)
		return
	}
	f()
}

func (l *loop) mustSweep() bool { return l.node != nil && l.book.Len() >= l.sweepAt }

// keptTasks are left of those that a flood has needed, looked at once in trimPause.
const (
	keptTasks = 64
	trimPause = time.Minute
)

// tidy sweeps the book if it is nearly full and no procedure is running. Running
// procedures end within their timeout budget, and new ones are put off, so that moment
// comes.
func (l *loop) tidy() {
	if l.now-l.trimmed >= trimPause {
		l.trimmed = l.now
		l.pool.Trim(keptTasks)
	}
	if !l.mustSweep() || !l.pool.Idle() || len(l.own) > 0 {
		return
	}
	clear(l.learned)
	swept := l.node.SweepBook(func(p core.Peer) bool { return p == l.speaker.Self })
	// if so many are needed, do not sweep at every step
	l.sweepAt = max(l.options.SweepAt, l.book.Len()*9/8)
	l.options.Log.Info("forgot addresses that are not needed", "count", swept, "left", l.book.Len())
	l.shown = nil
	backlog := l.backlog
	l.backlog = nil
	for _, f := range backlog {
		f()
	}
}
