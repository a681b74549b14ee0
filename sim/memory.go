package sim

import (
	"time"

	"spreadable/sim/scenario"
)

// The most resident memory that runs have taken, in bytes: twice what is live, because
// the heap doubles before the collector works. docs/performance.md says how it was
// measured.
const (
	memoryAlways      = 36 << 20 // the program, the queue's buckets
	memoryPerNode     = 3900     // lists, streams, timers, the messages of a mass start
	memoryPerGone     = 1200     // a host whose node is away: its place, its stays
	memoryPerMessage  = 250      // a request in flight: its call, its message, its event
	memoryPerSearch   = 2200     // a client, its stream, its row
	memoryPerApproval = 14_000   // the same, and what approvers keep of it for a period
	memoryPerStore    = 35_000   // a store of documents or files at one node
	memoryPerDocument = 300      // a copy that is preloaded, beside its text, which is there twice
	memoryPerFile     = 2100     // a copy that is preloaded: its record, its holders

	memoryPerWorker     = 4 << 20 // queues and mailboxes of a further worker's partitions
	memoryPerWorkerNode = 300     // what a node of these has in flight at a time
)

// Memory estimates the most memory that a run with so many workers will take, in bytes:
// to within about a fifth for mass starts of 10,000 nodes and more. Networks that grow
// slowly take less.
func Memory(s *scenario.Scenario, workers int) int64 {
	load := s.Workload
	bytes := memoryAlways + int64(s.Nodes)*memoryPerNode
	if s.Churn.On() {
		bytes += int64(s.Identities()-float64(s.Nodes)) * memoryPerGone
	}
	bytes += int64(load.Searches.Count) * memoryPerSearch
	bytes += int64(load.Approvals.Count) * memoryPerApproval
	bytes += memoryOfStores(s)
	bytes += int64(workers-1) * (memoryPerWorker + int64(s.Nodes)*memoryPerWorkerNode)
	return bytes + int64(overlapping(s)*float64(s.Nodes))*memoryPerMessage
}

// memoryOfStores is what stores take with what is preloaded; what clients write besides is
// left out, as few runs have much of it.
func memoryOfStores(s *scenario.Scenario) (bytes int64) {
	for _, name := range []string{"documents", "files"} {
		if s.Runs(name) {
			bytes += int64(s.Nodes) * memoryPerStore
		}
	}
	copies := int64(s.Extensions.Copies)
	bytes += int64(s.Preload.Documents) * copies * (memoryPerDocument + 2*int64(s.Workload.Documents.Size))
	return bytes + int64(s.Preload.Files)*copies*memoryPerFile
}

// overlapping is how many searches are on their way at a time: each has a message to
// every node in flight, and takes three requests one after the other, of two messages
// each.
func overlapping(s *scenario.Scenario) float64 {
	load := s.Workload.Searches
	all := float64(load.Count)
	latency, err := s.LatencyModel()
	if load.Over == 0 || err != nil {
		return all
	}
	return min(all, max(1, all*float64(6*latency.Mean())/float64(load.Over/time.Nanosecond)))
}
