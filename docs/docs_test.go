// Package docs checks that the documents of the project say what its code does: every key, default, number, column
// and plot is described, the examples are good scenarios, and the links lead somewhere.
package docs

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/film"
	"spreadable/sim/plots"
	"spreadable/sim/report"
	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// read returns a document by its path from the root of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section returns the part of a document from a heading to the next one of the same or a higher level.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, body, found := strings.Cut(text, heading+"\n")
	if !found {
		t.Fatalf("no heading %q", heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	for end := level; end != ""; end = end[1:] {
		body, _, _ = strings.Cut(body, "\n"+end+" ")
	}
	return body
}

// rows returns the cells of every row of the tables in a text, without the code marks and spaces around them.
func rows(text string) [][]string {
	var list [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		list = append(list, cells)
	}
	return list
}

// firstCells returns the first cell of every row but those of heads, which begin with the given word.
func firstCells(text, head string) []string {
	var list []string
	for _, row := range rows(text) {
		if row[0] != head && strings.Trim(row[0], "-") != "" {
			list = append(list, row[0])
		}
	}
	return list
}

// sameSet tells which names are documented but do not exist, and the other way round.
func sameSet(t *testing.T, what string, documented, existing []string) {
	t.Helper()
	for _, name := range documented {
		if !slices.Contains(existing, name) {
			t.Errorf("%s %s is documented but does not exist", what, name)
		}
	}
	for _, name := range existing {
		if !slices.Contains(documented, name) {
			t.Errorf("%s %s is not documented", what, name)
		}
	}
}

// property is what the tests need of a key's JSON Schema.
type property struct {
	Properties map[string]property
	Default    any
}

// keys adds the default of every key of a scenario to defaults: as text, or "none". The numbers below expect are
// those of the summary, which have a document of their own.
func keys(prefix string, p property, defaults map[string]string) {
	for name, key := range p.Properties {
		path := prefix + name
		if len(key.Properties) > 0 && path != "expect" {
			keys(path+".", key, defaults)
			continue
		}
		defaults[path] = "none"
		if key.Default != nil {
			defaults[path] = fmt.Sprint(key.Default)
		}
	}
}

func TestEveryScenarioKeyIsDocumentedWithItsDefault(t *testing.T) {
	var schema property
	if err := json.Unmarshal(scenario.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	defaults := make(map[string]string)
	keys("", schema, defaults)

	documented := make(map[string]string)
	for _, row := range rows(read(t, "docs/scenarios.md")) {
		if len(row) == 5 && row[0] != "key" && strings.Trim(row[0], "-") != "" {
			for _, class := range classesOf(row[0]) {
				documented[strings.Replace(row[0], "CLASS", class, 1)] = row[3]
			}
		}
	}
	sameSet(t, "key", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(defaults)))
	for key, said := range documented {
		if slices.Contains([]string{"required", "0", "0s"}, said) {
			said = "none" // the schema gives no default to a required key, nor to one whose zero is plain nothing
		}
		if is, ok := defaults[key]; ok && is != said {
			t.Errorf("the default of %s is %s, not %s", key, is, said)
		}
	}
}

// classesOf lists the classes whose key a row documents; "" for a key of none.
func classesOf(key string) []string {
	if !strings.Contains(key, "CLASS") {
		return []string{""}
	}
	var names []string
	for f := range reflect.TypeFor[scenario.Classes]().Fields() {
		names = append(names, f.Tag.Get("yaml"))
	}
	return names
}

var update = flag.Bool("update", false, "rewrite what documents repeat of the code")

// latencyModels finds the table of the latency models.
var latencyModels = regexp.MustCompile(`(?m)^\| model \| takes \| shape \|\n(\|.*\n)+`)

// The table of the latency models is that of the code: -update writes it anew.
func TestTheReadmeListsEveryDocument(t *testing.T) {
	readme := read(t, "README.md")
	documents, err := filepath.Glob("*.md")
	if err != nil || len(documents) == 0 {
		t.Fatal(documents, err)
	}
	for _, name := range documents {
		if !strings.Contains(readme, "](docs/"+name+")") {
			t.Errorf("the README does not link docs/%s", name)
		}
	}
}

func TestEveryLatencyModelIsDocumented(t *testing.T) {
	const path = "docs/scenarios.md"
	text := read(t, path)
	if *update {
		text = latencyModels.ReplaceAllLiteralString(text, scenario.LatencyTable())
		if err := os.WriteFile(filepath.Join("..", path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := latencyModels.FindString(text), scenario.LatencyTable(); got != want {
		t.Errorf("the latency models of %s are\n%snot\n%s(run with -update)", path, got, want)
	}
}

// block finds the fenced YAML blocks of a document.
var block = regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```")

func TestExamplesAreGoodScenarios(t *testing.T) {
	for _, path := range []string{"README.md", "docs/scenarios.md", "docs/experiments.md"} {
		whole := 0
		for _, found := range block.FindAllStringSubmatch(read(t, path), -1) {
			text := found[1] + "\n"
			if strings.Contains(text, "name:") {
				whole++
			} else { // some keys only: complete it with the least that a scenario needs
				text = "name: example\nnodes: 100\nduration: 60s\nworkload: {searches: {count: 1}}\n" + text
			}
			if err := goodScenario(path, text); err != nil {
				t.Errorf("%v in:\n%s", err, text)
			}
		}
		if whole == 0 {
			t.Errorf("%s has no whole scenario", path)
		}
	}
}

// goodScenario says what is wrong with a scenario, or with a variant of an experiment.
func goodScenario(path, text string) error {
	design, err := scenario.ParseDesign(path, []byte(text), nil)
	if err == nil {
		_, err = experiment.NewPlan(design, "")
	}
	return err
}

func TestShippedExperimentsAreGood(t *testing.T) {
	files, err := filepath.Glob("../scenarios/sweeps/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			err = goodScenario(file, string(text))
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// The program in the manual is the one that the tests of package node build and run.
func TestTheEmbeddedNodeIsTheExample(t *testing.T) {
	if program := read(t, "examples/embed/main.go"); !strings.Contains(read(t, "docs/embedding.md"), "\n```go\n"+program+"```\n") {
		t.Error("docs/embedding.md does not hold examples/embed/main.go as it is")
	}
}

// The steps of the manual are those of the extension that the tests of package node run.
func TestTheExtensionOfTheManualIsTheExample(t *testing.T) {
	var example strings.Builder
	for _, name := range []string{"board.go", "web.go", "main.go", "board_test.go"} {
		example.WriteString(read(t, "examples/extension/"+name))
	}
	blocks := strings.Split(read(t, "docs/extending.md"), "```go\n")[1:]
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```\n")
		if !strings.Contains(example.String(), code) {
			t.Errorf("examples/extension does not hold\n%s", code)
		}
	}
	if len(blocks) < 7 {
		t.Errorf("%d pieces of code", len(blocks))
	}
}

func TestEveryNumberOfTheSummaryIsDocumented(t *testing.T) {
	var list, single []string
	for _, path := range firstCells(section(t, read(t, "docs/results.md"), "## summary.json"), "path") {
		if !result.Known(path) {
			t.Errorf("%s is documented but does not exist", path)
		}
		if strings.Contains(path, ".0.") || strings.Contains(path, ".errors.") {
			list = append(list, path)
		} else {
			single = append(single, path)
		}
	}
	// Paths leaves out the elements of lists and the names of errors.
	sameSet(t, "number", single, result.Paths())
	sameSet(t, "number", list, []string{
		"approval.liars.0.liars", "approval.liars.0.draws", "approval.liars.0.expected",
		"structure.levels.0.level", "structure.levels.0.masters", "structure.levels.0.members.min",
		"structure.levels.0.members.mean", "structure.levels.0.members.max",
		"faults.steps.0.at_s", "faults.steps.0.nodes", "attacks.steps.0.at_s", "attacks.steps.0.nodes",
		"search.errors.REQUEST_TIMEDOUT", "approval.errors.REQUEST_TIMEDOUT",
	})
}

func TestEveryFileAndColumnOfTheResultsIsDocumented(t *testing.T) {
	doc := read(t, "docs/results.md")
	dir := filepath.Join(t.TempDir(), "run")
	run := resulttest.Run(100, 1)
	run.Copies = []result.CopiesRow{{Store: "files"}}
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Written by packages of their own:
	existing := append(trace.Files(), film.File, "plots/", "report.html", scenario.FilesFolder+"/")
	for _, file := range files {
		existing = append(existing, file.Name())
	}
	documented := firstCells(doc[:strings.Index(doc, "\n## ")], "file")
	sameSet(t, "file", documented, existing)

	for _, file := range []string{result.SeriesFile, result.RequestsFile, result.NodesFile, result.NotesFile, result.StoresFile, result.ApproversFile} {
		sameSet(t, "column of "+file, firstCells(section(t, doc, "## "+file), "column"), header(t, filepath.Join(dir, file)))
	}
}

func TestEveryErrorIsDocumented(t *testing.T) {
	sameSet(t, "error", firstCells(section(t, read(t, "docs/results.md"), "## Errors"), "error"), []string{
		result.ErrorTimeout, result.ErrorUnreachable, result.ErrorDenied, result.ErrorMalformed, result.ErrorNoOther,
		result.ErrorRunEnded, result.ErrorOther,
	})
}

// header returns the names of the columns of a table.
func header(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	names, err := csv.NewReader(file).Read()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEveryPlotIsDocumented(t *testing.T) {
	var existing []string
	for _, file := range plots.Files() {
		if name, isSVG := strings.CutSuffix(file, ".svg"); isSVG {
			existing = append(existing, name)
		}
	}
	sameSet(t, "plot", firstCells(section(t, read(t, "docs/results.md"), "## Plots"), "file"), existing)
}

// plotted are runs that have all plots between them.
var plotted = []string{
	"name: attacked\nnodes: 60\nduration: 300s\nattacks: [{at: 100s, lie: omits, on: 20%}]\n" +
		"workload: {searches: {count: 20, start: 50s, over: 150s}, approvals: {count: 40, start: 110s, over: 150s}}\napproval: {draw: host, group: ip, period: 20s}\n",
	"name: stores\nnodes: 30\nduration: 200s\npreload: {documents: 40}\nworkload: {documents: {rate: 1}}\n",
}

// Without the files that the table names, a plot is missing or another one; without all
// others it is the same.
func TestPlotsAreDrawnFromTheFilesThatTheTableNames(t *testing.T) {
	files := map[string]func(*result.Run){
		result.SeriesFile: func(r *result.Run) { r.Samples = nil }, result.RequestsFile: func(r *result.Run) { r.Requests = nil },
		result.NodesFile: func(r *result.Run) { r.Nodes = nil }, result.NotesFile: func(r *result.Run) { r.Notes = nil }, result.StoresFile: func(r *result.Run) { r.Copies = nil }, result.ApproversFile: func(r *result.Run) { r.Loads = nil },
		result.SummaryFile: func(r *result.Run) { r.Summary.Approval = nil },
	}
	named := make(map[string]string)
	for _, row := range rows(section(t, read(t, "docs/results.md"), "## Plots")) {
		named[row[0]] = row[3]
	}
	seen := make(map[string]bool)
	for _, text := range plotted {
		s, err := scenario.Parse("plotted.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		run, err := sim.Run(s, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		whole := pictures(t, run)
		for file, remove := range files {
			without := *run
			remove(&without)
			for name, picture := range pictures(t, &without) {
				if changed := picture != whole[name]; whole[name] != "" && file != result.SummaryFile && changed != (named[name] == file) {
					t.Errorf("without %s the plot %s is another one: %v; the table says that it is drawn from %s", file, name, changed, named[name])
				}
				seen[name] = seen[name] || whole[name] != ""
			}
			if name := plots.Dir + "/captured"; file == result.SummaryFile && named[name] == file && pictures(t, &without)[name] != "" {
				t.Errorf("the plot %s is not drawn from %s", name, file)
			}
		}
	}
	for _, file := range plots.Files() {
		if name, isSVG := strings.CutSuffix(file, ".svg"); isSVG && !seen[name] {
			t.Errorf("no run here has %s", name)
		}
	}
}

// pictures are the plots of a run by their names; "" for one that is missing.
func pictures(t *testing.T, run *result.Run) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, file := range plots.Files() {
		all[strings.TrimSuffix(strings.TrimSuffix(file, ".svg"), ".png")] = ""
	}
	for _, p := range plots.Draw(run) {
		svg, err := p.SVG()
		if err != nil {
			t.Fatal(err)
		}
		all[plots.Dir+"/"+p.Name] = string(svg)
	}
	return all
}

// What the simulator leaves out is written once, for the report; the README has the same
// words.
func TestTheReportAndTheReadmeNameTheSameLimits(t *testing.T) {
	if said := strings.TrimSpace(section(t, read(t, "README.md"), "## What the simulator does not model")); said != strings.TrimSpace(report.Limits) {
		t.Errorf("the README says\n%s\nthe report\n%s", said, report.Limits)
	}
}

// link finds the targets of links and pictures.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	documents, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range documents {
		documents[i] = filepath.Join("docs", documents[i])
	}
	for _, path := range append(documents, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		for _, found := range link.FindAllStringSubmatch(read(t, path), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue // the tests use no network
			}
			file := filepath.Join(filepath.Dir(path), target)
			if target == "" {
				file = path
			}
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, found[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, file)), anchor) {
				t.Errorf("%s: %s has no heading for #%s", path, file, anchor)
			}
		}
	}
}

// notInAnchor is what forges leave out when they make an anchor of a heading.
var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors lists the anchors of a document's headings.
func anchors(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			name := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			list = append(list, strings.ReplaceAll(name, " ", "-"))
		}
	}
	return list
}
