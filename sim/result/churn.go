package result

import (
	"math"
	"time"
)

// Churn sums up a run in which nodes leave and come. The first samples, in which the
// network comes together, do not count in Alive, Registered and Coverage: those until
// four sync intervals after the last node has joined.
type Churn struct {
	// Left is the number of sessions that ended.
	Left int `json:"left"`
	// Crashed is the number of those that ended without a word, 0..Left.
	Crashed int `json:"crashed"`
	// Came is the number of sessions that began after the start, other than those of nodes
	// that joined.
	Came int `json:"came"`
	// Returned is the number of those whose node had been there before, 0..Came.
	Returned int `json:"returned"`
	// Remembered is the number of returns with memory, 0..Returned.
	Remembered int `json:"remembered"`
	// Moved is the number of returns with another address, 0..Returned.
	Moved int `json:"moved"`
	// Hosts is the number of addresses that the nodes had one after the other.
	Hosts int `json:"hosts"`
	// Alive is the number of live nodes; null when the run ended too early.
	Alive *Spread `json:"alive"`
	// Registered is the share of live nodes that a live master lists and that know it,
	// 0..1; null with Alive, and when no node was left.
	Registered *Spread `json:"registered"`
	// Coverage is the share of live nodes that a search would reach, 0..1; null with
	// Registered.
	Coverage *Spread `json:"coverage"`
	// Stale is the share of the slaves in the lists of live masters that are gone, 0..1;
	// null with Registered.
	Stale *Spread `json:"stale"`
	// Relisted is the number of times that a node was listed by another master after the
	// one that listed it had died without a word.
	Relisted int `json:"relisted"`
	// RelistedS is the mean time from the master's death until then, in seconds; null when
	// it never happened.
	RelistedS *float64 `json:"relisted_s"`
	// RelistedMaxS is the longest such time, in seconds; null when it never happened.
	RelistedMaxS *float64 `json:"relisted_max_s"`
	// Delisted is the number of times that a master took a slave off its list that was gone
	// and did not answer.
	Delisted int `json:"delisted"`
	// DelistedS is the mean time from the end of the slave's session until then, in
	// seconds; null when it never happened.
	DelistedS *float64 `json:"delisted_s"`
}

// Settled sums up what the samples from a time on say of the network; stale has a share
// for each sample.
func (c *Churn) Settled(samples []Sample, stale []float64, from time.Duration) {
	var alive, registered, coverage, gone []float64
	for i, s := range samples {
		if s.Time < from {
			continue
		}
		alive = append(alive, float64(s.Alive))
		if !math.IsNaN(s.Registered + s.Coverage) {
			registered, coverage = append(registered, s.Registered), append(coverage, s.Coverage)
			gone = append(gone, stale[i])
		}
	}
	c.Alive, c.Registered, c.Coverage, c.Stale = SpreadOf(alive), SpreadOf(registered), SpreadOf(coverage), SpreadOf(gone)
}
