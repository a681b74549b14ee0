package js

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The manual has all options, with their defaults, and all that the client can do.
func TestTheManualKnowsTheClient(t *testing.T) {
	manual, err := os.ReadFile("../../docs/javascript.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(Source), "const defaults = {\n")
	list, _, _ = strings.Cut(list, "\n};")
	options := regexp.MustCompile(`(?m)^  (\w+): ([^,]+),`).FindAllStringSubmatch(list, -1)
	_, table, _ := strings.Cut(string(manual), "| option of a client |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]+) \\|").FindAllStringSubmatch(table, -1)
	if len(options) != 9 || len(rows) != len(options) {
		t.Fatalf("%d options, and %d rows", len(options), len(rows))
	}
	for i, option := range options {
		value := strings.Trim(strings.ReplaceAll(option[2], "_", ""), "'")
		if rows[i][1] != option[1] || value != "undefined" && strings.Trim(rows[i][2], "`") != value {
			t.Errorf("the manual says %q, want %q", rows[i][1:], option[1:])
		}
	}
	_, class, _ := strings.Cut(string(Source), "export class Client {\n")
	class, _, _ = strings.Cut(class, "\n}\n")
	methods := regexp.MustCompile(`(?m)^  (?:static )?(?:async )?([a-z]\w*)\(`).FindAllStringSubmatch(class, -1)
	var names []string
	for _, method := range methods {
		if name := method[1]; name != "constructor" && !slices.Contains(names, name) {
			names = append(names, name)
			if !strings.Contains(string(manual), "| `client."+name+"(") && !strings.Contains(string(manual), "| `Client."+name+"(") {
				t.Errorf("the manual does not have %s", name)
			}
		}
	}
	if len(names) < 8 {
		t.Errorf("the client has only %q", names)
	}
}

// So do the tables of the stores.
func TestTheManualKnowsTheStores(t *testing.T) {
	manual, err := os.ReadFile("../../docs/javascript.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Documents", "Files", "Music"} {
		_, class, found := strings.Cut(string(Source), "\nclass "+name+" {\n")
		class, _, _ = strings.Cut(class, "\n}\n")
		_, table, _ := strings.Cut(string(manual), "## "+name+"\n")
		table, _, _ = strings.Cut(table, "\n## ")
		methods := regexp.MustCompile(`(?m)^  (?:async )?([a-z]\w*)\(`).FindAllStringSubmatch(class, -1)
		if !found || len(methods) < 5 {
			t.Errorf("class %s has %q", name, methods)
		}
		for _, method := range methods {
			if name := method[1]; name != "constructor" && !strings.Contains(table, "`"+name+"(") {
				t.Errorf("the manual does not have %s", name)
			}
		}
	}
}

// One file that any page may import has none of its own.
func TestTheClientHasNoDependencies(t *testing.T) {
	if found := regexp.MustCompile(`(?m)^\s*import |require\(|import\(`).Find(Source); found != nil {
		t.Errorf("it has %q", found)
	}
}
