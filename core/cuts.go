package core

import (
	"fmt"
	"maps"
	"time"
)

// A master's answer to a draw that is longer than chance allows is cut (Node.plausible).
// Once in a million draws that happens to an honest one, so one cut is no reason to blame
// it. Blame follows Config.CutPeriods periods in a row, of those in which we asked it.
//
// Even then it may be honest: the owner of many hosts can choose their addresses such that
// they come first in the draws of some periods, and register them all at one master. So
// blame is a count, a note, and a check of what the master claims (claims.go), which an
// honest one stands. It changes no draw: all that draw must come to the same approvers,
// and others have not asked the master as often as we.

// cuts is what is remembered of a master since the first of its answers was cut.
type cuts struct {
	start   time.Duration // of the latest period in which it answered
	answers int           // in this period
	cut     int           // of these
	periods int           // in a row before this one in which too many were cut
	blamed  bool          // for this period
}

const (
	// honestCuts is how many answers of a period there are for each that may be cut by
	// chance: by draw.Plausible one in a thousand times as many is.
	honestCuts = 1000
	// maxCuts is how many masters are remembered at most.
	maxCuts = 1024
)

// row is how many periods in a row have had too many cut answers, up to the latest.
func (c *cuts) row() int {
	if c.cut <= c.answers/honestCuts {
		return 0
	}
	return c.periods + 1
}

// noteAnswer counts a master's answer to a draw of the period that began at start. Answers
// for a period before the latest, which a late proof may need, do not count.
func (l *level) noteAnswer(master Peer, start time.Duration, cut bool) {
	if !cut && (l.guard == nil || len(l.guard.cuts) == 0) {
		return
	}
	g := l.guarded()
	c, known := g.cuts[master]
	if start < c.start || !known && (!cut || len(g.cuts) >= maxCuts) {
		return
	}
	if start > c.start {
		c = cuts{start: start, periods: c.row()}
	}
	c.answers++
	if cut {
		c.cut++
	}
	if row := c.row(); row >= l.node.cfg.CutPeriods && !c.blamed {
		c.blamed = true
		l.blameCuts(master, row)
	}
	if c.cut == 0 && c.periods == 0 {
		delete(g.cuts, master)
		return
	}
	if g.cuts == nil {
		g.cuts = make(map[Peer]cuts)
	}
	g.cuts[master] = c
}

// blameCuts blames a master whose answers were too long for so many periods.
func (l *level) blameCuts(master Peer, periods int) {
	g := l.guarded()
	g.CutsBlamed++
	text := fmt.Sprintf("in %d periods in a row it named more entrants of draws than there can be (option cut_periods)", periods)
	l.node.env.Note(Note{What: NoteCutsBlamed, About: master, Text: text})
	if _, suspected := l.suspected(master); !suspected && len(g.doubts) < maxDoubts {
		g.doubts[master] = doubt{credit: -1, round: l.rounds} // so the next sync checks it
	}
}

// forgetCuts forgets masters that are not in the list any more.
func (l *level) forgetCuts() {
	if l.guard != nil && len(l.guard.cuts) > 0 {
		maps.DeleteFunc(l.guard.cuts, func(m Peer, _ cuts) bool { return l.masterIndex(m) < 0 })
	}
}
