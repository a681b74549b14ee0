package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Client uses a network through its nodes. Any number of goroutines may use one Client.
type Client struct {
	options Options
	caller  *caller

	life  context.Context // ends with Close
	close context.CancelCauseFunc
	tasks sync.WaitGroup

	moving chan struct{} // one place: for the goroutine that looks for another entry

	mu     sync.Mutex
	entry  string // asked for workers
	worker string // asked for everything else
}

// Connect looks for a node among the addresses and returns a client that is ready to ask
// it. Anything that answers a ping counts as a node, so a wrong password is noticed only
// at the first request. If no address answers, the error wraps ErrUnavailable. Ctx bounds
// Connect only, not the client's life.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Client{options: o, caller: newCaller(&o), moving: make(chan struct{}, 1)}
	c.life, c.close = context.WithCancelCause(context.Background())
	entry, err := c.firstAlive(ctx, shuffled(o.Addresses))
	if err != nil {
		c.caller.close()
		return nil, err
	}
	c.entry, c.worker = entry, entry
	if o.WorkerChange > 0 {
		c.tasks.Go(c.keepChanging)
	}
	return c, nil
}

// Close ends the client and all its requests. It may be called more than once.
func (c *Client) Close() {
	c.close(ErrClosed)
	c.tasks.Wait()
	c.caller.close()
}

// Worker is the address of the node that the next request goes to.
func (c *Client) Worker() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worker
}

func (c *Client) entryNode() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entry
}

func (c *Client) keepChanging() {
	tick := time.NewTicker(c.options.WorkerChange)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.life.Done():
			return
		}
		if err := c.ChangeWorker(c.life); err != nil && c.life.Err() == nil {
			c.options.Log.Warn("no other worker", "error", err)
		}
	}
}

// ChangeWorker asks the entry for a node with free capacity, and makes that the worker if
// it answers a ping. The client does so by itself every Options.WorkerChange.
func (c *Client) ChangeWorker(ctx context.Context) error {
	ctx, end := c.limit(ctx, c.options.Timeout)
	defer end()
	ask := &request{endpoint: message.KindAvailableNode.String(), repeatable: true}
	var found struct{ Address string }
	err := c.somewhere(ctx, c.entryNode, ask.mayRepeat, func(node string) error {
		return c.caller.post(ctx, node, ask, &found)
	})
	if err != nil {
		return err
	}
	a, err := peer.Parse(found.Address)
	if err != nil {
		return fmt.Errorf("client: the worker named by %s: %w", c.entryNode(), err)
	}
	worker := a.String()
	if worker == c.Worker() {
		return nil
	}
	if err := c.caller.ping(ctx, worker); err != nil {
		return err
	}
	c.mu.Lock()
	c.worker = worker
	c.mu.Unlock()
	c.options.Log.Debug("worker changed", "worker", worker)
	return nil
}

// limit bounds ctx by a timeout and by the life of the client.
func (c *Client) limit(ctx context.Context, timeout time.Duration) (limited context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, stop := context.WithTimeout(ctx, timeout)
	if c.life.Err() != nil {
		cancel(context.Cause(c.life)) // now, not when AfterFunc gets to it
	}
	forget := context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })
	return ctx, func() {
		forget()
		stop()
		cancel(nil)
	}
}

// attempts is how often the same request is made at most: a client succeeds even with two
// nodes down.
const attempts = 3

// somewhere tries the node that choose returns, and after an error for which again is
// true, the next one.
func (c *Client) somewhere(
	ctx context.Context, choose func() string, again func(error) bool, try func(node string) error,
) error {
	for attempt := 1; ; attempt++ {
		node := choose()
		err := try(node)
		if err == nil || attempt == attempts || ctx.Err() != nil || !again(err) {
			return err
		}
		if moved := c.leave(ctx, node); moved != nil {
			return fmt.Errorf("%w; %w", err, moved)
		}
	}
}

// leave looks for another entry because a node has failed. If many goroutines see the
// same failure, one of them looks, and the others wait and use what it found.
func (c *Client) leave(ctx context.Context, failed string) error {
	select {
	case c.moving <- struct{}{}:
		defer func() { <-c.moving }()
	case <-ctx.Done():
		return failure(ctx, ctx.Err()).at(failed, "ping")
	}
	c.mu.Lock()
	entry, worker := c.entry, c.worker
	c.mu.Unlock()
	if failed != entry && failed != worker {
		return nil // another goroutine has found one already
	}
	others := shuffled(c.options.Addresses)
	slices.SortStableFunc(others, func(a, b string) int { return rank(a, entry, failed) - rank(b, entry, failed) })
	entry, err := c.firstAlive(ctx, others)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.entry, c.worker = entry, entry
	c.mu.Unlock()
	c.options.Log.Info("entry changed", "failed", failed, "entry", entry)
	return nil
}

// rank orders addresses to try: the present entry, which has worked before, comes first,
// and the node that has just failed comes last.
func rank(address, entry, failed string) int {
	switch address {
	case failed:
		return 2
	case entry:
		return 0
	}
	return 1
}

// firstAlive returns the first of the addresses that answers a ping.
func (c *Client) firstAlive(ctx context.Context, addresses []string) (string, error) {
	failed := fmt.Errorf("client: %w", ErrUnavailable)
	for _, address := range addresses {
		err := c.caller.ping(ctx, address)
		if err == nil {
			return address, nil
		}
		failed = fmt.Errorf("%w; %w", failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return "", failed
}

func shuffled(list []string) []string {
	list = slices.Clone(list)
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
