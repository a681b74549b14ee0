package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that the table of attacks names exists in the package that it names.
func TestTheTableOfAttacksNamesRealTests(t *testing.T) {
	name := regexp.MustCompile("`([a-z/]+|Test[A-Za-z0-9_]+|Fuzz[A-Za-z0-9_]+)`")
	for line := range strings.Lines(read(t, "docs/security.md")) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.Trim(cells[1], " -") == "" || strings.TrimSpace(cells[3]) == "test" {
			continue
		}
		in := ""
		tests := 0
		for _, match := range name.FindAllStringSubmatch(cells[3], -1) {
			if !strings.HasPrefix(match[1], "Test") && !strings.HasPrefix(match[1], "Fuzz") {
				in = match[1]
				continue
			}
			tests++
			if !defined(t, in, match[1]) {
				t.Errorf("%s: there is no %s in %q", cells[1], match[1], in)
			}
		}
		if tests == 0 {
			t.Errorf("%s: no test is named", cells[1])
		}
	}
}

// defined reports whether a package has a test.
func defined(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+test+"(") {
			return true
		}
	}
	return false
}
