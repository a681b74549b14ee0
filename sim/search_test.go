package sim_test

import (
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
)

// A node that several masters list is asked several times by one search. It counts once,
// even when other searches ask it in between. Latency is constant here, so that searches
// do not influence each other, and the first one covers as much among others as it does
// alone.
func TestASearchCoversAsMuchAmongOthersAsAlone(t *testing.T) {
	first := func(count int) float64 {
		s := parse(t, `
name: overlap
nodes: 150
seed: 2
duration: 60s
registration: original
workload: {searches: {count: %d, start: 40s, over: 1ns}}
`, count)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		return r.Requests[0].Coverage
	}
	alone := first(1)
	if alone <= 0 || alone >= 1 {
		t.Fatalf("alone it covers %v, which tests nothing", alone)
	}
	for _, count := range []int{2, 40} {
		if got := first(count); got != alone {
			t.Errorf("among %d searches it covers %v, alone %v", count, got, alone)
		}
	}
}

// Where a message takes longer than nodes wait, no answer reaches the entry node. Its own
// answer comes in time, with no other node behind it: such a search has failed, however
// soon it ended.
func TestASearchThatNoOtherNodeAnswersIsAFailure(t *testing.T) {
	s := parse(t, `
name: too-slow
nodes: 30
duration: 120s
latency: {model: constant, mean: 3s}
node: {server_timeout: 2s, ping_timeout: 1s}
measure: 0s
workload: {searches: {count: 10, start: 60s, over: 20s}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	search := r.Summary.Search
	if search.Failed != 10 || search.Complete != 0 || search.Partial != 0 {
		t.Errorf("%d complete, %d partial, %d failed", search.Complete, search.Partial, search.Failed)
	}
	if search.Hops != nil || search.LatencyMS != nil || search.FailedLatencyMS == nil {
		t.Errorf("hops %v, latency %v, of failures %v", search.Hops, search.LatencyMS, search.FailedLatencyMS)
	}
	if search.Errors[result.ErrorNoOther] != 10 {
		t.Errorf("errors: %v", search.Errors)
	}
}

// A search is complete when every node that was up answered. In a network that stalls
// it is partial, and its latency does not count among those of complete ones.
func TestASearchThatMissesNodesIsPartial(t *testing.T) {
	s := parse(t, `
name: stalled
nodes: 150
seed: 2
duration: 60s
registration: original
measure: 0s
workload: {searches: {count: 20, start: 20s, over: 39s}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	search := r.Summary.Search
	if search.Complete+search.Partial+search.Failed != search.Count || search.Partial < 10 {
		t.Fatalf("%+v", search)
	}
	if search.LatencyMS != nil && search.Complete == 0 || search.PartialLatencyMS == nil {
		t.Errorf("latency %v, of partial searches %v", search.LatencyMS, search.PartialLatencyMS)
	}
	for _, q := range r.Requests {
		switch outcome := q.Outcome(); {
		case outcome == result.Complete && q.Coverage != 1,
			outcome == result.Partial && (q.Coverage <= 0 || q.Coverage >= 1):
			t.Errorf("search %d is %s with coverage %v", q.Index, outcome, q.Coverage)
		case outcome == result.Failed && q.Error == "", outcome != result.Failed && q.Error != "":
			t.Errorf("search %d is %s with error %q", q.Index, outcome, q.Error)
		}
	}
}

// A search that has not ended when the run does has no coverage and no latency, rather
// than 0.
func TestASearchThatTheRunCutsOffIsNotMeasured(t *testing.T) {
	s := parse(t, "name: cut\nnodes: 30\nduration: 60s\nworkload: {searches: {count: 2, start: 59.9s, over: 10ms}}\n")
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	search := r.Summary.Search
	if search.Coverage != nil || search.FailedLatencyMS != nil || search.FanoutMax != nil {
		t.Errorf("measured %+v", search)
	}
	if search.Failed != 2 || search.Errors[result.ErrorRunEnded] != 2 {
		t.Errorf("%d failed, errors %v", search.Failed, search.Errors)
	}
}

// A node that is alone is the whole network, and a search of it is complete.
func TestASearchOfOneNodeIsComplete(t *testing.T) {
	s := parse(t, "name: one\nnodes: 1\nduration: 60s\nworkload: {searches: {count: 3, start: 30s, over: 10s}}\n")
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	if search := r.Summary.Search; search.Complete != 3 || search.Coverage.Min != 1 {
		t.Errorf("%+v", search)
	}
}

// Timeouts far below the slippage that nodes keep of every timeout budget are timeouts all
// the same, where messages are fast enough for them: the network forms, and searches
// reach all of it.
func TestANetworkOfShortTimeoutsForms(t *testing.T) {
	s := parse(t, `
name: rack
nodes: 60
duration: 320ms
sync_interval: 20ms
node: {server_timeout: 10ms, ping_timeout: 10ms}
latency: {model: uniform, min: 20us, max: 80us}
workload: {searches: {count: 20, start: 240ms, over: 50ms}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	for i, search := range r.Requests {
		if search.Coverage != 1 {
			t.Errorf("search %d covers %v", i, search.Coverage)
		}
	}
	if len(r.Requests) != 20 {
		t.Errorf("%d searches", len(r.Requests))
	}
}
