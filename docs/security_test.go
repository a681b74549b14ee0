package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// originalHoles is how many holes the original is known to have.
const originalHoles = 25

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
	holes := firstCells(section(t, text, "## The original's holes"), "hole of the original")
	if len(holes) != originalHoles {
		t.Errorf("%d holes of the original are listed, want %d", len(holes), originalHoles)
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
