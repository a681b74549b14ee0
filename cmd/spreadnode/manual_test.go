package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"spreadable/config"
	"spreadable/internal/nettest"
)

var update = flag.Bool("update", false, "rewrite the table of options in the manual")

const manual = "../../docs/node.md"

func readManual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// optionTables are the tables of all options, one for each group.
func optionTables() string {
	var b strings.Builder
	group := ""
	for _, o := range config.Options() {
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(&b, "\n### %s\n\n| option | npm | default | values | what it is |\n|---|---|---|---|---|\n", group)
		}
		key, npm, standard := "`"+o.Key+"`", "", o.Depends
		if o.Reload {
			key += " ↻"
		}
		if o.Npm != "" {
			npm = "`" + o.Npm + "`"
		}
		if o.Default != "" {
			standard = "`" + o.Default + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", key, npm, standard, o.Unit, o.Usage)
	}
	return b.String() + "\n"
}

func TestManualHasEveryOption(t *testing.T) {
	text := readManual(t)
	begin := strings.Index(text, "<!-- options: begin")
	end := strings.Index(text, "<!-- options: end -->")
	if begin < 0 || end < begin {
		t.Fatal("no place for the options in the manual")
	}
	begin += strings.Index(text[begin:], "\n") + 1
	want := text[:begin] + optionTables() + text[end:]
	if want == text {
		return
	}
	if !*update {
		t.Fatal("the options of the manual are not those of the program; run this test with -update")
	}
	if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestManualHasEveryCommand(t *testing.T) {
	text := readManual(t)
	for _, c := range newApp(nil, nil, nil).Commands {
		if c.Name != "help" && !c.Hidden && !strings.Contains(text, "| `"+c.Name) {
			t.Errorf("%s is not in the table of commands", c.Name)
		}
		for _, s := range c.Subcommands {
			if !strings.Contains(text, "`"+s.Name) && !strings.Contains(text, c.Name+" "+s.Name) {
				t.Errorf("%s %s is not in the table of commands", c.Name, s.Name)
			}
		}
	}
}

// The walkthrough does what it says, as a person would copy it.
func TestManualWalkthroughRuns(t *testing.T) {
	_, script, found := strings.Cut(readManual(t), "```sh\n")
	script, _, closed := strings.Cut(script, "\n```")
	if !found || !closed {
		t.Fatal("no walkthrough in the manual")
	}
	ports, err := nettest.FreePorts("127.0.0.1", 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range ports {
		script = strings.ReplaceAll(script, strconv.Itoa(4001+i), strconv.Itoa(p))
	}
	// Quicker rounds than a person needs.
	script = strings.NewReplacer("INTERVAL=2s", "INTERVAL=1s", "SERVER_TIMEOUT=1s", "SERVER_TIMEOUT=900ms").Replace(script)
	shell := exec.Command("sh", "-e", "-c", script)
	shell.Dir = t.TempDir()
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, want := range []string{"well: 3 nodes in the network", "192.0.2.7:80", "too loud", `"answer": "127.0.0.1"`, "restored spreadnode-"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if left, err := os.ReadDir(shell.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestShippedOptionsAreGood(t *testing.T) {
	options, err := config.Load(config.Given{File: "../../deploy/node.yaml"})
	if err == nil {
		err = options.Resolve(config.LastIPv4)
	}
	if err != nil {
		t.Error(err)
	}
}
