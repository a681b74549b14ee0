package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/config"
)

// Every limit that docs/node.md lists has options, metrics and log lines that exist.
func TestLimitsShow(t *testing.T) {
	text := section(t, read(t, "docs/node.md"), "### Limits and how they show")
	options := make(map[string]bool)
	for _, o := range config.Options() {
		options[o.Key] = true
	}
	metrics := read(t, "node/metrics.go")
	logged := read(t, "core/env.go") + goSources(t, "transport/http") + goSources(t, "node")
	limits := 0
	for _, row := range rows(text) {
		if len(row) != 4 || row[1] == "options" || strings.Trim(row[1], "-") == "" {
			continue
		}
		limits++
		for _, name := range names(row[1]) {
			if !options[name] {
				t.Errorf("%s: there is no option %s", row[0], name)
			}
		}
		for _, name := range names(row[2]) {
			if !strings.Contains(metrics, `"`+name+`"`) {
				t.Errorf("%s: there is no metric %s", row[0], name)
			}
		}
		for _, line := range names(row[3]) {
			if !strings.Contains(logged, `"`+line) {
				t.Errorf("%s: nothing logs %q", row[0], line)
			}
		}
	}
	if limits < 15 {
		t.Errorf("%d limits are listed, want 15 or more", limits)
	}
	for _, o := range config.Options() {
		if o.Group == "Limits" && !strings.Contains(text, "`"+o.Key+"`") {
			t.Errorf("the option %s is a limit, and no row tells how it shows", o.Key)
		}
	}
}

// names are what stands in backquotes in a cell.
func names(cell string) (list []string) {
	for _, item := range strings.Split(cell, ",") {
		list = append(list, strings.Trim(item, "` "))
	}
	return list
}

// goSources are the files of a package, without its tests, one after the other.
func goSources(t *testing.T, path string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(path), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			all.Write(text)
		}
	}
	return all.String()
}
