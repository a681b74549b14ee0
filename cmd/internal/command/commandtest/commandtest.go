// Package commandtest has what the script tests of the programs share: the words for exit codes, lines and widths that
// package command promises.
package commandtest

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Script is a command of a test script.
type Script = func(ts *testscript.TestScript, negated bool, args []string)

// Params are those of the scripts in testdata/script; UPDATE_SCRIPTS=1 rewrites what the scripts expect. The scripts
// know these commands:
//
//	exits CODE PROGRAM ARG...  the program ends with that exit code
//	oneline FILE               the file (often stderr) holds exactly one line
//	narrow FILE                no line of the file is wider than 80 columns
//
// The caller may add to what is returned.
func Params() testscript.Params {
	return testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Cmds:                map[string]Script{"exits": exits, "oneline": oneLine, "narrow": narrow},
	}
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func oneLine(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("not one line: %q", text)
	}
}

func narrow(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
			ts.Fatalf("wider than 80 columns: %s", line)
		}
	}
}
