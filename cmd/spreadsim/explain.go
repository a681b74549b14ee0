package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/internal/phrase"
	"spreadable/sim"
	"spreadable/sim/explain"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

const explainDescription = `Tells what happened to a node until a time of a run: when it came up, which
nodes it asked for a place and which refused, listed, dropped or banned it, what
a fault did to it, and its role, backlink and slaves then. RUN is a results
folder. The node is its number or its address in nodes.csv. The time is virtual
time since the start of the run, or the word end.

For this the run is repeated up to that time, from the scenario in the folder.
It repeats to the bit with the program that ran it, so another version is
refused. What it measures is compared with series.csv.`

func explainCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "explain",
		Usage:       "tell why a node of a run is where it is at a time",
		ArgsUsage:   "RUN NODE@TIME",
		Description: explainDescription,
		Action:      runExplain,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "any-version",
				Usage: "repeat a run of another version of the program; where the repeated run differs, that is a warning"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON instead of text"},
		},
	})
}

func runExplain(c *cli.Context) error {
	if err := command.Takes(c, 2, 2, "results folder and a node at a time"); err != nil {
		return err
	}
	dir := filepath.Clean(c.Args().Get(0))
	run, s, err := loadRun(dir)
	if err != nil {
		return command.BadInput(err)
	}
	node, at, err := parseMoment(c.Args().Get(1), run, s)
	if err == nil && !c.Bool("any-version") {
		err = sameProgram(dir, &run.Summary)
	}
	if err != nil {
		return command.BadInput(err)
	}
	ctx, cancel := interruptible()
	defer cancel()
	progress := newProgress(c, s.Name)
	story, err := explain.Repeat(s, run.Samples, node, at, sim.Options{
		Workers: workersFor(c, s), Progress: progress.update, Stop: func() bool { return ctx.Err() != nil },
	})
	progress.clear()
	switch {
	case errors.Is(err, sim.ErrStopped):
		return errors.New("interrupted")
	case errors.Is(err, explain.ErrDiffers) && c.Bool("any-version"):
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s: %v: the story is that of the repeated run\n", filepath.ToSlash(dir), err)
	case errors.Is(err, explain.ErrDiffers):
		return fmt.Errorf("%s: %w: use the program that ran it, or --any-version", filepath.ToSlash(dir), err)
	case err != nil:
		return err
	}
	if c.Bool("json") {
		return command.PrintJSON(c, story)
	}
	_, err = fmt.Fprint(c.App.Writer, prose(story))
	return err
}

// loadRun reads a results folder, and the scenario in it.
func loadRun(dir string) (*result.Run, *scenario.Scenario, error) {
	run, err := result.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, result.ScenarioFile)
	s, err := scenario.Parse(path, run.Scenario, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the scenario of the run is not one of this version: %w", err)
	}
	if s.Hash() != run.Summary.Scenario.Hash {
		return nil, nil, fmt.Errorf("%s: its scenario has hash %.12s here, and had %.12s when it ran: use the program that ran it",
			filepath.ToSlash(dir), s.Hash(), run.Summary.Scenario.Hash)
	}
	return run, s, nil
}

// sameProgram refuses a run that another version of the program has made.
func sameProgram(dir string, s *result.Summary) error {
	here, there := command.ReadBuild(), s.Program
	commit := ""
	if there.Commit != nil {
		commit = *there.Commit
	}
	if here.Version == there.Version && here.Commit == commit {
		return nil
	}
	return fmt.Errorf("%s: it was run by %s, this is %s, which may run differently: use that program, or --any-version",
		filepath.ToSlash(dir), build(there.Name, there.Version, commit), build(program().Name, here.Version, here.Commit))
}

// build names a build of a program.
func build(name, version, commit string) string {
	text := name + " " + version
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit != "" && !strings.Contains(version, commit) {
		text += " (commit " + commit + ")"
	}
	return text
}

// parseMoment reads a node of a run, and a time of it.
func parseMoment(text string, run *result.Run, s *scenario.Scenario) (node int, at time.Duration, err error) {
	name, when, ok := strings.Cut(text, "@")
	if !ok || name == "" || when == "" {
		return 0, 0, fmt.Errorf("expected NODE@TIME, such as 17@40s, not %s", phrase.Quote(text))
	}
	hosts := explain.Hosts(s)
	known := slices.IndexFunc(run.Nodes, func(n result.Node) bool { return n.Address == name })
	number, err := strconv.Atoi(name)
	switch {
	case known >= 0:
		node = run.Nodes[known].Index
	case err != nil:
		return 0, 0, fmt.Errorf("%s: there is no node %s: expected a number from 0 to %d, or an address in nodes.csv",
			text, phrase.Quote(name), hosts-1)
	case number < 0 || number >= hosts:
		return 0, 0, fmt.Errorf("%s: there is no node %d: the run has the nodes 0 to %d", text, number, hosts-1)
	default:
		node = number
	}
	end := seconds(run.Summary.Engine.VirtualS)
	if when == "end" {
		return node, end, nil
	}
	if at, err = scenario.ParseDuration(when); err != nil {
		return 0, 0, fmt.Errorf("%s: %w; or the word end", text, err)
	}
	if at > end {
		return 0, 0, fmt.Errorf("%s: the run ended at %s: expected a time up to that", text, explain.Clock(end))
	}
	return node, at, nil
}

// The width of the text, and of the column of times in it.
const (
	proseWidth = 80
	timeWidth  = 11
)

// prose is a story for people.
func prose(s *explain.Story) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Node %d (%s)\n", s.Node, s.Address)
	for _, e := range s.Events {
		for i, line := range command.Wrap(e.Text, proseWidth-timeWidth-2) {
			at := ""
			if i == 0 {
				at = explain.Clock(seconds(e.AtS))
			}
			fmt.Fprintf(&b, "%*s  %s\n", timeWidth, at, line)
		}
	}
	for _, line := range command.Wrap(s.Conclusion, proseWidth) {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}
