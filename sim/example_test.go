package sim_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compiled builds a program of examples/, which is a module of its own.
func compiled(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	compile := exec.Command("go", "build", "-o", program, ".")
	compile.Dir = "../examples/" + name
	compile.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v; does go.mod want \"go mod tidy\" in examples/%s?\n%s", err, name, out)
	}
	return program
}

// tells runs a program with a scenario of these lines, or of a file without any, and wants
// it to say something, and to fail if it refuses the scenario.
func tells(t *testing.T, program, path, lines string, refused bool, want string) {
	t.Helper()
	if lines != "" {
		path = filepath.Join(t.TempDir(), path)
		if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, path).CombinedOutput()
	if (err != nil) != refused || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s\nwant %s", err, out, want)
	}
}

// A latency model of another module is registered, and named in scenario files like ours.
func TestALatencyModelOfAnotherModuleCanBeUsed(t *testing.T) {
	program := compiled(t, "latency")
	tells(t, program, "../examples/latency/moon.yaml", "", false, "moon over moon, mean 5ms\n20 of 20 searches complete")
	tells(t, program, "slow.yaml", "name: slow\nnodes: 10\nduration: 60s\nlatency: {model: moon, mean: 2s}\n", true,
		"slow.yaml:4:30: latency.mean: expected at most 1s on one body")
}

// So is a distribution of sessions.
func TestAChurnModelOfAnotherModuleCanBeUsed(t *testing.T) {
	program := compiled(t, "churn")
	tells(t, program, "../examples/churn/phones.yaml", "", false, "nodes alive in the mean")
	tells(t, program, "mean.yaml", "name: mean\nnodes: 10\nduration: 60s\nchurn: {session: {model: battery, mean: 2h}}\n", true,
		"mean.yaml:4:41: churn.session.mean: has no meaning with model battery, which takes scale")
}

// So is a lie.
func TestALieOfAnotherModuleCanBeTold(t *testing.T) {
	program := compiled(t, "lie")
	tells(t, program, "../examples/lie/gossip.yaml", "", false, "gossip: 20 of 200 nodes lie, 0 of them are banned\nsearches reach 9")
	tells(t, program, "lazy.yaml", "name: lazy\nnodes: 10\nduration: 60s\nattacks: [{at: 30s, lie: lazy}]\n", true,
		`lazy.yaml:4:12: missing key "attacks.0.on", which lie lazy needs`)
}
