package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/core"
	"spreadable/sim/fault"
	"spreadable/sim/swarm"
)

const swarmDescription = `From each seed it draws a plan: a network, its weather, faults, nodes that lie.
It runs the plan, and after each fault, when the network has had time to mend,
it judges the network from outside: one network, exact sizes, every node
registered, no honest node banned, no node counted that does not exist, clients
served, approvers as drawn, little traffic, little to remember. A plan that
fails is printed as a command line that repeats it to the bit.

A single plan is given with --plan; --trace then prints what its nodes note.
docs/swarm.md lists the faults and the liars, and says how a plan is read.`

func swarmCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "swarm",
		Usage:       "search for failures: random faults and liars from seeds",
		Description: swarmDescription,
		Action:      runSwarm,
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "begin with seed `N` (default: 1)"},
			&cli.Uint64Flag{Name: "count", Value: 200, Usage: "try `N` seeds (default: 200)"},
			&cli.StringFlag{Name: "faults", Value: "all", Usage: "draw faults from `LIST`, separated by commas (default: all)"},
			&cli.StringFlag{Name: "liars", Value: "all", Usage: "draw liars from `LIST`, or none (default: all)"},
			&cli.Float64Flag{Name: "loss", Value: swarm.All().Loss,
				Usage: "in a fifth of the runs, lose up to the share `P` of all messages all the time (default: 0.05)"},
			&cli.StringFlag{Name: "levels", Value: "all", Usage: "draw numbers of levels from `LIST`; one in two thirds of the runs, if it is there (default: all)"},
			&cli.IntFlag{Name: "nodes", Value: swarm.All().MostSize, Usage: "draw sizes up to `N` nodes, most of them below 60 (default: 300)"},
			&cli.StringFlag{Name: "plan", Usage: "run only `PLAN`, such as \"seed=7 nodes=9 faults=kill\""},
			&cli.BoolFlag{Name: "trace", Usage: "with --plan, print all that the nodes note"},
			&cli.BoolFlag{Name: "shrink", Usage: "look for the smallest network and the fewest faults that fail as the first failure does"},
			&cli.IntFlag{Name: "failures", Value: 10, Usage: "end after `N` failures; 0 is never (default: 10)"},
			&cli.IntFlag{Name: "workers", Usage: "run `N` plans at a time; 0, the default, is one per processor. The results do not depend on it"},
			&cli.BoolFlag{Name: "json", Usage: "print failures and the table as JSON, at the end"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only failures"},
		},
	})
}

// errSwarm tells that runs failed; they have been printed.
var errSwarm = command.Reported(command.ExitFailed, "runs failed")

func runSwarm(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	if c.IsSet("plan") {
		return runPlan(c)
	}
	s, err := newSearch(c)
	if err != nil {
		return command.BadInput(err)
	}
	ctx, cancel := interruptible()
	defer cancel()
	return s.run(ctx)
}

// runPlan runs one plan, and tells all about it.
func runPlan(c *cli.Context) error {
	for _, other := range []string{"seed", "count", "faults", "liars", "levels", "loss", "nodes", "json"} {
		if c.IsSet(other) {
			return command.BadInput(fmt.Errorf("flag --%s: it does not go with --plan", other))
		}
	}
	p, err := swarm.ParsePlan(c.String("plan"))
	if err != nil {
		return command.BadInput(fmt.Errorf("flag --plan: %w", err))
	}
	var noted swarm.Noted
	if c.Bool("trace") {
		noted = func(at time.Duration, node int, note core.Note) {
			fmt.Fprintf(c.App.Writer, "%v node %d: %s %d %s\n", at, node, note.What, note.About.ID(), note.Text)
		}
	}
	o := swarm.Run(p, noted)
	if !c.Bool("quiet") {
		for _, phase := range o.Phases {
			fmt.Fprintf(c.App.Writer, "%s: whole after %d rounds, %.1f requests per node and round (%s)\n", phase.Fault, phase.Rounds, phase.Requests, phase.Did)
		}
		fmt.Fprintf(c.App.Writer, "%d events, fingerprint %016x\n", o.Events, o.Fingerprint)
	}
	if o.Failure == nil {
		return nil
	}
	printFailure(c.App.Writer, o)
	if c.Bool("shrink") {
		shrink(c, o)
	}
	return errSwarm
}

func printFailure(w io.Writer, o swarm.Outcome) {
	fmt.Fprintf(w, "FAILED %s\n  spreadsim swarm --plan %q\n", o.Failure, o.Plan)
}

// shrink looks for a smaller plan, and prints it.
func shrink(c *cli.Context, o swarm.Outcome) {
	status := &statusLine{out: c.App.ErrWriter}
	runs := 0
	o.Plan, o.Failure = swarm.Shrink(o.Plan, o.Failure, func(p swarm.Plan) *swarm.Failure {
		runs++
		status.show(fmt.Sprintf("shrinking: run %d, %s", runs, p))
		return swarm.Run(p, nil).Failure
	})
	status.show("")
	fmt.Fprint(c.App.Writer, "smallest: ")
	printFailure(c.App.Writer, o)
}

// search is a search through seeds.
type search struct {
	context  *cli.Context
	choice   swarm.Choice
	first    uint64
	count    uint64
	workers  int
	failures int // after which it ends; 0 is never
	status   *statusLine
	began    time.Time
	tally    tally
	failed   []failedRun
}

// failedRun is a failure as JSON.
type failedRun struct {
	Plan  string  `json:"plan"`
	Kind  string  `json:"kind"`
	Phase string  `json:"phase"`
	AtS   float64 `json:"at_s"`
	What  string  `json:"what"`
	Did   string  `json:"did"`
}

// swarmSchema names the layout of swarm --json.
const swarmSchema = "spreadsim-swarm/1"

// swarmReport is what swarm --json prints.
type swarmReport struct {
	Schema   string                `json:"schema"`
	Runs     int                   `json:"runs"`
	Failed   int                   `json:"failed"`
	Events   uint64                `json:"events"`
	Failures []failedRun           `json:"failures"`
	Kinds    map[string]kindReport `json:"kinds"`
}

func newSearch(c *cli.Context) (*search, error) {
	s := &search{
		context: c, choice: swarm.All(), first: c.Uint64("seed"), count: c.Uint64("count"), workers: c.Int("workers"),
		failures: c.Int("failures"), status: &statusLine{out: c.App.ErrWriter}, began: time.Now(), tally: newTally(),
		failed: []failedRun{},
	}
	var err error
	if s.choice.Faults, err = list(c, "faults", fault.Kinds(), swarm.CheckFaults); err != nil {
		return nil, err
	}
	if s.choice.Lies, err = list(c, "liars", s.choice.Lies, swarm.CheckLies); err != nil {
		return nil, err
	}
	if s.choice.Levels, err = listLevels(c.String("levels"), s.choice.Levels); err != nil {
		return nil, fmt.Errorf("flag --levels: %w", err)
	}
	s.choice.Loss, s.choice.MostSize = c.Float64("loss"), c.Int("nodes")
	switch {
	case !(s.choice.Loss >= 0 && s.choice.Loss <= 0.5):
		return nil, fmt.Errorf("flag --loss: expected a share from 0 to 0.5, not %v", s.choice.Loss)
	case s.choice.MostSize < s.choice.LeastNodes || s.choice.MostSize > swarm.MostNodes:
		return nil, fmt.Errorf("flag --nodes: expected %d to %d, not %d", s.choice.LeastNodes, swarm.MostNodes, s.choice.MostSize)
	case s.count < 1:
		return nil, errors.New("flag --count: expected 1 or more, not 0")
	case s.workers < 0:
		return nil, fmt.Errorf("flag --workers: expected 0 or more, not %d", s.workers)
	case s.failures < 0:
		return nil, fmt.Errorf("flag --failures: expected 0 or more, not %d", s.failures)
	case c.Bool("trace"):
		return nil, errors.New("flag --trace: it goes with --plan only")
	case c.Bool("json") && c.Bool("shrink"):
		return nil, errors.New("flag --json: it does not go with --shrink; shrink one of the plans with --plan")
	}
	if s.workers == 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	return s, nil
}

// Values of --faults and --liars besides lists of kinds. The fault "none" is a time
// without a fault, so it comes to the same.
const (
	everyKind = "all"
	noKind    = "none"
)

// list reads a flag that names kinds: all, none, or some of them.
func list(c *cli.Context, flag string, all []string, check func([]string) error) ([]string, error) {
	switch text := c.String(flag); text {
	case everyKind:
		return all, nil
	case noKind:
		return nil, nil
	default:
		names := strings.Split(text, ",")
		if err := check(names); err != nil {
			return nil, fmt.Errorf("flag --%s: %w", flag, err)
		}
		return names, nil
	}
}

// listLevels reads numbers of levels: all, or some of them.
func listLevels(text string, all []int) (levels []int, err error) {
	if text == everyKind {
		return all, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(word)
		if err == nil {
			err = swarm.CheckLevels(number)
		}
		if err != nil || slices.Contains(levels, number) {
			return nil, fmt.Errorf("expected all, or numbers from 1 to %d, each once, not %s", swarm.MostLevels, text)
		}
		levels = append(levels, number)
	}
	return levels, nil
}

// run goes through the seeds, and prints the failures in their order.
func (s *search) run(ctx context.Context) error {
	var first *swarm.Outcome
	s.each(ctx, func(o swarm.Outcome) bool {
		s.tally.add(o)
		if o.Failure != nil {
			s.tell(o)
			if first == nil {
				first = &o
			}
		}
		s.show()
		return s.failures == 0 || s.tally.failed < s.failures
	})
	s.status.show("")
	if first != nil && s.context.Bool("shrink") {
		shrink(s.context, *first)
	}
	if err := s.report(); err != nil {
		return err
	}
	switch {
	case first != nil:
		return errSwarm
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return nil
}

// tell prints a failure, or keeps it for the JSON.
func (s *search) tell(o swarm.Outcome) {
	if !s.context.Bool("json") {
		s.status.show("")
		printFailure(s.context.App.Writer, o)
		return
	}
	f := o.Failure
	s.failed = append(s.failed, failedRun{o.Plan.String(), f.Kind, f.Phase, f.At.Seconds(), f.What, f.Did})
}

// report prints what became of all runs.
func (s *search) report() error {
	switch t := &s.tally; {
	case s.context.Bool("json"):
		return command.PrintJSON(s.context, swarmReport{swarmSchema, t.runs, t.failed, t.events, s.failed, t.report()})
	case !s.context.Bool("quiet"):
		t.print(s.context.App.Writer)
	}
	return nil
}

// each runs all seeds, several at a time, and hands over the outcomes in the order of the
// seeds, until there are no more of them or do returns false.
func (s *search) each(ctx context.Context, do func(swarm.Outcome) bool) {
	ctx, cancel := context.WithCancel(ctx)
	var next atomic.Uint64
	var done sync.WaitGroup
	outcomes := make(chan swarm.Outcome, s.workers)
	for range s.workers {
		done.Go(func() {
			for i := next.Add(1) - 1; i < s.count && ctx.Err() == nil; i = next.Add(1) - 1 {
				outcomes <- swarm.Run(swarm.Draw(s.first+i, s.choice), nil)
			}
		})
	}
	go func() {
		done.Wait()
		close(outcomes)
	}()
	early := make(map[uint64]swarm.Outcome) // those that came before their turn
	turn, going := s.first, true
	for o := range outcomes {
		early[o.Plan.Seed] = o
		for o, ok := early[turn]; ok && going; o, ok = early[turn] {
			delete(early, turn)
			turn++
			going = do(o)
		}
		if !going {
			cancel()
		}
	}
	cancel()
}

// show says how far the search is, at a terminal.
func (s *search) show() {
	if s.context.Bool("quiet") {
		return
	}
	s.status.show(fmt.Sprintf("%d of %d runs, %d failed, %.0f runs/s", s.tally.runs, s.count, s.tally.failed,
		float64(s.tally.runs)/time.Since(s.began).Seconds()))
}
