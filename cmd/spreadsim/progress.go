package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"spreadable/sim"
)

// rhythm is the least time between two rewrites of the progress line.
const rhythm = 100 * time.Millisecond

// progress rewrites one line on a terminal: how far the run is in virtual
// time, how fast it goes, how long it will still take. Without a terminal it
// prints nothing.
type progress struct {
	out     io.Writer // nil: print nothing
	name    string
	start   time.Time
	printed time.Time
	width   int // of the line on the screen
}

func newProgress(c *cli.Context, name string) *progress {
	p := &progress{name: name, start: time.Now()}
	if file, ok := c.App.ErrWriter.(*os.File); ok && !c.Bool("quiet") && term.IsTerminal(int(file.Fd())) {
		p.out = file
	}
	return p
}

// update is called by the simulator from time to time, at a rhythm of its own.
func (p *progress) update(at sim.Progress) {
	now := time.Now()
	if p.out == nil || now.Sub(p.printed) < rhythm {
		return
	}
	p.printed = now
	p.show(progressLine(p.name, at, now.Sub(p.start)))
}

// show puts a line in the place of the one before.
func (p *progress) show(line string) {
	// Blanks wipe out what is left of a longer line before.
	fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

// clear removes the line, so that what follows starts on a clean one.
func (p *progress) clear() {
	if p.out != nil && p.width > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

// progressLine is the line itself, in less than 80 columns. The time left
// assumes that the rest of virtual time costs as much as what is done.
func progressLine(name string, at sim.Progress, wall time.Duration) string {
	share := float64(at.Virtual) / float64(max(at.Total, 1))
	line := fmt.Sprintf("%.30s  %3.0f%%  %s of %s", name, 100*share, short(at.Virtual), short(at.Total))
	if wall > 0 {
		line += fmt.Sprintf("  %s events/s", amount(float64(at.Events)/wall.Seconds()))
	}
	if share > 0 {
		left := time.Duration(float64(wall) * (1 - share) / share)
		line += fmt.Sprintf("  %s left", short(left.Round(time.Second)))
	}
	return line
}
