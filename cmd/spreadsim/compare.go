package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/internal/phrase"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
)

const compareDescription = `A and B are results folders of runs, or variants of sweeps: FOLDER@NUMBER, or
FOLDER@KEY=VALUE,... for those with these values, each paired with the one that
has the same other values. Repetitions are compared in pairs, which have the
same seed; intervals are those of 95 % confidence. A difference counts as found
if it stands after Holm's correction for all numbers that were compared: name
those that matter.`

func compareCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "compare",
		Usage:       "compare two runs, or variants of sweeps",
		ArgsUsage:   "A B",
		Description: compareDescription,
		Action:      compare,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "metric", Usage: "compare only the number at `PATH` of summary.json; may be repeated"},
			&cli.BoolFlag{Name: "json", Usage: "print the comparison as JSON"},
		},
	})
}

func compare(c *cli.Context) error {
	if err := command.Takes(c, 2, 2, "run or variant"); err != nil {
		return err
	}
	metrics := c.StringSlice("metric")
	if err := knownMetrics(metrics); err != nil {
		return command.BadInput(err)
	}
	pairs, err := pairsOf(c.Args().Get(0), c.Args().Get(1))
	if err != nil {
		return command.BadInput(err)
	}
	var list []*experiment.Comparison
	for _, p := range pairs {
		comparison, err := experiment.Compare(p[0], p[1], metrics)
		if err != nil {
			return command.BadInput(err)
		}
		list = append(list, comparison)
	}
	experiment.Correct(list)
	if c.Bool("json") {
		return command.PrintJSON(c, list)
	}
	return printComparisons(c, list, len(metrics) > 0)
}

func knownMetrics(metrics []string) error {
	for _, metric := range metrics {
		if !result.Known(metric) {
			return fmt.Errorf("flag --metric: %s: summary.json has no number with this path%s", phrase.OneLine(metric), phrase.Suggest(metric, result.Paths()))
		}
	}
	return nil
}

// pairsOf pairs what two operands name.
func pairsOf(a, b string) ([][2]experiment.Side, error) {
	if a == b {
		return nil, fmt.Errorf("%s: a run does not differ from itself", a)
	}
	left, leftRest, err := sides(a)
	if err != nil {
		return nil, err
	}
	right, rightRest, err := sides(b)
	if err != nil {
		return nil, err
	}
	if len(left) == 1 && len(right) == 1 {
		return [][2]experiment.Side{{left[0], right[0]}}, nil
	}
	var pairs [][2]experiment.Side
	for i, rest := range leftRest {
		j := slices.Index(rightRest, rest)
		if j < 0 {
			return nil, fmt.Errorf("%s has no variant with the other values of %s", b, left[i].Name)
		}
		pairs = append(pairs, [2]experiment.Side{left[i], right[j]})
	}
	if len(left) != len(right) {
		return nil, fmt.Errorf("%s names %d variants, %s %d", a, len(left), b, len(right))
	}
	return pairs, nil
}

// sides are the variants that an operand names, and what tells them apart.
func sides(operand string) (list []experiment.Side, rest []string, err error) {
	dir, choice := operand, ""
	if i := strings.LastIndexByte(operand, '@'); i >= 0 {
		dir, choice = operand[:i], operand[i+1:]
	}
	folder, err := experiment.OpenFolder(dir)
	if errors.Is(err, experiment.ErrNoSweep) && choice == "" {
		run, failed := result.Load(dir)
		if failed != nil {
			return nil, nil, failed
		}
		side, failed := experiment.SideOfRun(filepath.ToSlash(dir), run)
		return []experiment.Side{side}, []string{""}, failed
	}
	if err != nil {
		return nil, nil, err
	}
	variants, rest, err := folder.Index.Select(choice)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", operand, err)
	}
	for _, v := range variants {
		side, err := folder.Side(v)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, side)
	}
	return list, rest, nil
}

// printComparisons prints for each pair what differs; all numbers if they were named.
func printComparisons(c *cli.Context, list []*experiment.Comparison, all bool) error {
	t := &table{}
	for _, comparison := range list {
		t.comparison(comparison, all)
	}
	_, err := c.App.Writer.Write(t.Bytes())
	return err
}

func (t *table) comparison(c *experiment.Comparison, all bool) {
	fmt.Fprintf(t, "A  %s\nB  %s\n", c.A, c.B)
	seeds := "the same seeds"
	if !c.SameSeeds {
		seeds = "different seeds"
	}
	fmt.Fprintf(t, "%d pairs of repetitions with %s\n", c.Pairs, seeds)
	if c.Identical {
		fmt.Fprint(t, "identical: every pair did the same things in the same order\n\n")
		return
	}
	unfound := 0
	for i := range c.Differences {
		d := &c.Differences[i]
		if all || d.Found() || d.P == nil && d.Mean != 0 {
			fmt.Fprintf(t, "%-34s %s\n", d.Metric, inWords(d))
		} else {
			unfound++
		}
	}
	if unfound > 0 {
		fmt.Fprintf(t, "no difference found in %d other numbers\n", unfound)
	}
	fmt.Fprintln(t)
}

// inWords says a difference: direction, size, interval, what is better.
func inWords(d *experiment.Difference) string {
	values := fmt.Sprintf("%s to %s", amount(d.A), amount(d.B))
	switch {
	case d.P == nil && d.Mean == 0:
		return "equal (" + amount(d.A) + ")"
	case d.P == nil:
		return fmt.Sprintf("%s %s, %s; one pair: no interval", relative(d, d.Mean), side(d.Mean), values)
	case d.Mean == 0 && *d.Low == 0 && *d.High == 0:
		return "identical (" + amount(d.A) + ")"
	case !d.Found():
		return fmt.Sprintf("no difference found (%s to %s), %s", signed(d, *d.Low), signed(d, *d.High), values)
	}
	return fmt.Sprintf("%s %s (%s to %s), %s%s", relative(d, d.Mean), side(d.Mean), signed(d, *d.Low), signed(d, *d.High), values, judged(d))
}

func side(x float64) string {
	if x < 0 {
		return "lower"
	}
	return "higher"
}

// judged says whether a difference is for the better.
func judged(d *experiment.Difference) string {
	switch better := float64(experiment.Better(d.Metric)); {
	case better*d.Mean > 0:
		return ": B is better"
	case better*d.Mean < 0:
		return ": B is worse"
	}
	return ""
}

// relative is the size of a difference, in percent of A where A is not 0.
func relative(d *experiment.Difference, x float64) string {
	return strings.TrimLeft(signed(d, x), "+-")
}

func signed(d *experiment.Difference, x float64) string {
	if share, ok := d.Share(x); ok {
		return fmt.Sprintf("%+.3g%%", 100*share)
	}
	return fmt.Sprintf("%+.3g", x)
}
