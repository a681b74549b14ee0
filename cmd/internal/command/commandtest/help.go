package commandtest

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// flagWord is a flag within a text.
var flagWord = regexp.MustCompile(`--[a-z][a-z-]*`)

// CheckHelp checks the help of a program and of each of its commands: it fits a terminal of
// 80 columns, and shows examples, which name only flags that the command has.
func CheckHelp(t *testing.T, app *cli.App, run func(args []string, stdout, stderr io.Writer) int) {
	t.Helper()
	checkHelp(t, app.Commands, app.Name, nil, run)
}

func checkHelp(t *testing.T, commands []*cli.Command, program string, path []string, run func([]string, io.Writer, io.Writer) int) {
	t.Helper()
	var stdout, stderr strings.Builder
	run(append([]string{program, "help"}, path...), &stdout, &stderr)
	text := stdout.String()
	name := strings.Join(append([]string{program}, path...), " ")
	for line := range strings.Lines(text) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
			t.Errorf("the help of %s is wider than 80 columns: %s", name, line)
		}
	}
	_, behind, _ := strings.Cut(text, "\nEXAMPLES\n")
	examples, _, _ := strings.Cut(behind, "\n\n")
	if !strings.HasPrefix(examples, "   "+name) {
		t.Errorf("the help of %s has no example", name)
	}
	if _, options, found := strings.Cut(text, "\nOPTIONS "); found {
		for _, flag := range flagWord.FindAllString(examples, -1) {
			if !strings.Contains(options, flag+" ") {
				t.Errorf("an example of %s has the flag %s, which there is not", name, flag)
			}
		}
	}
	for _, c := range commands {
		if !c.Hidden {
			checkHelp(t, c.Subcommands, program, append(path[:len(path):len(path)], c.Name), run)
		}
	}
}
