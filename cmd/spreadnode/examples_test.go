package main

import (
	"io"
	"strings"
	"testing"

	"spreadable/cmd/internal/command/commandtest"
)

func TestHelpFitsTheTerminalAndHasExamples(t *testing.T) {
	none := strings.NewReader("")
	commandtest.CheckHelp(t, newApp(none, io.Discard, io.Discard), func(args []string, stdout, stderr io.Writer) int {
		return run(args, none, stdout, stderr)
	})
}
