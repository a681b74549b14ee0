package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/plots"
	"spreadable/sim/result/words"
)

var docsFull = flag.Bool("docs-full", false,
	"run the sweeps of the how-tos in full, and compare their numbers; with -update, write these and the plots anew")

// smaller is what makes the sweeps of documents small enough for each test, by the file.
var smaller = map[string][]string{
	"approvers-against-colluders": {"repeat=2", "sweep.approval.approvers=[3, 6]"},
	"growth-at-home":              {"repeat=2", "sweep.nodes=[100, 200]"},
	"original-or-directed":        {"repeat=2", "sweep.nodes=[10, 30]"},
	"sizing":                      {"repeat=2", "sweep.workload.searches.count=[20, 40]"},
	"sync-interval-and-churn":     {"repeat=2", "sweep.sync_interval=[32s, 64s]"},
	"mine":                        {"repeat=2"},
}

// The commands that the how-tos and the tutorial show are run as they stand there, their
// sweeps smaller. In full, the numbers must be those of the document too.
func TestTheCommandsOfTheHowTosWork(t *testing.T) {
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"decisions.md", "tutorial.md"} {
		t.Run(name, func(t *testing.T) {
			d := openDocument(t, filepath.Join(docs, name))
			if ran := d.runCommands(t); ran < 5 {
				t.Errorf("%s shows %d commands only", name, ran)
			}
			if *docsFull {
				d.checkNumbers(t)
				d.copyPlots(t, filepath.Join(docs, "images", "decisions"))
			}
		})
	}
}

// document is a how-to, and the folder in which its commands are run.
type document struct {
	path string
	text string
}

// openDocument reads a document, and makes a folder that is like the root of the project
// to its commands. Files that it shows, named in the line before them, are there too.
func openDocument(t *testing.T, path string) *document {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := filepath.Abs("../../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(scenarios, "scenarios"); err != nil {
		t.Fatal(err)
	}
	return &document{path, string(text)}
}

// runCommands runs all indented lines that begin with spreadsim, and writes the files that
// come before them.
func (d *document) runCommands(t *testing.T) (ran int) {
	t.Helper()
	file, content := "", ""
	for line := range strings.Lines(d.text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "<!-- file: "):
			file, content = strings.TrimSuffix(strings.TrimPrefix(line, "<!-- file: "), " -->"), ""
		case file != "" && strings.HasPrefix(line, "```") && content != "":
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			file = ""
		case file != "" && !strings.HasPrefix(line, "```"):
			content += line + "\n"
		case strings.HasPrefix(line, "    spreadsim "):
			command, _, _ := strings.Cut(line[4:], "   #")
			d.run(t, shellWords(strings.TrimSpace(command)))
			ran++
		}
	}
	return ran
}

// shellWords splits a command line at its blanks, but for what stands in single quotes.
func shellWords(command string) (list []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

func (d *document) run(t *testing.T, args []string) {
	t.Helper()
	if args[1] == "sweep" && !*docsFull {
		name := strings.TrimSuffix(filepath.Base(args[2]), ".yaml")
		for _, set := range smaller[name] {
			args = append(args, "--set", set)
		}
	}
	var out bytes.Buffer
	if code := run(args, &out, &out, sim.Run); code != 0 {
		t.Errorf("%s: exit code %d\n%s", strings.Join(args, " "), code, out.String())
	}
}

// checkNumbers makes the tables of numbers anew. Each stands below a line
//
//	<!-- numbers: SWEEP METRIC[/DIVISOR] ROWS COLUMNS [KEY=VALUE] -->
func (d *document) checkNumbers(t *testing.T) {
	t.Helper()
	const begin = "<!-- numbers: "
	parts := strings.Split(d.text, begin)
	for i := 1; i < len(parts); i++ {
		head, rest, _ := strings.Cut(parts[i], " -->\n")
		if rest, _ = strings.CutPrefix(rest, "\n"); !strings.HasPrefix(rest, "|") { // no table yet
			rest = "\n\n" + rest
		}
		shown, after, _ := strings.Cut(rest, "\n\n")
		want := numbers(t, strings.Fields(head))
		if shown+"\n" != want && !*update {
			t.Errorf("%s shows for %s\n%s\nthe sweep gives\n%s(run with -update)", d.path, head, shown, want)
		}
		parts[i] = head + " -->\n" + want + "\n" + after
	}
	if *update {
		if err := os.WriteFile(d.path, []byte(strings.Join(parts, begin)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// numbers is a table of means with the halves of their 95 % intervals.
func numbers(t *testing.T, head []string) string {
	t.Helper()
	f, err := experiment.OpenFolder(filepath.Join("sweeps", head[0]))
	if err != nil {
		t.Fatal(err)
	}
	metric, text, divided := strings.Cut(head[1], "/")
	divisor := 1.0
	if divided {
		if divisor, err = strconv.ParseFloat(text, 64); err != nil {
			t.Fatal(err)
		}
	}
	row, column := slices.Index(f.Index.Keys, head[2]), slices.Index(f.Index.Keys, head[3])
	var rows, columns []string
	cells := map[[2]string]string{}
	for v, variant := range f.Index.Variants {
		if len(head) > 4 && !strings.Contains(" "+f.Index.Label(v)+" ", " "+head[4]+" ") {
			continue
		}
		records, err := f.Records(v)
		if err != nil {
			t.Fatal(err)
		}
		at := [2]string{variant.Values[row], variant.Values[column]}
		for _, m := range experiment.Means(records) {
			if m.Metric == metric {
				cells[at] = words.Short(m.Value/divisor) + " ± " + words.Short((m.High()-m.Low())/2/divisor)
			}
		}
		if !slices.Contains(rows, at[0]) {
			rows = append(rows, at[0])
		}
		if !slices.Contains(columns, at[1]) {
			columns = append(columns, at[1])
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s |\n|%s\n", head[2], strings.Join(columns, " | "), strings.Repeat("---|", len(columns)+1))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", cells[[2]string{r, c}])
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// copyPlots takes the plots that the document shows from its sweeps.
func (d *document) copyPlots(t *testing.T, to string) {
	t.Helper()
	if !*update {
		return
	}
	drawn, err := filepath.Glob(filepath.Join("sweeps", "*", plots.Dir, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for _, path := range drawn {
		byName[filepath.Base(filepath.Dir(filepath.Dir(path)))+"-"+filepath.Base(path)] = path
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if !strings.Contains(d.text, "images/decisions/"+name) {
			continue
		}
		content, err := os.ReadFile(byName[name])
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
