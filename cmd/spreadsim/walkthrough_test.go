package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/sim"
)

var update = flag.Bool("update", false, "rewrite what documents show of the program's output")

// docs/traces.md shows commands and what they print: that is what they print. -update
// writes it anew.
func TestTheWalkThroughOfTracesIsTrue(t *testing.T) {
	const fence = "```"
	path, err := filepath.Abs("../../docs/traces.md")
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := filepath.Abs("../../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(scenarios, "scenarios"); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), fence)
	shown := 0
	for i := 1; i < len(parts); i += 2 {
		session, isConsole := strings.CutPrefix(parts[i], "console\n")
		if !isConsole {
			continue
		}
		shown++
		got := "console\n" + replay(t, session)
		if got != parts[i] && !*update {
			t.Errorf("docs/traces.md shows\n%s\nthe program prints\n%s\n(run with -update)", parts[i], got)
		}
		parts[i] = got
	}
	if shown < 3 {
		t.Errorf("docs/traces.md shows %d sessions only", shown)
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(parts, fence)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// replay runs the commands of a session and returns it with what they print.
func replay(t *testing.T, session string) string {
	t.Helper()
	var out bytes.Buffer
	for line := range strings.Lines(session) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		if !isCommand {
			continue
		}
		out.WriteString(line)
		if code := run(strings.Fields(command), &out, &out, sim.Run); code != 0 {
			t.Errorf("%s: exit code %d", strings.TrimSpace(command), code)
		}
	}
	return out.String()
}
