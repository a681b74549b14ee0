package result

import "time"

// Store is what became of the objects of a store, documents or files, and of what clients did
// with them. Operations whose entry node a fault had ended before count nowhere.
type Store struct {
	// Reads is the number of reads of objects that had been preloaded or acknowledged before.
	Reads int `json:"reads"`
	// Availability is the share of them that got the object, 0..1; null without reads.
	Availability *float64 `json:"availability"`
	// Stale is the share of the reads that got an object, but one of a version that another
	// had replaced before the read began, 0..1; null if none got one, and of files.
	Stale *float64 `json:"stale"`
	// StaleSMax is for how long such a version had been replaced at the most, in seconds; null
	// if none was read.
	StaleSMax *float64 `json:"stale_s_max"`
	// ReadMS is the time from the entry node's first step to the answer, of reads that got the
	// object; null without such.
	ReadMS *Latency `json:"read_ms"`
	// ReadRequests is the mean number of requests on behalf of one read; null without reads.
	ReadRequests *float64 `json:"read_requests"`
	// Writes is the number of writes that were begun.
	Writes int `json:"writes"`
	// Acknowledged is the share of them that were acknowledged, 0..1; null without writes.
	Acknowledged *float64 `json:"acknowledged"`
	// WriteMS is the time until then; null if none was.
	WriteMS *Latency `json:"write_ms"`
	// WriteRequests is the mean number of requests on behalf of one write, all its copies
	// included; null without writes.
	WriteRequests *float64 `json:"write_requests"`
	// Preloaded is the number of objects that were put into place before.
	Preloaded int `json:"preloaded"`
	// Watched is of how many objects copies were counted at the end: those among the first
	// ones that have ever had a copy.
	Watched int `json:"watched"`
	// Copies is the mean number of copies of a watched object at the end, of its newest version
	// at live nodes; null if none is watched.
	Copies *float64 `json:"copies"`
	// Whole is the share of watched objects that have as many copies as wanted, 0..1; Missing
	// that of those without a copy at a live node. Null if none is watched.
	Whole   *float64 `json:"whole"`
	Missing *float64 `json:"missing"`
	// WholeS is how long it took until all watched objects with a live holder had as many
	// copies as wanted, from the first sample at which one had not to the one from which all
	// have to the end, in seconds; null if they always had, or still have not.
	WholeS *float64 `json:"whole_s"`
	// Bytes is how many bytes went from node to node in requests of stores, copies above all,
	// and of all stores of the run.
	Bytes int64 `json:"bytes"`
}

// LatencyOf is the distribution of times; nil for none.
func LatencyOf(times []time.Duration) *Latency {
	ms := make([]float64, len(times))
	for i, t := range times {
		ms[i] = milliseconds(t)
	}
	return latencySummary(ms)
}

// Share is a part of a whole; nil of nothing.
func Share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return Finite(float64(part) / float64(whole))
}

// CopiesRow is the number of copies at a sample: a row of stores.csv.
type CopiesRow struct {
	Store string
	Time  time.Duration
	// Objects that are watched and have been there, those that have a copy at a live node, and
	// those that have as many as wanted.
	Objects, Held, Whole int
	// Copies is the mean number of copies of an object.
	Copies float64
}

// StoresFile holds the copies over time; there is none without stores.
const StoresFile = "stores.csv"

// copiesCells lists the columns of stores.csv.
func copiesCells(r *CopiesRow) []cell {
	return []cell{
		{name: "store", field: &r.Store},
		{name: "time_s", field: &r.Time, unit: time.Second},
		{name: "objects", field: &r.Objects},
		{name: "held", field: &r.Held},
		{name: "whole", field: &r.Whole},
		{name: "copies", field: &r.Copies},
	}
}
