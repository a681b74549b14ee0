package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/web"
	"spreadable/sim/experiment"
	"spreadable/sim/film"
	"spreadable/sim/plots"
	"spreadable/sim/report"
)

// mostEffects is how many plots the report of a sweep has.
const mostEffects = 4

// effectsOf are the plots of a sweep's report: the first of its numbers that were
// measured, over the first key that holds numbers; none without such a key.
func effectsOf(f *experiment.Folder) ([]plots.Effect, error) {
	e, err := effectOf(f, -1, -1, -1, false)
	if err != nil {
		return nil, nil
	}
	var list []plots.Effect
	for _, metric := range report.Metrics() {
		picture, err := e.of(metric)
		switch {
		case errors.Is(err, errNotMeasured):
			continue
		case err != nil:
			return nil, err
		}
		if list = append(list, picture); len(list) == mostEffects {
			break
		}
	}
	return list, nil
}

// writeTables writes the tables of a sweep, and its report.
func writeTables(f *experiment.Folder) error {
	if err := f.WriteTables(); err != nil {
		return err
	}
	effects, err := effectsOf(f)
	if err != nil {
		return err
	}
	return report.WriteSweep(f, effects)
}

// viewSweep shows the report of a sweep on a page, and from there the runs that a reader
// chooses.
func viewSweep(c *cli.Context, f *experiment.Folder, simulate simulator, o *film.Options) error {
	if c.String("save") != "" {
		return command.BadInput(fmt.Errorf("flag --save: is for runs; the report of a sweep is a file already, %s",
			filepath.ToSlash(filepath.Join(f.Dir, report.File))))
	}
	ctx, cancel := interruptible()
	defer cancel()
	one := make(chan struct{}, 1) // one run is repeated at a time
	open := func(key string) (*web.Show, error) {
		v, err := openRecord(c, f, key)
		if err != nil {
			return nil, err
		}
		go func() {
			one <- struct{}{}
			defer func() { <-one }()
			if err := v.play(ctx, c, simulate, o); err != nil && ctx.Err() == nil {
				fmt.Fprintf(c.App.ErrWriter, "spreadsim: run %s: %v\n", key, err)
			}
		}()
		return v.show, nil
	}
	server, err := web.NewChooser(func(w io.Writer) error {
		effects, err := effectsOf(f)
		if err != nil {
			return err
		}
		return report.RenderSweep(w, f, effects, true)
	}, open)
	if err != nil {
		return err
	}
	return onPage(ctx, c, server, func(context.Context) error { return nil })
}

// openRecord reads a run of a sweep.
func openRecord(c *cli.Context, f *experiment.Folder, key string) (*viewing, error) {
	key, err := f.Find(key)
	if err != nil {
		return nil, err
	}
	record, err := f.Get(key)
	if err != nil {
		return nil, err
	}
	s, err := f.Scenario(record)
	if err != nil {
		return nil, err
	}
	v := &viewing{dir: filepath.Join(f.Dir, key), scenario: s}
	if record.Summary != nil && record.Outcome == experiment.Complete {
		v.fingerprint = record.Summary.Fingerprint
	}
	var values []string
	for i, value := range record.Values {
		values = append(values, f.Index.Keys[i]+"="+value)
	}
	name := fmt.Sprintf("%s, repetition %d", strings.Join(append([]string{s.Name}, values...), " "), record.Repetition)
	v.show = web.NewShow(name, narrator(c, s, nil))
	return v, nil
}
