package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
)

// table is output for people; programs use --json.
type table struct{ rows [][]string }

func newTable(head ...string) *table { return &table{[][]string{head}} }

func (t *table) row(cells ...any) {
	var texts []string
	for _, c := range cells {
		text := fmt.Sprint(c)
		if text == "" {
			text = "-"
		}
		texts = append(texts, text)
	}
	t.rows = append(t.rows, texts)
}

// widest is how wide a column is, at most: a list of thousands of IPs would put as many
// spaces into all other rows.
const widest = 80

// print aligns the columns, and leaves no spaces at the ends of lines.
func (t *table) print(w io.Writer) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = min(widest, max(widths[i], len([]rune(cell))))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[i], cell)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON, for programs"}
}

func printJSON(c *cli.Context, value any) error { return command.PrintJSON(c, value) }

// date writes a time as people read it.
func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// plural writes a number of things: 1 ban, 3 bans.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
