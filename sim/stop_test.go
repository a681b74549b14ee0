package sim_test

import (
	"errors"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// A run that is stopped is the beginning of the whole one.
func TestAStoppedRunReturnsWhatItHas(t *testing.T) {
	s, err := scenario.Parse("stop.yaml", []byte(`
name: stop
nodes: 50
duration: 320s
workload:
  searches: {count: 100, start: 100s, over: 200s}
expect:
  convergence.rounds: "<= 1"
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Duration(0)
	part, err := sim.Run(s, sim.Options{
		Progress: func(p sim.Progress) { now = p.Virtual },
		Stop:     func() bool { return now >= 205*time.Second },
	})
	if !errors.Is(err, sim.ErrStopped) {
		t.Fatalf("error %v", err)
	}
	if !part.Summary.Partial || part.Summary.Engine.VirtualS != now.Seconds() || len(part.Expectations) > 0 {
		t.Errorf("partial %v, %v s, judged %v", part.Summary.Partial, part.Summary.Engine.VirtualS, part.Expectations)
	}
	if whole.Summary.Partial || len(whole.Expectations) != 1 {
		t.Errorf("the whole run: partial %v, judged %v", whole.Summary.Partial, whole.Expectations)
	}
	if n := part.Summary.Search.Count; n < 50 || n > 60 {
		t.Errorf("%d searches", n)
	}
	for i := range part.Samples[:len(part.Samples)-1] {
		if part.Samples[i] != whole.Samples[i] {
			t.Fatalf("sample %d: %+v, in the whole run %+v", i, part.Samples[i], whole.Samples[i])
		}
	}
	if last := part.Samples[len(part.Samples)-1]; last.Time != now || last.Alive != 50 {
		t.Errorf("last sample %+v", last)
	}
	for i := range part.Requests[:50] {
		if part.Requests[i].Latency != whole.Requests[i].Latency {
			t.Fatalf("request %d: %+v, in the whole run %+v", i, part.Requests[i], whole.Requests[i])
		}
	}
}

// A run ends just before the moment at which it is stopped. A search that is due at that
// very moment has not been started, so it is not one that the end cut off.
func TestASearchDueWhenTheRunIsStoppedIsNotCounted(t *testing.T) {
	s, err := scenario.Parse("stop.yaml", []byte(`
name: stop
nodes: 10
duration: 320s
workload:
  searches: {count: 10, start: 90s, over: 100s}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Duration(0)
	part, err := sim.Run(s, sim.Options{
		Progress: func(p sim.Progress) { now = p.Virtual },
		Stop:     func() bool { return now >= 100*time.Second },
	})
	if !errors.Is(err, sim.ErrStopped) || now != 100*time.Second {
		t.Fatalf("stopped at %v: %v", now, err)
	}
	if search := part.Summary.Search; search.Count != 1 || search.Failed != 0 {
		t.Errorf("%d searches, %d failed; the one at 90 s is the only one before 100 s", search.Count, search.Failed)
	}
}
