package main

import (
	"errors"

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
