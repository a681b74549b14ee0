package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/sim/experiment"
)

// sweepProgress rewrites one line on a terminal: how many runs are done, and how long the
// others will take.
type sweepProgress struct {
	progress
	expected time.Duration // of the runs that waited at the start
}

func newSweepProgress(c *cli.Context, name string) *sweepProgress {
	return &sweepProgress{progress: *newProgress(c, name)}
}

// update is called whenever a run begins or ends.
func (p *sweepProgress) update(s *experiment.Schedule, busy int) {
	if p.out == nil {
		return
	}
	var left time.Duration
	for _, t := range s.Left() {
		left += t.Cost
	}
	p.expected = max(p.expected, left)
	line := fmt.Sprintf("%.30s  %s of %s runs  %d now", p.name, count(s.Done), count(s.Runs), busy)
	// What is done has cost so much time; the rest will cost in proportion.
	if begun := p.expected - left; begun > 0 && left > 0 {
		rest := float64(time.Since(p.start)) * float64(left) / float64(begun)
		line += fmt.Sprintf("  about %s left", short(time.Duration(rest).Round(time.Second)))
	}
	p.show(line)
}
