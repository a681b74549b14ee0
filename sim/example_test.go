package sim_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A latency model of another module is registered, and named in scenario files like ours.
func TestAModelOfAnotherModuleCanBeUsed(t *testing.T) {
	program := filepath.Join(t.TempDir(), "latency")
	compile := exec.Command("go", "build", "-o", program, ".")
	compile.Dir = "../examples/latency"
	compile.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v; does go.mod want \"go mod tidy\" in examples/latency?\n%s", err, out)
	}
	out, err := exec.Command(program, "../examples/latency/moon.yaml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "moon over moon, mean 5ms\n20 of 20 searches complete") {
		t.Errorf("%v: %s", err, out)
	}
	refused := filepath.Join(t.TempDir(), "slow.yaml")
	if err := os.WriteFile(refused, []byte("name: slow\nnodes: 10\nduration: 60s\nlatency: {model: moon, mean: 2s}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = exec.Command(program, refused).CombinedOutput()
	if want := "slow.yaml:4:30: latency.mean: expected at most 1s on one body"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s\nwant %s", err, out, want)
	}
}
