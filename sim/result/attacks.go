package result

import (
	"math"
	"time"
)

// Attacks says which nodes lied in a run, and what it did to the honest ones. The samples
// until four sync intervals after the latest attack has begun do not count in Registered
// and Coverage.
type Attacks struct {
	// Liars is the number of hosts that lied at some time.
	Liars int `json:"liars"`
	// Convicted is the number of liars that some honest node has banned, 0..Liars.
	Convicted int `json:"convicted"`
	// ConvictedShare is the share of Convicted among Liars, 0..1.
	ConvictedShare float64 `json:"convicted_share"`
	// MastersShare is the share of the masters that lied when the latest attack began,
	// 0..1.
	MastersShare float64 `json:"masters_share"`
	// Registered is the share of the honest live nodes that a live master lists and that
	// know it, 0..1; null when the run ended too early, and when no honest node was left.
	Registered *Spread `json:"registered"`
	// Coverage is the share of the honest live nodes that a search through an honest node
	// would reach, 0..1; null with Registered.
	Coverage *Spread `json:"coverage"`
	// Cost is the share of the honest live nodes that searches miss in the mean, as a
	// multiple of MastersShare; null with Coverage, and where nodes are missed though no
	// master lied when the latest attack began.
	Cost *float64 `json:"cost"`
	// Steps are the attacks in their order. A path takes the place of one, counted from 0:
	// attacks.steps.0.nodes.
	Steps []Attack `json:"steps"`
}

// Attack is one attack as it happened.
type Attack struct {
	// AtS is the virtual time, in seconds.
	AtS float64 `json:"at_s"`
	// Lie is what was told, by the word of the scenario.
	Lie string `json:"lie"`
	// Nodes is how many hosts told it.
	Nodes int `json:"nodes"`
}

// Settled sums up what the samples from a time on say of the honest nodes.
func (a *Attacks) Settled(samples []Sample, from time.Duration) {
	var registered, coverage []float64
	for _, s := range samples {
		if s.Time >= from && !math.IsNaN(s.Registered+s.Coverage) {
			registered, coverage = append(registered, s.Registered), append(coverage, s.Coverage)
		}
	}
	a.Registered, a.Coverage = SpreadOf(registered), SpreadOf(coverage)
	if a.Coverage == nil {
		return
	}
	switch missed := 1 - a.Coverage.Mean; {
	case missed == 0:
		a.Cost = new(float64)
	case a.MastersShare > 0:
		a.Cost = new(missed / a.MastersShare)
	}
}

// NoHost is the About of a [Note] about an address at which there is no host.
const NoHost = -1

// Note is something that a node noted of another: a row of notes.csv. These are the bans.
type Note struct {
	// Time is the virtual time.
	Time time.Duration
	// Node is the index of the node that noted it.
	Node int
	// Lies says that this node lies or has lied.
	Lies bool
	// What happened: banned.
	What string
	// About is the index of the other host: from the number of nodes on one of an attack,
	// or [NoHost].
	About int
	// Address is that of the other.
	Address string
	// AboutLies says that the other lies or has lied.
	AboutLies bool
	// Text is the reason.
	Text string
}
