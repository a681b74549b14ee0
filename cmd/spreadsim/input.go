package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/sim/scenario"
)

// stdin is the name of a scenario file that is standard input.
const stdin = "-"

// reader reads the scenario files of a command line.
type reader struct {
	context *cli.Context
	drained bool // standard input can be read once
}

func newReader(c *cli.Context) *reader { return &reader{context: c} }

// read returns the text of a file, for [scenario.Parse].
func (r *reader) read(file string) ([]byte, error) {
	if file != stdin {
		return scenario.ReadFile(file)
	}
	if r.drained {
		return nil, errors.New("- (standard input) can be read only once")
	}
	r.drained = true
	return scenario.ReadFrom(r.name(file), r.context.App.Reader)
}

// name is what a file is called in messages.
func (*reader) name(file string) string {
	if file == stdin {
		return "<stdin>"
	}
	return file
}

// settings are those of the flags set and seed, each of a key of its own.
func settings(c *cli.Context) ([]string, error) {
	sets := c.StringSlice("set")
	flags := make([]string, len(sets))
	for i, set := range sets {
		flags[i] = "--set " + set
	}
	if c.IsSet("seed") { // a flag of run and sweep
		sets, flags = append(sets, "seed="+c.String("seed")), append(flags, "--seed "+c.String("seed"))
	}
	first := make(map[string]string)
	for i, set := range sets {
		key, _, _ := strings.Cut(set, "=")
		if flag, again := first[key]; again {
			return nil, fmt.Errorf("%s: %s is given twice, by %s before; want one of them", flags[i], key, flag)
		}
		first[key] = flags[i]
	}
	return sets, nil
}
