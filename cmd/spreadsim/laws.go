package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/laws"
	"spreadable/sim/plots"
)

const lawsDescription = `Holds the simulator against theory: queues, distributions, latencies of
searches, churn, gossip and draws of approvers must be what their formulas say.
Runs all laws, or those named, at a reduced size that takes some twenty seconds,
or with --full as docs/truth.md shows them, which takes minutes. With --list it
names them and their parameters and runs nothing.

Each parameter can be set, and so can each key of the scenario that a law runs.`

// lawsSchema names the layout of laws --json.
const lawsSchema = "spreadsim-laws/1"

func lawsCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "laws",
		Usage:       "hold the simulator against theory",
		ArgsUsage:   "[LAW...]",
		Description: lawsDescription,
		Action:      runLaws,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "full", Usage: "run at full size: minutes"},
			&cli.StringSliceFlag{Name: "set", Usage: "set `KEY=VALUE`, a parameter of the one law that is named, or a key of its scenario; may be repeated"},
			&cli.StringFlag{Name: "out", Usage: "write the curves as LAW.png and LAW.csv into the folder `DIR`, in place of those there"},
			&cli.BoolFlag{Name: "list", Usage: "list the laws and their parameters, run nothing"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON instead of a table"},
		},
	})
}

// verdict is what a run of a law has found, as JSON.
type verdict struct {
	Law    string     `json:"law"`
	Title  string     `json:"title"`
	Source string     `json:"source"`
	Holds  bool       `json:"holds"`
	Rows   []laws.Row `json:"rows"`
}

// lawsReport is what laws --json prints.
type lawsReport struct {
	Schema string    `json:"schema"`
	Full   bool      `json:"full"`
	Laws   []verdict `json:"laws"`
}

func runLaws(c *cli.Context) error {
	chosen, err := chosenLaws(c)
	if err != nil {
		return command.BadInput(err)
	}
	if c.Bool("list") {
		return listLaws(c, chosen)
	}
	report := lawsReport{Schema: lawsSchema, Full: c.Bool("full")}
	status := &statusLine{out: c.App.ErrWriter}
	for _, law := range chosen {
		status.show("running " + law.Name + " ...")
		out, err := law.Run(laws.Settings{Full: c.Bool("full"), Sets: c.StringSlice("set")})
		status.show("")
		if err != nil {
			return command.BadInput(fmt.Errorf("law %s: %w", law.Name, err))
		}
		if err := writeCharts(c.String("out"), out.Charts); err != nil {
			return err
		}
		report.Laws = append(report.Laws, verdict{law.Name, law.Title, law.Source, out.Holds(), out.Rows})
		if !c.Bool("json") {
			printVerdict(c, report.Laws[len(report.Laws)-1])
		}
	}
	if c.Bool("json") {
		if err := command.PrintJSON(c, report); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(report.Laws, func(v verdict) bool { return !v.Holds }) {
		return errExpectation
	}
	return nil
}

// chosenLaws are the laws that the arguments name; without any, all.
func chosenLaws(c *cli.Context) ([]laws.Law, error) {
	if c.NArg() == 0 {
		if len(c.StringSlice("set")) > 0 {
			return nil, errors.New("flag --set: name the one law that it is for")
		}
		return laws.All(), nil
	}
	var chosen []laws.Law
	for _, name := range c.Args().Slice() {
		law, err := laws.Named(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, law)
	}
	if len(chosen) > 1 && len(c.StringSlice("set")) > 0 {
		return nil, errors.New("flag --set: name the one law that it is for, not several")
	}
	return chosen, nil
}

// listLaws prints the laws with their parameters.
func listLaws(c *cli.Context, list []laws.Law) error {
	t := &table{}
	for _, law := range list {
		fmt.Fprintf(t, "%s: %s\n", law.Name, law.Title)
		for _, p := range law.Parameters {
			fmt.Fprintf(t, "   %-11s %s (%s; in full %s)\n", p.Name, p.Help, parameter(p.Reduced), parameter(p.Full))
		}
		if law.Scenario != "" {
			fmt.Fprintf(t, "   and all keys of scenarios/%s\n", law.Scenario)
		}
	}
	_, err := c.App.Writer.Write(t.Bytes())
	return err
}

func parameter(x float64) string {
	if x == math.Trunc(x) {
		return count(int(x))
	}
	return decimal(x)
}

// printVerdict prints what was measured beside what theory says. Numbers outside of their
// bounds are marked.
func printVerdict(c *cli.Context, v verdict) {
	t := &table{}
	word := "holds"
	if !v.Holds {
		word = "FAILS"
	}
	fmt.Fprintf(t, "%s %s: %s\n", word, v.Law, v.Title)
	for _, r := range v.Rows {
		mark := " "
		if !r.Holds() {
			mark = "!"
		}
		fmt.Fprintf(t, "%s %s\n      %.5g, by theory %.5g, %.5g to %.5g\n", mark, r.What, r.Measured, r.Expected, r.Low, r.High)
	}
	_, _ = c.App.Writer.Write(t.Bytes())
}

// writeCharts writes the charts and their numbers into a folder; an empty name is none.
func writeCharts(dir string, charts []plots.Chart) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("flag --out: %w", err)
	}
	for _, chart := range charts {
		for ending, encode := range map[string]func() ([]byte, error){".png": chart.PNG, ".csv": chart.CSV} {
			content, err := encode()
			if err != nil {
				return fmt.Errorf("chart %s: %w", chart.Name, err)
			}
			if err := os.WriteFile(filepath.Join(dir, chart.Name+ending), content, 0o644); err != nil {
				return fmt.Errorf("flag --out: %w", err)
			}
		}
	}
	return nil
}

// lawNames are the names of all laws.
func lawNames() []string {
	var names []string
	for _, law := range laws.All() {
		names = append(names, law.Name)
	}
	return names
}
