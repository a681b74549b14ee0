package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/queue"
	"spreadable/sim/experiment"
	"spreadable/sim/scenario"
)

const sweepDescription = `Runs a scenario with every combination of the values below its key sweep, each
as often as repeat says, on all cores. The results go to sweeps/<name>: a
compressed file for each run, and the tables runs.csv, metrics.csv and
means.csv. Ctrl-C ends it; the same command goes on with what the folder lacks.

--shard I/N runs the I-th of N parts, for N machines. "sweep merge FOLDER
FROM..." puts the runs of several folders into one and writes its tables.
--queue leaves the runs to the machines on which "spreadsim worker" runs.`

// mergeWord is the first argument that makes a sweep a merge.
const mergeWord = "merge"

func sweepCommand(simulate simulator) *cli.Command {
	return documented(&cli.Command{
		Name:        "sweep",
		Usage:       "run a scenario with many values and seeds",
		ArgsUsage:   "FILE",
		Description: sweepDescription,
		Action: func(c *cli.Context) error {
			if c.Args().First() == mergeWord {
				return mergeSweeps(c)
			}
			return sweepFile(c, simulate)
		},
		Flags: slices.Concat(sweepFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "list", Usage: "list the runs with their keys, expected times and memory; run nothing"},
			&cli.StringFlag{Name: "shard", Usage: "run only part `I/N` of the runs, such as 2/10"},
			&cli.IntFlag{Name: "max-failed", Usage: "end the sweep when `N` runs have failed, violated an invariant or were lost; 0, the default, runs all"},
		}, queueFlags("let the workers at the queue `URL` run what is missing, such as nats://queue:4222"), []cli.Flag{
			&cli.DurationFlag{Name: "lease", Usage: "give a run to another worker when its own has been silent for `TIME` (default: " + queue.DefaultLease.String() + ")", Value: queue.DefaultLease, Category: queueCategory},
		}),
	})
}

// sweepFlags are those of all commands that run sweeps.
func sweepFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "set",
			Usage: "set `KEY=VALUE` of the scenario, such as repeat=3 or sweep.nodes=[100, 200]; may be repeated"},
		&cli.PathFlag{Name: "out", Usage: "write results to `DIR`"},
		&cli.IntFlag{Name: "workers", Usage: "have `N` runs at a time; 0, the default, is one per processor"},
		&cli.DurationFlag{Name: "check",
			Usage: "check the network's invariants every `TIME` of virtual time; a run that violates one ends, which is a result"},
		&cli.BoolFlag{Name: "json", Usage: "print the outcome as JSON"},
		&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
	}
}

// sweep is one sweep to do.
type sweep struct {
	plan   *experiment.Plan
	dir    string
	note   string // why the results are there, where that is not as usual
	files  []experiment.File
	shard  experiment.Shard
	folder *experiment.Folder // once it is made
}

// sweepFile lists a sweep, or runs it.
func sweepFile(c *cli.Context, simulate simulator) error {
	if err := command.Takes(c, 1, 1, "scenario file"); err != nil {
		return err
	}
	if c.Bool("list") {
		return listSweep(c)
	}
	s, err := planSweep(c, c.Args().First())
	if err != nil {
		return command.BadInput(err)
	}
	_, err = s.run(c, simulate)
	return err
}

// planSweep reads and checks all that a command line asks for, and leaves nothing behind.
func planSweep(c *cli.Context, file string) (*sweep, error) {
	if c.Int("workers") < 0 {
		return nil, fmt.Errorf("flag --workers: expected 0 or more, not %d", c.Int("workers"))
	}
	if c.IsSet("out") && c.String("out") == "" {
		return nil, errors.New("flag --out: expected the name of a folder, not \"\"")
	}
	if c.Int("max-failed") < 0 {
		return nil, fmt.Errorf("flag --max-failed: expected 0 or more, not %d", c.Int("max-failed"))
	}
	if err := checkQueueOfSweep(c); err != nil {
		return nil, err
	}
	in := newReader(c)
	data, err := in.read(file)
	if err != nil {
		return nil, err
	}
	sets, err := settings(c)
	if err != nil {
		return nil, err
	}
	design, err := scenario.ParseDesign(in.name(file), data, sets)
	if err != nil {
		return nil, err
	}
	version, err := sweepVersion()
	if err != nil {
		return nil, err
	}
	s := &sweep{}
	if s.plan, err = experiment.NewPlan(design, version); err != nil {
		return nil, err
	}
	if s.shard, err = parseShard(c.String("shard"), s.plan); err != nil {
		return nil, err
	}
	s.files = sweptFiles(s.plan, data)
	return s, s.choosePlace(c.String("out"))
}

// sweepVersion is the program's version as a part of keys. A build that its version does
// not tell from others, of changed files or without a version, is told by its bytes.
func sweepVersion() (string, error) {
	build := command.ReadBuild()
	if build.Version != command.Unknown && (build.Modified == nil || !*build.Modified) {
		return build.Version, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s#%x", build.Version, sum.Sum(nil)[:6]), nil
}

// parseShard reads I/N.
func parseShard(text string, p *experiment.Plan) (experiment.Shard, error) {
	if text == "" {
		return experiment.Shard{}, nil
	}
	first, second, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(first)
	n, err2 := strconv.Atoi(second)
	switch {
	case err != nil || err2 != nil || i < 1 || i > n:
		return experiment.Shard{}, fmt.Errorf("flag --shard: expected I/N with I from 1 to N, such as 2/10, not %q", text)
	case p.Repeat.Count == 0:
		return experiment.Shard{}, errors.New("flag --shard: how often to repeat depends on all runs of a variant (repeat.until), so no shard knows its runs: set repeat to a number")
	}
	return experiment.Shard{I: i, N: n}, nil
}

// sweptFiles are the scenario file and all files that its variants name.
func sweptFiles(p *experiment.Plan, data []byte) []experiment.File {
	files := []experiment.File{{Name: experiment.ScenarioFile, Content: data}}
	for _, a := range p.Attachments() {
		files = append(files, experiment.File(a))
	}
	return files
}

// choosePlace chooses the folder of the results: the one that was named, or one with the
// name of the scenario, and its hash if another sweep has that.
func (s *sweep) choosePlace(out string) error {
	s.dir = filepath.Clean(out)
	if out == "" {
		s.dir = filepath.Join("sweeps", s.plan.Name)
	}
	err := s.plan.MayTake(s.dir)
	if out != "" || err == nil {
		return leftAlone(err)
	}
	s.note = fmt.Sprintf("%v: these results go to ", err)
	s.dir += "-" + s.plan.Hash()[:6]
	s.note += filepath.ToSlash(s.dir)
	return leftAlone(s.plan.MayTake(s.dir))
}

func leftAlone(err error) error {
	if err != nil {
		err = fmt.Errorf("%w, and is left as it is: name another folder with --out", err)
	}
	return err
}

// atATime is how many runs go on at a time.
func atATime(c *cli.Context) int {
	if n := c.Int("workers"); n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// mergeSweeps puts runs of several folders into one.
func mergeSweeps(c *cli.Context) error {
	if c.Args().Len() < 2 {
		return command.BadInput(errors.New("sweep merge needs a folder and those whose runs it takes (sweep merge FOLDER FROM...)"))
	}
	to, from := c.Args().Get(1), c.Args().Slice()[2:]
	sources := make([]*experiment.Folder, len(from))
	for i, dir := range from {
		var err error
		if sources[i], err = experiment.OpenFolder(dir); err != nil {
			return command.BadInput(err)
		}
		if a, b := sources[i].Index.Hash(), sources[0].Index.Hash(); a != b {
			return command.BadInput(fmt.Errorf("%s and %s hold different sweeps, or were made by different builds of the program", from[0], dir))
		}
	}
	folder, err := mergeTarget(to, sources)
	if err != nil {
		return command.BadInput(err)
	}
	taken := 0
	for _, source := range sources {
		n, err := folder.Merge(source)
		if err != nil {
			return err
		}
		taken += n
	}
	if err := writeTables(folder); err != nil {
		return err
	}
	return printMerged(c, folder, taken)
}

// mergeTarget opens the folder that takes the runs, or makes it like the first source.
func mergeTarget(dir string, sources []*experiment.Folder) (*experiment.Folder, error) {
	if len(sources) == 0 {
		return experiment.OpenFolder(dir)
	}
	files, err := sources[0].Files()
	if err != nil {
		return nil, err
	}
	if err := sources[0].Index.MayTake(dir); err != nil {
		return nil, leftAlone(err)
	}
	return experiment.CreateFolder(dir, sources[0].Index, files)
}

func printMerged(c *cli.Context, f *experiment.Folder, taken int) error {
	tally, err := f.Tally()
	if err != nil {
		return err
	}
	if !c.Bool("quiet") {
		fmt.Fprintf(c.App.Writer, "merged  %s: %s runs more, %s of %s done\n", filepath.ToSlash(f.Dir), count(taken), count(tally.Done), count(tally.Runs))
	}
	return nil
}
