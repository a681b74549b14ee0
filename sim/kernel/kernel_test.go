package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/sim/kernel"
)

const lookahead = time.Millisecond

// letter is the envelope of these tests: an event for another partition.
type letter struct{ event kernel.Event }

// chain is a handler whose destinations pass events on at random, each by its own stream:
// to itself at once, to others after the lookahead at the earliest. It notes what it saw.
type chain struct {
	*kernel.Partition[letter]
	all      []*chain
	number   int
	members  map[uint32]*member
	outboxes [][]letter
}

// member is a destination.
type member struct {
	random *rand.Rand
	seq    uint32
	seen   []kernel.Event
}

const destinations = 40

func (c *chain) home(destination uint32) int { return int(destination) * len(c.all) / destinations }

func (c *chain) Deliver(e *kernel.Event) {
	m := c.members[e.To]
	m.seen = append(m.seen, *e)
	if c.Now() != time.Duration(e.Time) {
		panic("delivered at another time")
	}
	for range 1 + m.random.IntN(2)*m.random.IntN(2) {
		next := kernel.Event{To: m.random.Uint32N(destinations), From: e.To, Seq: m.seq, Time: e.Time}
		m.seq++
		if next.To != e.To {
			next.Time += int64(lookahead) + m.random.Int64N(int64(5*lookahead))
		} else {
			next.Time += 1 + m.random.Int64N(int64(lookahead))
		}
		c.send(next)
	}
}

func (c *chain) send(e kernel.Event) {
	if home := c.home(e.To); home != c.number {
		c.outboxes[home] = append(c.outboxes[home], letter{e})
		return
	}
	c.Schedule(e)
}

func (c *chain) Prefetch([]kernel.Event) {}

func (c *chain) Waiting(to int) int { return len(c.outboxes[to]) }

func (c *chain) Seal(to int, empty []letter) []letter {
	sealed := c.outboxes[to]
	c.outboxes[to] = empty[:0]
	return sealed
}

func (c *chain) Accept(letters []letter) {
	for _, l := range letters {
		c.Schedule(l.event)
	}
	clear(letters)
}

// start makes a kernel of so many workers over chains, with an event for every
// destination.
func start(workers int, seed uint64) (*kernel.Kernel[letter], []*chain) {
	chains := make([]*chain, kernel.Partitions(workers, destinations))
	handlers := make([]kernel.Handler[letter], len(chains))
	for i := range chains {
		chains[i] = &chain{all: chains, number: i, members: make(map[uint32]*member),
			outboxes: make([][]letter, len(chains))}
		handlers[i] = chains[i]
	}
	k := kernel.New(workers, lookahead, handlers)
	for i, c := range chains {
		c.Partition = k.Partition(i)
	}
	for d := range uint32(destinations) {
		c := chains[chains[0].home(d)]
		c.members[d] = &member{random: rand.New(rand.NewPCG(seed, uint64(d)))}
		c.Schedule(kernel.Event{Time: int64(d % 7), To: d, From: d})
	}
	return k, chains
}

// history is what each destination has seen.
func history(chains []*chain) [][]kernel.Event {
	var all [][]kernel.Event
	for d := range uint32(destinations) {
		all = append(all, chains[chains[0].home(d)].members[d].seen)
	}
	return all
}

// However many workers there are, and however time is cut into slices, each destination
// sees the same events in the same order.
func TestWorkersAndSlicesDoNotMatter(t *testing.T) {
	// workers take turns on fewer processors
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		const end = 30 * time.Millisecond
		k, chains := start(1, seed)
		k.RunUntil(end)
		want, events := history(chains), k.Events()
		workers := rapid.IntRange(1, 6).Draw(r, "workers")
		k, chains = start(workers, seed)
		for now := time.Duration(0); now < end; {
			now = min(end, now+time.Duration(rapid.Int64Range(1, int64(end)).Draw(r, "slice")))
			k.RunUntil(now)
			if k.Now() != now {
				r.Fatalf("at %v it is %v", now, k.Now())
			}
		}
		if got := history(chains); k.Events() != events || !reflect.DeepEqual(got, want) {
			r.Fatalf("%d workers: %d events instead of %d, or others", workers, k.Events(), events)
		}
	})
}

// Each destination sees its events in their order, and none that a limit excludes.
func TestEventsComeInOrderAndBeforeTheLimit(t *testing.T) {
	k, chains := start(3, 1)
	k.RunUntil(20 * time.Millisecond)
	for d, seen := range history(chains) {
		for i := range seen {
			if i > 0 && !seen[i-1].Before(&seen[i]) {
				t.Fatalf("destination %d sees %v before %v", d, seen[i-1], seen[i])
			}
			if time.Duration(seen[i].Time) >= 20*time.Millisecond {
				t.Fatalf("destination %d sees %v before its time", d, seen[i])
			}
		}
		if len(seen) < 2 {
			t.Errorf("destination %d sees only %d events", d, len(seen))
		}
	}
}

// A time in which nothing happens is skipped, however many lookaheads it has.
func TestIdleTimePasses(t *testing.T) {
	quiet := func() *chain { return &chain{outboxes: make([][]letter, 2)} }
	k := kernel.New(2, time.Nanosecond, []kernel.Handler[letter]{quiet(), quiet()})
	k.RunUntil(1000 * time.Hour)
	if k.Partition(0).Now() != 1000*time.Hour || k.Partition(1).Now() != 1000*time.Hour || k.Events() != 0 {
		t.Errorf("at %v and %v, %d events", k.Partition(0).Now(), k.Partition(1).Now(), k.Events())
	}
}

func TestSplitCoversEachNumberOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, n := range []int{0, 1, 1999, 2000, 4001, 100_000} {
		k, _ := start(3, 1)
		looked := make([]int, n)
		k.Split(n, func(from, to int) {
			for i := from; i < to; i++ {
				looked[i]++
			}
		})
		for i, times := range looked {
			if times != 1 {
				t.Fatalf("of %d numbers %d is looked at %d times", n, i, times)
			}
		}
	}
}

func TestPartitionsFollowWorkers(t *testing.T) {
	for _, test := range []struct{ workers, destinations, want int }{
		{0, 10, 1}, {1, 10, 1}, {2, 10, 4}, {8, 10, 10}, {2, 3, 3},
	} {
		if got := kernel.Partitions(test.workers, test.destinations); got != test.want {
			t.Errorf("%d workers for %d destinations have %d partitions, want %d", test.workers,
				test.destinations, got, test.want)
		}
	}
}

// An example of the smallest use: a handler that counts down.
func ExampleKernel() {
	h := &countdown{}
	k := kernel.New(1, 0, []kernel.Handler[letter]{h})
	h.partition = k.Partition(0)
	h.partition.Schedule(kernel.Event{Time: int64(time.Second), Aux: 3})
	k.RunUntil(time.Minute)
	fmt.Println(k.Events(), "events by", k.Now())
	// Output:
	// 3 at 1s
	// 2 at 2s
	// 1 at 3s
	// 3 events by 1m0s
}

// countdown is a handler of one partition: it sends nothing.
type countdown struct {
	chain
	partition *kernel.Partition[letter]
}

func (h *countdown) Deliver(e *kernel.Event) {
	fmt.Println(e.Aux, "at", h.partition.Now())
	if e.Aux > 1 {
		h.partition.Schedule(kernel.Event{Time: e.Time + int64(time.Second), Aux: e.Aux - 1})
	}
}
