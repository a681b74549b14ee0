package sim_test

import (
	"testing"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// Whatever makes a run larger makes it expected larger.
func TestMoreOfAnythingIsExpectedToTakeMoreMemory(t *testing.T) {
	expected := func(sets ...string) int64 {
		s, err := scenario.Parse("m.yaml", []byte("name: m\nnodes: 10000\nduration: 400s\n"), sets)
		if err != nil {
			t.Fatal(err)
		}
		return sim.Memory(s, 1)
	}
	const some, start = "workload.searches.count=100", "workload.searches.start=200s"
	least := expected()
	if least < 30e6 || least > 100e6 {
		t.Errorf("%d bytes for 10,000 nodes that do nothing", least)
	}
	for _, sets := range [][]string{
		{"nodes=20000"},
		{some, start},
		{"workload.approvals.count=100"},
	} {
		if more := expected(sets...); more <= least {
			t.Errorf("%v: %d bytes, without %d", sets, more, least)
		}
	}
	s, err := scenario.Parse("m.yaml", []byte("name: m\nnodes: 10000\nduration: 400s\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if one, four := sim.Memory(s, 1), sim.Memory(s, 4); four < one+15e6 || four > 2*one {
		t.Errorf("one worker: %d bytes, four: %d", one, four) // 56 and 76 MB were seen
	}
	if slow, fast := expected(some, start, "workload.searches.over=100s"), expected(some, start, "workload.searches.over=1s"); fast <= slow {
		t.Errorf("searches all at once: %d bytes, one after the other: %d", fast, slow)
	}
	if quick, long := expected(some, start, "latency.mean=5ms"), expected(some, start, "latency.mean=800ms"); long <= quick {
		t.Errorf("far nodes: %d bytes, near ones: %d", long, quick)
	}
}
