package kernel

import (
	"runtime"
	"testing"
	"time"
)

// still is a handler to which nothing happens.
type still struct{}

func (still) Deliver(*Event)                  {}
func (still) Prefetch([]Event)                {}
func (still) Waiting(int) int                 { return 0 }
func (still) Seal(int, []struct{}) []struct{} { return nil }
func (still) Accept([]struct{})               {}

// atClocks is a kernel whose partitions are at these times, in milliseconds, with a lookahead
// of 8 ms and a limit of 100; a negative time is that of a partition that is taken.
func atClocks(workers int, clocks ...int) *shift[struct{}] {
	handlers := make([]Handler[struct{}], len(clocks))
	for i := range handlers {
		handlers[i] = still{}
	}
	k := New(workers, 8*time.Millisecond, handlers)
	for i, at := range clocks {
		k.partitions[i].taken.Store(at < 0)
		k.partitions[i].clock.Store(int64(time.Duration(max(at, -at)) * time.Millisecond))
	}
	return &shift[struct{}]{kernel: k, limit: 100 * time.Millisecond, workers: workers}
}

// A worker takes the free partition that is furthest behind, but one of its own first where
// that can go on for a quarter of the lookahead, or to the limit. A partition goes as far as
// the lookahead lets it after the one that is furthest behind; that one itself, after the
// second.
func TestWorkersTakeThePartitionFurthestBehind(t *testing.T) {
	for _, test := range []struct {
		what    string
		worker  int
		clocks  []int
		want    int // the partition; -1 for none
		until   int
		arrived bool
	}{
		{"the first of its own", 0, []int{10, 10, 10, 10}, 0, 18, false},
		{"the first of the other's own", 1, []int{10, 10, 10, 10}, 1, 18, false},
		{"the last of its own", 0, []int{14, 10, 12, 10}, 2, 18, false},
		{"its own before one further behind", 0, []int{12, 10, 13, 11}, 0, 18, false},
		{"another's where its own can hardly go on", 0, []int{17, 10, 17, 12}, 1, 20, false},
		{"its own where it can go on for a quarter", 0, []int{16, 10, 17, 12}, 0, 18, false},
		{"the one behind goes as far as the second lets it", 1, []int{30, 10, 30, 30}, 1, 38, false},
		{"the limit", 0, []int{95, 95, 95, 95}, 0, 100, false},
		{"its own, close to the limit", 0, []int{99, 93, 99, 99}, 0, 100, false},
		{"one that is not taken", 0, []int{-10, -10, -10, 10}, 3, 18, false},
		{"all are taken", 0, []int{-10, -10, -10, -10}, -1, 0, false},
		{"all wait for one that is taken", 0, []int{18, -10, 18, 18}, -1, 0, false},
		{"all have arrived", 0, []int{100, 100, 100, 100}, -1, 0, true},
		{"all but one that is taken have arrived", 0, []int{100, -99, 100, 100}, -1, 0, false},
	} {
		s := atClocks(2, test.clocks...)
		next, arrived := s.find(test.worker)
		got := -1
		if next.partition != nil {
			got = next.partition.number
		}
		until := time.Duration(test.until) * time.Millisecond
		if got != test.want || arrived != test.arrived || got >= 0 && next.until != until || got >= 0 && next.from != next.partition.behind() {
			t.Errorf("%s: of %v it takes %d until %v, want %d until %v; arrived %v", test.what, test.clocks, got, next.until, test.want, until, arrived)
		}
	}
}

// Of two that take a partition at the same time one gets it.
func TestAPartitionIsTakenOnce(t *testing.T) {
	s := atClocks(2, 10, 10)
	first, _ := s.take(0)
	second, _ := s.take(0)
	third, arrived := s.take(0)
	if first.partition != s.kernel.partitions[0] || second.partition != s.kernel.partitions[1] || third.partition != nil || arrived {
		t.Errorf("taken are %v, %v and %v", first.partition, second.partition, third.partition)
	}
	if !first.partition.taken.Load() {
		t.Error("a taken partition is free")
	}
}

// There are no more workers than processors, and no more parts of a number than are worth a
// goroutine.
func TestWorkersAndPartsAreBounded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	k := atClocks(3, 0, 0, 0).kernel
	if k.atWork() != 2 || k.Workers() != 3 {
		t.Errorf("on two processors %d of %d workers work", k.atWork(), k.Workers())
	}
	for n, want := range map[int]int{0: 1, 3999: 1, 4000: 2, 100_000: 2} {
		parts := make(chan [2]int, 10)
		k.Split(n, func(from, to int) { parts <- [2]int{from, to} })
		if len(parts) != want {
			t.Errorf("%d numbers are divided into %d parts, want %d", n, len(parts), want)
		}
	}
}

// What load a kernel has seen lately decides whether it is worth several processors.
func TestQuietTimesAreNotWorthSeveralProcessors(t *testing.T) {
	k := atClocks(2, 0, 0).kernel
	if k.load != worthwhile {
		t.Errorf("a new kernel expects %d events in a lookahead", k.load)
	}
	at := func(events int, from, to time.Duration) {
		for i := range events {
			k.partitions[0].Schedule(Event{Time: int64(from) + int64(to-from)*int64(i)/int64(events)})
		}
		k.RunUntil(to)
	}
	at(8000, 0, 800*time.Millisecond) // 80 in each of 100 lookaheads
	if k.load != 80 || k.Events() != 8000 || k.Now() != 800*time.Millisecond {
		t.Errorf("after 80 events in each lookahead it expects %d", k.load)
	}
	at(100, 800*time.Millisecond, 1600*time.Millisecond)
	if k.load != 70 {
		t.Errorf("one quiet time later it expects %d, want 70", k.load)
	}
	k.RunUntil(2 * time.Second) // idle
	if k.load != 70 {
		t.Errorf("a time in which nothing happens makes it expect %d", k.load)
	}
}
