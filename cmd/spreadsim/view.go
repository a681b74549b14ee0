package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/web"
	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/explain"
	"spreadable/sim/film"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

const viewDescription = `Shows the course of a run on a page: the network as it forms, searches and
approvals, faults and liars, and the curves of series.csv. Two runs are shown
side by side. RUN is a results folder. If it holds a film (run --film) that is
shown; else the run is repeated, which needs the program that ran it. Of a sweep
the page shows the report, and the runs that one chooses there.

The page is served from this program until Ctrl-C, and asks no other server.
With --save it is written as one file, which shows the runs without a server.`

// viewCommand shows runs on a page.
func viewCommand(simulate simulator) *cli.Command {
	return documented(&cli.Command{
		Name:        "view",
		Usage:       "show a run, or two side by side, on a page",
		ArgsUsage:   "RUN [RUN]|SWEEP",
		Description: viewDescription,
		Action:      func(c *cli.Context) error { return view(c, simulate) },
		Flags: []cli.Flag{
			listenFlag(), filmLimitFlag(),
			&cli.PathFlag{Name: "save", Usage: "write the page as one `FILE`, and serve nothing"},
			&cli.IntFlag{Name: "workers", Usage: "repeat runs with `N` workers, as run does"},
			&cli.BoolFlag{Name: "any-version",
				Usage: "repeat runs of another version of the program; where a repeated run differs, that is a warning"},
		},
	})
}

func view(c *cli.Context, simulate simulator) error {
	if err := command.Takes(c, 1, 2, "results folder"); err != nil {
		return err
	}
	options, err := filmOptions(c)
	if err != nil {
		return command.BadInput(err)
	}
	if c.Args().Len() == 1 {
		folder, err := experiment.OpenFolder(c.Args().First())
		if err == nil {
			return viewSweep(c, folder, simulate, options)
		}
		if !errors.Is(err, experiment.ErrNoSweep) {
			return command.BadInput(err)
		}
	}
	var viewed []*viewing
	for _, dir := range c.Args().Slice() {
		v, err := openView(c, filepath.Clean(dir))
		if err != nil {
			return command.BadInput(err)
		}
		viewed = append(viewed, v)
	}
	ctx, cancel := interruptible()
	defer cancel()
	var shows []*web.Show
	for _, v := range viewed {
		shows = append(shows, v.show)
	}
	if path := c.String("save"); path != "" {
		for _, v := range viewed {
			if err := v.play(ctx, c, simulate, options); err != nil {
				return err
			}
		}
		return savePage(c, path, shows)
	}
	server, err := web.New(shows...)
	if err != nil {
		return err
	}
	return onPage(ctx, c, server, func(ctx context.Context) error {
		for _, v := range viewed {
			if err := v.play(ctx, c, simulate, options); err != nil {
				return err
			}
		}
		return nil
	})
}

// viewing is a run that is looked at.
type viewing struct {
	dir      string
	scenario *scenario.Scenario
	film     []byte // nil if the run has to be repeated for it
	show     *web.Show

	fingerprint string // that the repeated run is to have; "" for any
}

// openView reads a results folder.
func openView(c *cli.Context, dir string) (*viewing, error) {
	run, s, err := loadRun(dir)
	if err != nil {
		return nil, err
	}
	v := &viewing{dir: dir, scenario: s}
	if !run.Summary.Partial {
		v.fingerprint = run.Summary.Fingerprint
	}
	v.film, err = film.Load(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	other := sameProgram(dir, &run.Summary)
	if v.film == nil && other != nil && !c.Bool("any-version") {
		return nil, other
	}
	tell := narrator(c, s, run.Samples)
	if other != nil && !c.Bool("any-version") {
		tell = nil // the film can be shown, the run not repeated
	}
	v.show = web.NewShow(filepath.Base(near(absolute(dir))), tell)
	return v, nil
}

func absolute(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		return whole
	}
	return dir
}

// play gives the show its film: that of the folder, or that of a repeated run as it
// grows.
func (v *viewing) play(ctx context.Context, c *cli.Context, simulate simulator, o *film.Options) error {
	defer v.show.End()
	if v.film != nil {
		v.show.Add(v.film)
		return nil
	}
	options := *o
	options.Tell = v.show.Add
	progress := newProgress(c, v.scenario.Name)
	r, err := simulate(v.scenario, sim.Options{
		Workers: workersFor(c, v.scenario), Film: film.New(options), Progress: progress.update,
		Stop: func() bool { return ctx.Err() != nil },
	})
	progress.clear()
	switch {
	case errors.Is(err, sim.ErrStopped):
		return errors.New("interrupted")
	case err != nil && r == nil:
		return err
	case r.Summary.Fingerprint != v.fingerprint && v.fingerprint != "":
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s: the repeated run has fingerprint %s, the recorded one %s: the page shows the repeated one\n",
			filepath.ToSlash(v.dir), r.Summary.Fingerprint, v.fingerprint)
	}
	return nil
}

// told is what a page hears of a node.
type told struct {
	Story *explain.Story `json:"story"`
	Calls *explain.Calls `json:"calls"`
}

// narrator tells of nodes by repeating a run, with samples to compare it with.
func narrator(c *cli.Context, s *scenario.Scenario, samples []result.Sample) web.Tell {
	return func(ctx context.Context, node int, at time.Duration) (any, error) {
		if node < 0 || node >= explain.Hosts(s) {
			return nil, web.ErrUnknownNode
		}
		o := sim.Options{Workers: workersFor(c, s), Stop: func() bool { return ctx.Err() != nil }}
		at = min(at, s.Duration)
		story, err := explain.Repeat(s, samples, node, at, o)
		if err != nil && !errors.Is(err, explain.ErrDiffers) {
			return nil, err
		}
		calls, err := explain.RepeatCalls(s, node, max(0, at-s.SyncInterval), at, o)
		if err != nil {
			return nil, err
		}
		return told{story, calls}, nil
	}
}

// savePage writes the page as one file, which appears whole or not at all.
func savePage(c *cli.Context, path string, shows []*web.Show) error {
	server, err := web.New(shows...)
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.ToSlash(path), command.Cause(err))
	}
	err = errors.Join(server.Save(fresh), fresh.Chmod(0o644), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name()) // the first error is the one to tell
		return fmt.Errorf("%s: %w", filepath.ToSlash(path), command.Cause(err))
	}
	_, err = fmt.Fprintf(c.App.Writer, "saved  %s\n", filepath.ToSlash(path))
	return err
}

// onPage serves a page until the context is done, and meanwhile does what fills
// them. An error of that ends the page.
func onPage(ctx context.Context, c *cli.Context, server *web.Server, fill func(context.Context) error) error {
	listener, err := net.Listen("tcp", c.String("listen"))
	if err != nil {
		return command.BadInput(fmt.Errorf("flag --listen: %w", command.Cause(err)))
	}
	// Nothing is read from a browser but short heads; films may take as long as they like.
	h := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	fmt.Fprintf(c.App.ErrWriter, "spreadsim: look at http://%s/ (Ctrl-C ends it)\n", listener.Addr())
	filled := fill(ctx)
	if filled == nil || errors.Is(filled, errExpectation) {
		select {
		case <-ctx.Done():
		case err = <-served:
		}
	}
	return errors.Join(filled, err, h.Close())
}

// runOnPage runs one job on a page, which then stays.
func runOnPage(ctx context.Context, c *cli.Context, jobs []job, simulate simulator) error {
	j := &jobs[0]
	show := web.NewShow(j.scenario.Name, narrator(c, j.scenario, nil))
	j.film.Tell = show.Add
	server, err := web.New(show)
	if err != nil {
		return err
	}
	return onPage(ctx, c, server, func(ctx context.Context) error {
		defer show.End()
		return runJobs(ctx, c, jobs, simulate)
	})
}
