package coretest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"spreadable/core/coretest"
)

// The package comment lists the commands as the table has them, each with a file of its
// own.
func TestEveryCommandIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	_, scripts, _ := strings.Cut(string(doc), "# Scripts")
	for line := range strings.Lines(scripts) {
		if _, command, ok := strings.Cut(line, "//\t"); ok {
			listed = append(listed, strings.TrimSpace(command))
		}
	}
	var want []string
	for _, c := range coretest.Commands() {
		want = append(want, strings.TrimSpace(c.Name+" "+c.Args)+": "+c.Does)
		file := "command_" + strings.ReplaceAll(c.Name, "-", "_") + ".go"
		if _, err := os.Stat(file); err != nil {
			t.Errorf("command %s has no file: %v", c.Name, err)
		}
	}
	if !slices.Equal(listed, want) {
		t.Errorf("the package comment lists\n%s\nwant\n%s", strings.Join(listed, "\n"), lines(want))
	}
}

// lines writes the list as the package comment has it.
func lines(want []string) (text string) {
	for _, line := range want {
		text += fmt.Sprintf("//\t%s\n", line)
	}
	return text
}
