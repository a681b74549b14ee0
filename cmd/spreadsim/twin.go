package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/twin"
	"spreadable/sim/scenario"
)

const twinDescription = `The scenario runs in the simulator, and as real nodes that speak HTTP over
loopback in this process, with the scenario's latency put before each request
and each answer. First the service time of this machine is measured without
latency, and given to the simulator. A real run takes the scenario's duration in
real time: shorten sync_interval rather than the latency. All else that needs a
processor disturbs it.

A table compares the medians of both sides, with an interval of 95 % confidence
for the difference of their means. twin.json, twin.csv, series.csv, requests.csv
and plots/ are written to runs/<name>-twin. Real nodes only start and crash: a
scenario with more than 300 nodes, churn, network, classes, addresses or other
faults is refused.`

func twinCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "twin",
		Usage:       "run a scenario simulated and as real nodes, and compare",
		ArgsUsage:   "FILE",
		Description: twinDescription,
		Action:      runTwin,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set",
				Usage: "set `KEY=VALUE` of the scenario, such as sync_interval=2s; may be repeated"},
			&cli.IntFlag{Name: "repeat", Value: twin.DefaultRepeat,
				Usage: "run each side `N` times, with seeds that follow one another (default: 5)"},
			&cli.DurationFlag{Name: "service",
				Usage: "give the simulator the service time `TIME`, such as 800us, instead of measuring it"},
			&cli.PathFlag{Name: "out", Usage: "write the comparison to `DIR` (default: runs/<name>-twin)"},
			&cli.BoolFlag{Name: "json", Usage: "print the comparison as JSON instead of a table"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		},
	})
}

// mostRepeats bounds how often each side runs.
const mostRepeats = 1000

// runTwin compares a scenario with its twin.
func runTwin(c *cli.Context) error {
	if err := command.Takes(c, 1, 1, "scenario file"); err != nil {
		return err
	}
	o, s, err := twinOptions(c)
	if err != nil {
		return command.BadInput(err)
	}
	dir := c.String("out")
	if !c.IsSet("out") {
		dir = filepath.Join("runs", s.Name+"-twin")
	}
	if err := twin.Writable(dir); err != nil {
		return command.BadInput(fmt.Errorf("flag --out: %w", err))
	}
	ctx, cancel := interruptible()
	defer cancel()
	r, err := twin.Compare(ctx, o)
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing was written")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	if err := r.Write(dir, s); err != nil {
		return err
	}
	if c.Bool("json") {
		return command.PrintJSON(c, r.JSON(s))
	}
	if c.Bool("quiet") {
		return nil
	}
	return printTwin(c.App.Writer, s, r, dir)
}

// twinOptions reads and checks what the command line asks for.
func twinOptions(c *cli.Context) (o twin.Options, s *scenario.Scenario, err error) {
	if n := c.Int("repeat"); n < 1 || n > mostRepeats {
		return o, nil, fmt.Errorf("flag --repeat: expected a number from 1 to %d, not %d", mostRepeats, n)
	}
	if d := c.Duration("service"); c.IsSet("service") && (d <= 0 || d > time.Hour) {
		return o, nil, fmt.Errorf("flag --service: expected more than 0s and at most 1h, not %s", d)
	}
	in, file := newReader(c), c.Args().First()
	sets, err := settings(c)
	if err != nil {
		return o, nil, err
	}
	data, err := in.read(file)
	if err != nil {
		return o, nil, err
	}
	o.Variant = func(more ...string) (*scenario.Scenario, error) {
		return scenario.Parse(in.name(file), data, append(sets[:len(sets):len(sets)], more...))
	}
	if s, err = o.Variant(); err != nil {
		return o, nil, err
	}
	o.Repeat, o.Service = c.Int("repeat"), c.Duration("service")
	if !c.Bool("quiet") {
		o.Report = func(text string) { fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: %s\n", s.Name, text) }
	}
	return o, s, twin.Check(s)
}

// printTwin prints the comparison for people.
func printTwin(w io.Writer, s *scenario.Scenario, r *twin.Result, dir string) error {
	t := &table{}
	fmt.Fprintln(t, s.Name)
	t.line("scenario", "%s nodes, latency %s, %s, %d runs of each side", count(s.Nodes), s.Latency, short(s.Duration), len(r.Real))
	t.line("service", "%s for each request: what this machine takes without latency", r.Service)
	fmt.Fprintf(t, "\n%-30s%12s%12s%9s  %s\n", "median", "simulated", "real", "differ", "95 % of the difference of means")
	for _, row := range r.Rows() {
		fmt.Fprintf(t, "%-30s%12s%12s%9s  %s\n", row.Name, figure(row.SimulatedMedian), figure(row.RealMedian), differ(row), interval(row))
	}
	fmt.Fprintf(t, "\nresults      %s\n", filepath.ToSlash(dir))
	_, err := w.Write(t.Bytes())
	return err
}

// figure writes a number with four digits that count.
func figure(x *float64) string {
	if x == nil {
		return "-"
	}
	if *x != 0 && math.Abs(*x) < 1000 {
		return strconv.FormatFloat(*x, 'g', 4, 64)
	}
	return strconv.FormatFloat(*x, 'f', 0, 64)
}

func differ(row twin.Row) string {
	if row.Percent == nil {
		return "-"
	}
	return fmt.Sprintf("%+.1f %%", *row.Percent)
}

func interval(row twin.Row) string {
	if row.Low == nil || row.High == nil {
		return "-"
	}
	return figure(row.Low) + " to " + figure(row.High) + " " + row.Unit
}
