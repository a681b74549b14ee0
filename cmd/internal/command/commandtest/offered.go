package commandtest

import (
	"io"
	"strings"
	"testing"
)

// Offered returns what a program tells a shell about a line, without the program's name,
// that is to be completed: the kind of what can come, and words without their meaning.
func Offered(t *testing.T, run func(args []string, stdout, stderr io.Writer) int, line string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	args := append([]string{"program", "__complete", "--"}, strings.Split(line, " ")...)
	if code := run(args, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("%s: exit code %d, %s", line, code, stderr.String())
	}
	var words []string
	for text := range strings.Lines(stdout.String()) {
		word, _, _ := strings.Cut(strings.TrimSpace(text), "\t")
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
