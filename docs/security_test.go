package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// originalHoles is how many holes the original is known to have, and originalDefects how
// many defects the stores on it.
const (
	originalHoles   = 25
	originalDefects = 49
)

var (
	// testsOfPackage matches what the last column says: a package and its tests, of which
	// the first is part of the match.
	testsOfPackage = regexp.MustCompile("`([a-z/]+)`: `Test[^;]*")
	testName       = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	testFunction   = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(t \*testing\.T\)`)
)

// Every hole and attack is tried by a test that exists.
func TestEveryAttackHasATest(t *testing.T) {
	text := read(t, "docs/security.md")
	expectTests(t, text)
	holes := firstCells(section(t, text, "## The original's holes"), "hole of the original")
	if len(holes) != originalHoles {
		t.Errorf("%d holes of the original are listed, want %d", len(holes), originalHoles)
	}
}

// Every defect of the original stores has a test that exists and shows that ours lack it.
func TestEveryDefectOfTheOriginalsHasATest(t *testing.T) {
	text := read(t, "docs/originals.md")
	expectTests(t, text)
	if n := len(firstCells(text, "defect")); n != originalDefects {
		t.Errorf("%d defects are listed, want %d", n, originalDefects)
	}
}

// expectTests expects that the tests in the last of three columns exist.
func expectTests(t *testing.T, text string) {
	t.Helper()
	existing := make(map[string]map[string]bool)
	for _, row := range rows(text) {
		if len(row) != 3 {
			t.Errorf("row %q has %d columns, want 3: is there a | in its text?", row[0], len(row))
			continue
		}
		if row[2] == "test" || strings.Trim(row[2], "-") == "" {
			continue
		}
		packages := testsOfPackage.FindAllStringSubmatch("`"+row[2]+"`", -1)
		if len(packages) == 0 {
			t.Errorf("no test of %q in %q", row[0], row[2])
		}
		for _, match := range packages {
			path := match[1]
			if existing[path] == nil {
				existing[path] = testsIn(t, path)
			}
			for _, name := range testName.FindAllStringSubmatch(match[0], -1) {
				if !existing[path][name[1]] {
					t.Errorf("%q: package %s has no %s", row[0], path, name[1])
				}
			}
		}
	}
}

// testsIn are the names of all tests of a package.
func testsIn(t *testing.T, path string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(path), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range testFunction.FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
	}
	return names
}
