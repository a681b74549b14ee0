package behavior

import (
	"math"
	"slices"
	"time"

	"spreadable/core/peer"
)

// DefaultCandidateThreshold is npm's default of the suspicion at which a candidate
// counts as winning too often.
const DefaultCandidateThreshold = 5

// Candidate is how often a peer won an action, and what excuses it.
type Candidate struct {
	Action    string // which choice, named by the application
	Peer      peer.Peer
	Suspicion float64       // wins, above 0
	Excuse    float64       // grows while others win; at the suspicion all is forgotten
	Since     time.Duration // of the first win, since the Unix epoch
}

// Candidates remember which peers win when the best candidate for some work is
// chosen, such as storing a file. A node that announces itself as the best, to get
// all the work, becomes suspicious, and others are preferred for a while. The zero
// value is ready and holds no memory until the first win.
//
// The sizes that its methods take are network sizes, 1 or more. In a small network
// the threshold is lower than the configured one, and excuses come faster: there the
// same node cannot help winning often.
type Candidates struct {
	// Threshold is the suspicion at which a candidate is suspicious in a large
	// network; 0 means DefaultCandidateThreshold.
	Threshold float64

	rows     []Candidate // in the order of their first wins
	revision uint32
}

// Add remembers that a peer won an action.
//
// If the newest candidate of the action is another peer, the win also excuses
// the peers that did not win, for every action: the excuse of each grows by
// 1/sqrt(threshold), unless it has reached the highest threshold that this network
// size allows. A candidate that is excused as much as suspected is forgotten. The
// newest is the one that won for the first time last, as in npm, where later wins do
// not renew the time.
func (c *Candidates) Add(now time.Duration, action string, p peer.Peer, size int) {
	c.revision++
	if newest := c.newest(action); newest >= 0 && c.rows[newest].Peer != p {
		c.excuse(p, size)
	}
	c.forgive()
	if i := c.find(action, p); i >= 0 {
		c.rows[i].Suspicion++
		return
	}
	c.rows = append(c.rows, Candidate{Action: action, Peer: p, Suspicion: 1, Since: now})
}

// Sweep is the sync's pass: suspicion is cut to the threshold, and candidates that
// are excused as much as suspected are forgotten.
func (c *Candidates) Sweep(size int) {
	if len(c.rows) > 0 {
		c.revision++
	}
	threshold := c.threshold(size)
	for i := range c.rows {
		c.rows[i].Suspicion = min(c.rows[i].Suspicion, threshold)
	}
	c.forgive()
}

// Suspicious reports whether a peer won the action too often to be trusted now.
func (c *Candidates) Suspicious(action string, p peer.Peer, size int) bool {
	i := c.find(action, p)
	return i >= 0 && c.rows[i].Suspicion >= c.threshold(size)
}

// Weight is what candidates are compared by before their merits, lower first:
// 0 for a peer that is not suspicious, otherwise the suspicion that no excuse covers.
func (c *Candidates) Weight(action string, p peer.Peer, size int) float64 {
	if !c.Suspicious(action, p, size) {
		return 0
	}
	row := &c.rows[c.find(action, p)]
	return max(0, row.Suspicion-row.Excuse)
}

// Revision returns another number after every change, so that a store can tell
// whether there is anything to save. It wraps around.
func (c *Candidates) Revision() uint32 { return c.revision }

// Len returns how many candidates are remembered.
func (c *Candidates) Len() int { return len(c.rows) }

// Rows returns a copy of all candidates, in the order of their first wins,
// which Restore needs again.
func (c *Candidates) Rows() []Candidate { return slices.Clone(c.rows) }

// Restore replaces all candidates. Rows that no history could have left (no
// peer, suspicion not above 0, an excuse that is negative, not finite or covers
// the suspicion, a second row for the same peer and action) are dropped.
func (c *Candidates) Restore(rows []Candidate) {
	c.rows = nil
	c.revision++
	for _, row := range rows {
		sound := row.Excuse >= 0 && row.Suspicion > row.Excuse && !math.IsInf(row.Suspicion, 1)
		if sound && !row.Peer.IsZero() && c.find(row.Action, row.Peer) < 0 {
			c.rows = append(c.rows, row)
		}
	}
}

// threshold returns the suspicion at which a candidate is suspicious.
func (c *Candidates) threshold(size int) float64 {
	threshold := c.Threshold
	if threshold == 0 {
		threshold = DefaultCandidateThreshold
	}
	return min(threshold, highestThreshold(size))
}

// highestThreshold is the cube root of (size-1)^2: 1 for two nodes, 4.3 for ten,
// 21 for a hundred. JavaScript's cube root may differ in the last bit, which only
// shows when an excuse meets it exactly, and never on the wire.
func highestThreshold(size int) float64 {
	others := float64(size - 1)
	return math.Cbrt(others * others)
}

// excuse adds a step to the excuse of every peer but the winner.
func (c *Candidates) excuse(winner peer.Peer, size int) {
	threshold, highest := c.threshold(size), highestThreshold(size)
	// npm's way to write 1/sqrt, with its rounding; the conversion forbids to
	// fuse the product with the sum below, which would change the last bit.
	step := float64((1 / threshold) * math.Sqrt(threshold))
	for i := range c.rows {
		if row := &c.rows[i]; row.Peer != winner && row.Excuse < highest {
			row.Excuse += step
		}
	}
}

// forgive forgets the candidates that are excused as much as suspected.
func (c *Candidates) forgive() {
	c.rows = slices.DeleteFunc(c.rows, func(row Candidate) bool {
		return row.Excuse >= row.Suspicion
	})
	if len(c.rows) == 0 {
		c.rows = nil // gives its memory back
	}
}

// newest returns the index of the action's candidate that won for the first time
// last; of several at the same moment, the one remembered first. It is -1 if there
// is none.
func (c *Candidates) newest(action string) int {
	newest := -1
	for i := range c.rows {
		if c.rows[i].Action == action && (newest < 0 || c.rows[i].Since > c.rows[newest].Since) {
			newest = i
		}
	}
	return newest
}

// find returns the index of a candidate, or -1.
func (c *Candidates) find(action string, p peer.Peer) int {
	return slices.IndexFunc(c.rows, func(row Candidate) bool { return row.Peer == p && row.Action == action })
}
