package main

import (
	"io"
	"testing"

	"spreadable/cmd/internal/command/commandtest"
)

func TestHelpFitsTheTerminalAndHasExamples(t *testing.T) {
	commandtest.CheckHelp(t, newApp(io.Discard, io.Discard, canned), func(args []string, stdout, stderr io.Writer) int {
		return run(args, stdout, stderr, canned)
	})
}
