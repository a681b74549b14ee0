package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"spreadable/sim/experiment"
)

const (
	// mostLost is how many workers a run may lose before it is given up.
	mostLost = 3
	// waitOutside is how long a run that does not fit here is left to other workers.
	waitOutside = 2 * time.Second
)

// message is a run in the stream.
type message struct {
	Job     *experiment.Job `json:"job"`
	CheckNS time.Duration   `json:"check_ns"` // between checks of invariants; 0: none
}

// turn is one delivery of a run to a worker.
type turn struct {
	*crew
	delivery jetstream.Msg
	message
	beside int
}

// take decides what becomes of a delivery. A run that begins goes on by itself.
func (c *crew) take(ctx context.Context, delivery jetstream.Msg) {
	t := &turn{crew: c, delivery: delivery}
	if err := json.Unmarshal(delivery.Data(), &t.message); err != nil || t.Job == nil {
		c.Tell("the queue holds a message that is no run, which is deleted: %v", err)
		_ = delivery.Term() // it comes again if this fails
		return
	}
	if err := t.begin(ctx); err != nil {
		c.Tell("run %s goes back to the queue: %v", t.Job.Key, plain(err))
		_ = delivery.NakWithDelay(waitOutside) // the lease does the same, later
	}
}

// begin begins the run, unless it is done, lost, in progress elsewhere, or does not fit.
// After an error the run goes back.
func (t *turn) begin(ctx context.Context) error {
	requests, cancel := context.WithTimeout(ctx, 2*answerTimeout)
	defer cancel()
	key := t.Job.Key
	done, err := t.q.isDone(requests, key)
	if err != nil {
		return err
	}
	if done {
		return t.delivery.DoubleAck(requests)
	}
	dead, elsewhere, err := t.former(requests)
	switch {
	case err != nil:
		return err
	case elsewhere: // its worker still tells the server so
		return nil
	case dead >= mostLost:
		return t.lost(requests)
	}
	var ok bool
	if t.beside, ok = t.occupy(t.Job, dead == mostLost-1); !ok {
		return t.delivery.NakWithDelay(waitOutside)
	}
	if err := t.q.began(requests, key, t.id); err != nil {
		t.release(key, func(*Done) {})
		return err
	}
	go t.run(ctx)
	return nil
}

// former asks after the workers that have begun the run before: how many are dead, and
// whether one of them is still at it.
func (t *turn) former(ctx context.Context) (dead int, elsewhere bool, err error) {
	workers, err := t.q.triedBy(ctx, t.Job.Key)
	if err != nil {
		return 0, false, err
	}
	for _, worker := range workers {
		answer, err := t.q.conn.RequestWithContext(ctx, aliveSubjects+worker, []byte(t.Job.Key))
		switch {
		case errors.Is(err, nats.ErrNoResponders):
			dead++
		case err != nil:
			return dead, false, err
		case slices.Equal(answer.Data, atIt):
			return dead, true, nil
		}
	}
	return dead, false, nil
}

// lost gives the run up: what has killed three workers is not given to a fourth.
func (t *turn) lost(ctx context.Context) error {
	record := t.Job.Record(nil, experiment.Lost, fmt.Sprintf("lost %d workers", mostLost))
	if err := t.store(ctx, record, experiment.Execution{}); err != nil {
		return err
	}
	t.mutex.Lock()
	t.done.Lost++
	t.mutex.Unlock()
	return t.forget(ctx)
}

// run does the run, and brings its result to the server however long that takes.
func (t *turn) run(ctx context.Context) {
	stop := t.keepLease()
	defer stop()
	record, execution, err := t.do(ctx)
	if err != nil {
		t.giveBack(err)
		return
	}
	out := outage{tell: t.Tell}
	for {
		err := t.deliver(record, execution)
		if errors.Is(err, experiment.ErrNotSame) {
			t.fail(err)
			err = nil
		}
		if !out.over(err) {
			break
		}
		if ctx.Err() != nil {
			t.giveBack(err)
			return
		}
		pause(ctx, reconnectWait)
	}
	t.release(t.Job.Key, func(d *Done) { d.Runs++ })
}

// do runs the job. A job that cannot be read is a failed run: no worker of this version
// could read it.
func (t *turn) do(ctx context.Context) (*experiment.Record, experiment.Execution, error) {
	dir, err := t.folder(ctx, t.Job)
	if err != nil {
		return nil, experiment.Execution{}, err
	}
	return t.Do(ctx, t.Job, t.CheckNS, dir, t.beside)
}

// keepLease tells the server again and again that the run is in progress. What it returns
// ends that.
func (t *turn) keepLease() (stop func()) {
	ticker, ended := time.NewTicker(t.every), make(chan struct{})
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = t.delivery.InProgress() // during an outage the lease may end: see former
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended) }
}

// deliver stores the result, marks it, and only then acknowledges the run.
func (t *turn) deliver(record *experiment.Record, execution experiment.Execution) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*answerTimeout) // also when the worker ends
	defer cancel()
	different := t.store(ctx, record, execution)
	if different != nil && !errors.Is(different, experiment.ErrNotSame) {
		return different
	}
	return errors.Join(t.forget(ctx), different)
}

// store stores and marks a result.
func (t *turn) store(ctx context.Context, record *experiment.Record, execution experiment.Execution) error {
	content, err := record.Encode()
	if err != nil {
		return err
	}
	f := finished{SHA256: experiment.Digest(content), Fingerprint: record.Fingerprint(), Lost: record.Outcome == experiment.Lost,
		Worker: t.id, Execution: execution}
	if err := t.q.store(ctx, f.object(t.Job.Key), content); err != nil {
		return err
	}
	return t.q.mark(ctx, t.Job.Key, f)
}

// forget removes the run from the queue.
func (t *turn) forget(ctx context.Context) error {
	if err := t.q.marks.Delete(ctx, t.q.triedKey(t.Job.Key)); err != nil {
		return err
	}
	// Not for certain, as a purge or a wiped server may have been faster: the mark counts.
	return t.delivery.Ack()
}

// giveBack returns the run at once, and takes our name off it: we are not dead.
func (t *turn) giveBack(reason error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	err := t.q.left(ctx, t.Job.Key, t.id)
	err = errors.Join(err, t.delivery.NakWithDelay(10*time.Millisecond), t.q.conn.FlushWithContext(ctx))
	if err != nil {
		t.Tell("run %s could not be given back, and waits for the end of its lease: %v (%v)", t.Job.Key, plain(err), reason)
	}
	t.release(t.Job.Key, func(d *Done) { d.Returned++ })
}
