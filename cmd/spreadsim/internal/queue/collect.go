package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"spreadable/sim/experiment"
)

const (
	// observed is how often the collector looks at who works.
	observed = 2 * time.Second
	// unattended is how long runs may wait without any worker before a person is told.
	unattended = 10 * time.Second
	// quiet is how long without news the collector trusts what it has seen and enqueued.
	quiet = 30 * time.Second
	// burst is how many messages may be on their way to the server at a time.
	burst = 256
	// perSubject is the server's error of a second message for one subject.
	perSubject jetstream.ErrorCode = 10077
)

// Collector is the side of a sweep.
type Collector struct {
	Plan     *experiment.Plan
	Folder   *experiment.Folder
	Schedule *experiment.Schedule
	Check    time.Duration // between checks of invariants; 0: none
	Lease    time.Duration // 0: DefaultLease

	// Ended is called for each run that has come in, with its record. An error ends the
	// sweep.
	Ended func(*experiment.Record) error
	// Seen is called now and then with the number of runs in progress.
	Seen func(busy int)
	// Tell says what a person should know.
	Tell func(format string, args ...any)
}

// collection is a collector at work.
type collection struct {
	Collector
	q        *Queue
	waiting  map[string]experiment.Task // enqueued or to be, and not in the folder
	ready    bool                       // the marks of the past have been seen
	news     time.Time                  // when something last came in
	attended time.Time                  // when a worker was last seen
	warned   bool
	failed   error // of single runs: the others go on
}

// Collect enqueues what a schedule wants and brings the results into the folder, until
// nothing is wanted or the context ends. Then the workers go on, and the next collector
// finds what they did.
func (q *Queue) Collect(ctx context.Context, c Collector) error {
	if c.Lease == 0 {
		c.Lease = DefaultLease
	}
	w := &collection{Collector: c, q: q, waiting: map[string]experiment.Task{}, attended: time.Now()}
	w.plan()
	out := outage{tell: c.Tell}
	for len(w.waiting) > 0 && ctx.Err() == nil {
		err := w.watch(ctx)
		if fatal := (*endError)(nil); errors.As(err, &fatal) {
			w.withdraw()
			return errors.Join(w.failed, fatal.reason)
		}
		if ctx.Err() == nil && out.over(err) {
			pause(ctx, reconnectWait)
		}
	}
	return w.failed
}

// endError ends a collection: no further attempt helps.
type endError struct{ reason error }

func (e *endError) Error() string { return e.reason.Error() }

func end(err error) error {
	if err == nil {
		return nil
	}
	return &endError{err}
}

// plan takes all that the schedule wants now.
func (w *collection) plan() (added []experiment.Task) {
	for {
		task, ok := w.Schedule.Next(0, true)
		if !ok {
			return added
		}
		w.waiting[task.Key] = task
		added = append(added, task)
	}
}

// watch follows the marks until nothing is wanted. It ends without an error if there was
// no news for long: the next watch sees and enqueues all again, in case the server has
// forgotten something.
func (w *collection) watch(ctx context.Context) error {
	consumer, err := w.open(ctx)
	if err != nil {
		return err
	}
	watch, err := w.q.marks.Watch(ctx, w.q.doneKey("*"))
	if err != nil {
		return err
	}
	defer watch.Stop()
	w.ready, w.news = false, time.Now()
	ticker := time.NewTicker(observed)
	defer ticker.Stop()
	for len(w.waiting) > 0 {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watch.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			err = w.update(ctx, entry)
		case <-ticker.C:
			err = w.observe(ctx, consumer)
		}
		if err != nil || time.Since(w.news) > quiet {
			return err
		}
	}
	return nil
}

// open makes sure that the server has all that it needs.
func (w *collection) open(ctx context.Context) (jetstream.Consumer, error) {
	if err := w.q.open(ctx); err != nil {
		return nil, err
	}
	requests, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return w.q.consumer(requests, w.Lease)
}

// update takes a mark; nil says that all marks of the past have come, so that what is
// still wanted must be run.
func (w *collection) update(ctx context.Context, entry jetstream.KeyValueEntry) error {
	if entry == nil {
		w.ready = true
		if err := w.storeFiles(ctx); err != nil {
			return err
		}
		tasks := slices.Collect(maps.Values(w.waiting))
		slices.SortFunc(tasks, experiment.LongestFirst)
		return w.enqueue(ctx, tasks)
	}
	key := entry.Key()[strings.LastIndexByte(entry.Key(), '.')+1:]
	task, wanted := w.waiting[key]
	if entry.Operation() != jetstream.KeyValuePut || !wanted {
		return nil
	}
	var mark doneMark
	if err := json.Unmarshal(entry.Value(), &mark); err != nil || len(mark.Results) == 0 {
		return fmt.Errorf("the mark of run %s: %w", key, err)
	}
	return w.collect(ctx, task, mark)
}

// collect brings a result into the folder.
func (w *collection) collect(ctx context.Context, task experiment.Task, mark doneMark) error {
	requests, cancel := context.WithTimeout(ctx, 2*answerTimeout)
	defer cancel()
	first := mark.Results[0]
	content, err := w.q.contents(requests, first.object(task.Key), first.SHA256)
	if errors.Is(err, jetstream.ErrObjectNotFound) { // run it again
		if err := w.q.marks.Delete(requests, w.q.doneKey(task.Key)); err != nil {
			return err
		}
		return w.enqueue(ctx, []experiment.Task{task})
	}
	if err != nil {
		return err
	}
	record, err := w.Folder.Take(task.Key, content)
	if errors.Is(err, experiment.ErrNotSame) {
		w.failed = errors.Join(w.failed, err)
	} else if err != nil {
		return end(err)
	}
	if len(mark.Results) > 1 {
		w.failed = errors.Join(w.failed, errTwoResults(task.Key, mark))
	}
	if first.Lost { // without its file in the folder it is to be tried again
		if err := w.q.marks.Delete(requests, w.q.doneKey(task.Key)); err != nil {
			return err
		}
	} else if err := w.Folder.Executed(first.Execution); err != nil {
		return end(err)
	}
	return w.finish(ctx, task, record)
}

// finish takes a run off the list, and enqueues what the schedule wants because of it.
func (w *collection) finish(ctx context.Context, task experiment.Task, record *experiment.Record) error {
	delete(w.waiting, task.Key)
	w.news = time.Now()
	if err := w.Schedule.Finish(task); err != nil {
		return end(err)
	}
	if err := w.Ended(record); err != nil {
		return end(err)
	}
	for _, task := range w.plan() {
		if err := w.lookUp(ctx, task); err != nil {
			return err
		}
	}
	return nil
}

// lookUp collects a run that is wanted only now, if a sweep of the past had it, and
// enqueues it if not.
func (w *collection) lookUp(ctx context.Context, task experiment.Task) error {
	requests, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	entry, err := w.q.marks.Get(requests, w.q.doneKey(task.Key))
	switch {
	case err == nil:
		return w.update(ctx, entry)
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return err
	case !w.ready: // it is enqueued with all others
		return nil
	}
	return w.enqueue(ctx, []experiment.Task{task})
}

// storeFiles brings the files that scenarios name to the server.
func (w *collection) storeFiles(ctx context.Context) error {
	for _, file := range w.Plan.Attachments() {
		if err := w.q.store(ctx, fileObject(experiment.Digest(file.Content)), file.Content); err != nil {
			return err
		}
	}
	return nil
}

// enqueue puts runs into the stream. What is there already stays.
func (w *collection) enqueue(ctx context.Context, tasks []experiment.Task) error {
	for part := range slices.Chunk(tasks, burst) {
		var sent []jetstream.PubAckFuture
		for _, task := range part {
			data, err := w.encode(task)
			if err != nil {
				return end(err)
			}
			future, err := w.q.js.PublishAsync(w.q.subject(task.Key), data)
			if err != nil {
				return err
			}
			sent = append(sent, future)
		}
		for _, future := range sent {
			if err := accepted(ctx, future); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *collection) encode(task experiment.Task) ([]byte, error) {
	job, _, err := w.Plan.Job(task)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(message{job, w.Check})
	if most := w.q.conn.MaxPayload(); err == nil && int64(len(data)) > most {
		err = fmt.Errorf("run %s: its scenario has %d bytes, the server takes %d (max_payload)", task.Key, len(data), most)
	}
	return data, err
}

// accepted waits until the server has a message, or says that it had it.
func accepted(ctx context.Context, future jetstream.PubAckFuture) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	select {
	case <-future.Ok():
		return nil
	case err := <-future.Err():
		if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) && refused.ErrorCode == perSubject &&
			strings.Contains(refused.Description, "per subject") {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// observe looks at who works, and says so if nobody does.
func (w *collection) observe(ctx context.Context, consumer jetstream.Consumer) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	info, err := consumer.Info(ctx)
	if err != nil {
		return err
	}
	w.Seen(info.NumAckPending)
	if info.NumWaiting > 0 || info.NumAckPending > 0 {
		w.attended = time.Now()
	}
	if time.Since(w.attended) > unattended && !w.warned {
		w.warned = true
		w.Tell("no worker takes the runs: start spreadsim worker --queue, with the very same program (version %s)", w.Plan.Version)
	}
	return nil
}

// withdraw takes what still waits out of the stream. What is being run goes on, and is kept
// by the server.
func (w *collection) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), 4*answerTimeout)
	defer cancel()
	for key := range w.waiting { // order-free
		if err := w.q.stream.Purge(ctx, jetstream.WithPurgeSubject(w.q.subject(key))); err != nil {
			w.Tell("the other runs stay in the queue: %v", plain(err))
			return
		}
	}
}
