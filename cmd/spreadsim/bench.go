package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"spreadable/cmd/internal/command"
	"spreadable/sim/bench"
)

const benchDescription = `Measures on this machine, with one core: phold (the event core alone, N
processes with 10 events each), forward (messages through the transport between
N nodes that do nothing else), planet (the same between the cities of the
world), sync (a sync interval of a converged network of N nodes) and search (a
request to all of them). An event is a message delivered, or a timer. With all
sizes this takes some ten minutes and several gigabytes; docs/performance.md
explains the figures.`

// benchSchema names the layout of bench --json.
const benchSchema = "spreadsim-bench/1"

func benchCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "bench",
		Usage:       "measure how fast the simulator is on this machine",
		Description: benchDescription,
		Action:      runBench,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "sizes", Value: "1k,10k,100k,1M",
				Usage: "measure at the sizes `LIST`, separated by commas (default: 1k,10k,100k,1M)"},
			&cli.StringFlag{Name: "only", Usage: "measure only `NAME`: " + strings.Join(bench.Names(), ", ")},
			&cli.IntFlag{Name: "runs", Value: 5,
				Usage: "measure `N` times and show the median, the slowest and the fastest (default: 5)"},
			&cli.BoolFlag{Name: "cpu", Usage: "count processor time instead of wall time: for a machine that is busy with other work"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON instead of a table"},
		},
	})
}

// runBench measures and prints each result as it comes; JSON at the end.
func runBench(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	o, err := benchOptions(c)
	if err != nil {
		return command.BadInput(err)
	}
	status := &statusLine{out: c.App.ErrWriter}
	o.Begin = func(name string, size int) { status.show(fmt.Sprintf("measuring %s of %s ...", name, sizeName(size))) }
	if !c.Bool("json") {
		printBenchHead(c.App.Writer)
		o.Each = func(r bench.Result) {
			status.show("")
			printBench(c.App.Writer, r)
		}
	}
	results, err := bench.Run(o)
	status.show("")
	if err != nil || !c.Bool("json") {
		return err
	}
	return command.PrintJSON(c, benchReport{
		Schema: benchSchema, Version: command.Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Processors: runtime.NumCPU(), Clock: clockName(c), Results: results,
	})
}

// benchReport is what bench --json prints.
type benchReport struct {
	Schema     string         `json:"schema"`
	Version    string         `json:"version"`
	Go         string         `json:"go"`
	OS         string         `json:"os"`
	Arch       string         `json:"arch"`
	Processors int            `json:"processors"`
	Clock      string         `json:"clock"` // wall, or cpu
	Results    []bench.Result `json:"results"`
}

func clockName(c *cli.Context) string {
	if c.Bool("cpu") {
		return "cpu"
	}
	return "wall"
}

func benchOptions(c *cli.Context) (bench.Options, error) {
	start := time.Now()
	o := bench.Options{Clock: func() time.Duration { return time.Since(start) }, Only: c.String("only"),
		Runs: c.Int("runs")}
	if c.Bool("cpu") {
		if o.Clock = cpuTime; cpuTime() == 0 {
			return o, errors.New("flag --cpu: this system does not tell processor time")
		}
	}
	if o.Only != "" && !slices.Contains(bench.Names(), o.Only) {
		return o, fmt.Errorf("flag --only: expected one of %s, not %q", strings.Join(bench.Names(), ", "), o.Only)
	}
	if o.Runs < 1 {
		return o, fmt.Errorf("flag --runs: expected 1 or more, not %d", o.Runs)
	}
	for _, word := range strings.Split(c.String("sizes"), ",") {
		size, err := parseSize(strings.TrimSpace(word))
		if err != nil {
			return o, fmt.Errorf("flag --sizes: %w", err)
		}
		o.Sizes = append(o.Sizes, size)
	}
	return o, nil
}

// The sizes that can be measured: below 10 there is hardly a network, above 10 million
// there are no addresses.
const (
	leastSize = 10
	mostSize  = 10_000_000
)

// parseSize reads a number of nodes: 500, 10k, 1M.
func parseSize(text string) (int, error) {
	digits, unit := text, 1
	for suffix, factor := range map[string]int{"k": 1000, "M": 1_000_000} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			digits, unit = rest, factor
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < leastSize/unit || n > mostSize/unit || n*unit < leastSize {
		return 0, fmt.Errorf("expected a number of nodes from 10 to 10M such as 500, 10k or 1M, not %q", text)
	}
	return n * unit, nil
}

// sizeName writes a number of nodes as people type it.
func sizeName(n int) string {
	switch {
	case n >= 1_000_000 && n%100_000 == 0:
		return decimal(float64(n)/1e6) + "M"
	case n >= 1000 && n%100 == 0:
		return decimal(float64(n)/1e3) + "k"
	}
	return strconv.Itoa(n)
}

func printBenchHead(w io.Writer) {
	fmt.Fprintf(w, "%-8s %5s %9s %17s %9s %8s %7s %9s\n", "", "size", "events/s", "min - max", "ns/event",
		"B/event", "allocs", "memory")
}

func printBench(w io.Writer, r bench.Result) {
	fmt.Fprintf(w, "%-8s %5s %9s %17s %9s %8s %7s %9s\n", r.Name, sizeName(r.Size), amount(r.EventsPerS),
		amount(r.EventsPerSMin)+" - "+amount(r.EventsPerSMax), decimal(round3(r.NsPerEvent)),
		decimal(round3(r.BytesPerEvent)),
		strconv.FormatFloat(r.AllocsPerEvent, 'f', 2, 64), size(round3(float64(r.PeakBytes))))
}

// round2 and round3 keep as many significant digits: more are not known.
func round2(x float64) float64 { return significant(x, 2) }
func round3(x float64) float64 { return significant(x, 3) }

func significant(x float64, digits int) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// statusLine is one line on a terminal that says what goes on; without a terminal it is
// nothing.
type statusLine struct {
	out   io.Writer
	width int
}

// show replaces the line; an empty text removes it.
func (s *statusLine) show(text string) {
	if file, ok := s.out.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return
	}
	fmt.Fprintf(s.out, "\r%s\r%s", strings.Repeat(" ", s.width), text)
	s.width = len(text)
}
