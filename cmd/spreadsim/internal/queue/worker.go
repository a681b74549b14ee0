package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"spreadable/sim/experiment"
)

// pullTime is how long one request for a run waits at the server.
const pullTime = 5 * time.Second

// fetchTime bounds the time to fetch the files of a scenario, which may be large.
const fetchTime = 5 * time.Minute

// Worker runs what the queue has.
type Worker struct {
	Size   int           // runs at a time
	Memory int64         // bytes that these may take together
	Idle   time.Duration // the worker ends after so long without a run; 0: never
	Folder string        // keeps files of scenarios, until the worker ends

	// Do runs a job whose files are in a folder, beside so many others. It fails if the
	// context ends first.
	Do func(ctx context.Context, job *experiment.Job, check time.Duration, dir string, beside int) (*experiment.Record, experiment.Execution, error)
	// Tell says what a person should know. It may be called by several goroutines.
	Tell func(format string, args ...any)
}

// Done counts what a worker did.
type Done struct {
	Runs     int `json:"runs"`     // ended and stored
	Returned int `json:"returned"` // given back unfinished
	Lost     int `json:"lost"`     // found to have lost too many workers
}

// crew is a worker at work.
type crew struct {
	Worker
	q        *Queue
	consumer jetstream.Consumer
	id       string
	every    time.Duration // between two signs of life

	mutex  sync.Mutex
	freed  *sync.Cond // a run has ended, or the context has
	busy   map[string]int64
	alone  bool // the run in progress wants no other beside it
	full   bool // until a run ends: one did not fit into the memory
	done   Done
	failed error

	fetching sync.Mutex
	files    map[string]string // folder of each set of files
}

// Work runs what the queue has until the context ends, or until nothing has come for the
// time that the worker may be idle. Runs that the context interrupts go back to the queue.
// The error tells of runs that had two results.
func (q *Queue) Work(ctx context.Context, w Worker) (Done, error) {
	c := &crew{Worker: w, q: q, id: nuid.Next(), busy: map[string]int64{}, files: map[string]string{}}
	c.freed = sync.NewCond(&c.mutex)
	defer context.AfterFunc(ctx, c.freed.Broadcast)()
	if err := c.enlist(ctx); err != nil {
		return c.done, fmt.Errorf("queue: %w", plain(err))
	}
	alive, err := q.conn.Subscribe(aliveSubjects+c.id, func(m *nats.Msg) {
		_ = m.Respond(c.isAt(string(m.Data))) // whoever asks will ask again
	})
	if err != nil {
		return c.done, err
	}
	defer alive.Unsubscribe()
	c.pull(ctx)
	c.wait()
	return c.done, c.failed
}

// enlist finds the consumer, and what its lease is.
func (c *crew) enlist(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var err error
	if c.consumer, err = c.q.consumer(ctx, 0); err == nil {
		c.every = c.consumer.CachedInfo().Config.AckWait / 4
	}
	return err
}

// Answers to the question whether a worker is at a run.
var (
	atIt    = []byte("1")
	notAtIt = []byte("0")
)

func (c *crew) isAt(key string) []byte {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, ok := c.busy[key]; ok {
		return atIt
	}
	return notAtIt
}

// pull asks for one run whenever a core is free, never for one that would wait here.
func (c *crew) pull(ctx context.Context) {
	last, out := time.Now(), outage{tell: c.Tell}
	for {
		busy := c.waitForCore(ctx)
		if ctx.Err() != nil {
			return
		}
		if busy > 0 {
			last = time.Now()
		}
		wait := pullTime
		if c.Idle > 0 {
			if wait = min(wait, c.Idle-time.Since(last)); wait <= 0 {
				return
			}
		}
		message, err := c.next(ctx, wait)
		if out.over(err) {
			c.recover(ctx)
			pause(ctx, reconnectWait)
			continue
		}
		if message != nil {
			last = time.Now()
			c.take(ctx, message)
		}
	}
}

// next asks for one run; nil if there is none for so long.
func (c *crew) next(ctx context.Context, wait time.Duration) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, max(wait, 10*time.Millisecond))
	defer cancel()
	batch, err := c.consumer.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	var found jetstream.Msg
	for m := range batch.Messages() {
		found = m
	}
	err = batch.Error()
	if found != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, nats.ErrTimeout) {
		err = nil
	}
	return found, err
}

// recover makes again what a server may have lost.
func (c *crew) recover(ctx context.Context) {
	if c.q.conn.IsConnected() && c.q.open(ctx) == nil {
		_ = c.enlist(ctx) // the next pull says what is wrong
	}
}

// waitForCore waits until another run may begin, or the context ends. It returns how many
// runs go on.
func (c *crew) waitForCore(ctx context.Context) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for ctx.Err() == nil && (len(c.busy) >= c.Size || c.alone || c.full) {
		c.freed.Wait()
	}
	return len(c.busy)
}

// wait waits until no run goes on.
func (c *crew) wait() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for len(c.busy) > 0 {
		c.freed.Wait()
	}
}

// occupy takes a core and memory for a run. It fails if the run must wait: for memory, or
// until no other goes on.
func (c *crew) occupy(job *experiment.Job, alone bool) (beside int, ok bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	taken := int64(0)
	for _, bytes := range c.busy {
		taken += bytes
	}
	if c.full = len(c.busy) > 0 && taken+job.Memory > c.Memory; c.full || len(c.busy) > 0 && alone {
		return 0, false
	}
	beside = len(c.busy)
	c.busy[job.Key], c.alone = job.Memory, alone
	return beside, true
}

// release ends what occupy began, and counts how the run ended.
func (c *crew) release(key string, count func(*Done)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.busy, key)
	c.alone, c.full = false, false
	count(&c.done)
	c.freed.Broadcast()
}

// fail notes what the worker must report at its end.
func (c *crew) fail(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.failed = errors.Join(c.failed, err)
}

// folder has the files of a job. Most jobs have the same, so they are fetched once.
func (c *crew) folder(ctx context.Context, job *experiment.Job) (string, error) {
	c.fetching.Lock()
	defer c.fetching.Unlock()
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	set := experiment.Digest(fmt.Append(nil, job.Files))
	if dir, ok := c.files[set]; ok {
		return dir, nil
	}
	dir := filepath.Join(c.Folder, set[:12])
	for _, file := range job.Files {
		content, err := c.q.contents(ctx, fileObject(file.SHA256), file.SHA256)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if !filepath.IsLocal(filepath.FromSlash(file.Name)) {
			return "", fmt.Errorf("run %s: the file name %q leads out of its folder", job.Key, file.Name)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return "", err
		}
	}
	c.files[set] = dir
	return dir, nil
}

// fileObject is the object with a file that scenarios name.
func fileObject(sha256 string) string { return "file-" + sha256 }

// outage tells of the beginning and the end of an outage, once each.
type outage struct {
	tell func(format string, args ...any)
	on   bool
}

// over notes how a request ended, and reports whether there is an outage.
func (o *outage) over(err error) bool {
	switch {
	case err != nil && !o.on:
		o.tell("the queue does not answer (%v); trying on", plain(err))
	case err == nil && o.on:
		o.tell("the queue answers again")
	}
	o.on = err != nil
	return o.on
}

// pause waits, unless the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
