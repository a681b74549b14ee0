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
		{"workload.files.rate=1"},
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

// The estimate is a sum: so much for each node, search and approval, and for each message
// of the searches that are on their way at a time, which take six latencies each; and for
// stores and each copy in them.
func TestMemoryIsASum(t *testing.T) {
	const none = 36<<20 + 1000*3900
	for _, test := range []struct {
		sets []string
		want int64
	}{
		{nil, none},
		{[]string{"nodes=2000"}, none + 1000*3900},
		{[]string{"workload.approvals.count=10"}, none + 10*14_000},
		{[]string{"workload.searches.count=100", "workload.searches.start=200s", "workload.searches.over=100s"},
			none + 100*2200 + 1*1000*250},
		{[]string{"workload.searches.count=100", "workload.searches.start=200s", "workload.searches.over=3s"},
			none + 100*2200 + 5*1000*250},
		{[]string{"workload.searches.count=100", "workload.searches.start=200s", "workload.searches.over=10ms"},
			none + 100*2200 + 100*1000*250},
		{[]string{"workload.searches.count=100", "workload.searches.start=200s", "workload.searches.over=0s"},
			none + 100*2200 + 100*1000*250},
		{[]string{"preload.files=500", "extensions.copies=4"}, none + 1000*35_000 + 500*4*2100},
		{[]string{"preload.documents=500", "workload.documents.size=10kB"}, none + 1000*35_000 + 500*3*(300+2*10_000)},
	} {
		s, err := scenario.Parse("m.yaml", []byte("name: m\nnodes: 1000\nduration: 400s\n"), test.sets)
		if err != nil {
			t.Fatal(err)
		}
		if got := sim.Memory(s, 1); got != test.want {
			t.Errorf("%v: %d bytes, want %d", test.sets, got, test.want)
		}
	}
}
