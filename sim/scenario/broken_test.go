package scenario_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// located is the shape of an error about a place in a file.
var located = regexp.MustCompile(`^testdata/broken/[a-z0-9-]+\.yaml:[0-9]+:[0-9]+: .`)

// TestBrokenFilesGetOneLineWithTheirPlace reads every file of testdata/broken:
// none may be accepted, each has its line in broken.golden.
func TestBrokenFilesGetOneLineWithTheirPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d broken files, %v", len(files), err)
	}
	var got strings.Builder
	for _, file := range files {
		_, err := scenario.Load(file, nil)
		if err == nil {
			t.Errorf("%s: accepted", file)
			continue
		}
		line := err.Error()
		if strings.Contains(line, "\n") || !located.MatchString(line) || len(line) > 500 {
			t.Errorf("not one clear line: %q", line)
		}
		got.WriteString(line + "\n")
	}
	golden(t, "testdata/broken.golden", got.String())
}

// golden compares got with a file, or rewrites the file under -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite with -update); got:\n%s", file, got)
	}
}
