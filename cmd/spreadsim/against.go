package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
)

// againstFlags are those that compare a run with a baseline.
func againstFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: "against",
			Usage: "run the file as often as the sweep in `FOLDER` was, and compare the numbers named with --metric: exit code 3 if one is worse for sure"},
		&cli.StringSliceFlag{Name: "metric", Usage: "with --against, compare the number at `PATH` of summary.json; may be repeated"},
		&cli.StringFlag{Name: "margin", Value: "1%", Usage: "with --against, allow numbers to be worse by `SHARE` of the baseline (default: 1%)"},
	}
}

// runAgainst repeats the sweep of a baseline with this program and tells what is worse.
func runAgainst(c *cli.Context, simulate simulator) error {
	metrics := c.StringSlice("metric")
	margin, err := strconv.ParseFloat(strings.TrimSuffix(c.String("margin"), "%"), 64)
	switch {
	case c.Args().Len() != 1:
		return command.BadInput(errors.New("flag --against: compares one scenario file"))
	case len(metrics) == 0:
		return command.BadInput(errors.New("flag --against: name the numbers to compare with --metric, such as --metric search.latency_ms.p90"))
	case err != nil || !strings.HasSuffix(c.String("margin"), "%") || !(margin >= 0 && margin < 1e6):
		return command.BadInput(fmt.Errorf("flag --margin: expected a share such as 1%%, not %q", c.String("margin")))
	}
	if err := knownMetrics(metrics); err != nil {
		return command.BadInput(err)
	}
	baseline, err := experiment.OpenFolder(c.String("against"))
	if err != nil {
		return command.BadInput(fmt.Errorf("flag --against: %w (spreadsim sweep makes one)", err))
	}
	s, err := planSweep(c, c.Args().First())
	if err != nil {
		return command.BadInput(err)
	}
	if err := repeats(&baseline.Index, &s.plan.Index); err != nil {
		return command.BadInput(err)
	}
	folder, err := s.run(c, simulate)
	if folder == nil || err != nil && !errors.Is(err, errExpectation) {
		return err
	}
	return errors.Join(err, tellWorse(c, baseline, folder, metrics, margin/100))
}

// repeats says why a sweep cannot be compared with its baseline.
func repeats(baseline, x *experiment.Index) error {
	switch {
	case !slices.Equal(baseline.Keys, x.Keys) || len(baseline.Variants) != len(x.Variants):
		return errors.New("flag --against: the baseline has other variants than the scenario file")
	case baseline.Repeat.Count == 1 || x.Repeat.Count == 1:
		return errors.New("flag --against: one repetition says nothing about chance: set repeat to 5 or more, in both")
	}
	for i, v := range x.Variants {
		if !slices.Equal(v.Values, baseline.Variants[i].Values) {
			return fmt.Errorf("flag --against: variant %d of the baseline has other values than %s", i+1, x.Label(i))
		}
	}
	return nil
}

// tellWorse compares each variant with the baseline's.
func tellWorse(c *cli.Context, baseline, folder *experiment.Folder, metrics []string, margin float64) error {
	var list []*experiment.Comparison
	for v := range folder.Index.Variants {
		a, err := baseline.Side(v)
		if err != nil {
			return err
		}
		b, err := folder.Side(v)
		if err != nil {
			return err
		}
		comparison, err := experiment.Compare(a, b, metrics)
		if err != nil {
			return fmt.Errorf("flag --against: %w", err)
		}
		list = append(list, comparison)
	}
	experiment.Correct(list)
	if !c.Bool("quiet") && !c.Bool("json") {
		if err := printComparisons(c, list, true); err != nil {
			return err
		}
	}
	worse := experiment.Regressions(list, margin)
	for _, r := range worse {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: %s: %s\n", r.B, r.Metric, inWords(r.D))
	}
	if len(worse) > 0 {
		return errExpectation
	}
	return nil
}
