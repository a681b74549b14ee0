package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"spreadable/cmd/internal/command/commandtest"
)

// The quickstart of the manual works as it stands.
func TestTheQuickstartOfDocuments(t *testing.T) {
	manual, err := os.ReadFile("../../docs/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(manual), "## Quickstart\n\n```sh\n")
	text, _, _ = strings.Cut(text, "```")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d commands: %q", len(lines), lines)
	}
	script := "env SPREADNODE_PORT=$P1\nexec " + lines[0] + "one&\nexec spreadnode health --wait 20s\nexec " + lines[1] + "\nexec " + lines[2] +
		"\nstdout '\"text\":\"world\"'\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "quickstart.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	params := commandtest.Params()
	params.Dir, params.Setup = dir, quickNodes
	testscript.Run(t, params)
}
