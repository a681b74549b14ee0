package node_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/client"
	"spreadable/internal/nettest"
)

// embedded is examples/embed as a process: a module of its own, as an application has.
type embedded struct {
	command *exec.Cmd
	said    strings.Builder
	owner   *admin.Client
}

// build compiles examples/embed with the modules that are there already.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "embed")
	compile := exec.Command("go", "build", "-o", program, ".")
	compile.Dir = "../examples/embed"
	compile.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v; does go.mod want \"go mod tidy\" in examples/embed?\n%s", err, out)
	}
	return program
}

// launch starts the program in a directory, and waits for its node.
func launch(t *testing.T, program, dir, port string) *embedded {
	t.Helper()
	e := &embedded{command: exec.Command(program)}
	e.command.Dir, e.command.Stderr = dir, &e.said
	e.command.Env = append(os.Environ(), "SPREADNODE_HOSTNAME=127.0.0.1", "SPREADNODE_PORT="+port)
	must(t, e.command.Start())
	t.Cleanup(func() {
		e.command.Process.Kill() // an error if it has ended already
		e.command.Wait()
	})
	e.owner = admin.NewClient(admin.Endpoint{Network: "unix", Address: filepath.Join(dir, "spreadnode-"+port, "admin.sock")}, "")
	t.Cleanup(e.owner.Close)
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for late := time.After(20 * time.Second); ; {
		if status, err := e.owner.Status(t.Context()); err == nil && status.Settled() {
			return e
		}
		select {
		case <-pause.C:
		case <-late:
			t.Fatal("the node is not there after 20 s")
		}
	}
}

// stop interrupts the program as Ctrl-C does.
func (e *embedded) stop(t *testing.T) {
	t.Helper()
	must(t, e.command.Process.Signal(os.Interrupt))
	if err := e.command.Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, &e.said)
	}
}

// The example in the manual is a whole program. It serves its handlers, stops, and goes
// on with the same state when it is started again.
func TestTheExampleRuns(t *testing.T) {
	program, dir, port := build(t), nettest.ShortDir(t), fmt.Sprint(nodeConfig(t).Port)
	for run := range 2 {
		e := launch(t, program, dir, port)
		c, err := client.Connect(t.Context(), client.Options{Addresses: []string{"127.0.0.1:" + port}, WorkerChange: -1})
		must(t, err)
		you := map[string]string{"name": "you"}
		greet := func(endpoint string, options ...client.RequestOption) (string, error) {
			var answer struct{ Greeting string }
			err := c.Request(t.Context(), endpoint, you, &answer, options...)
			return answer.Greeting, err
		}
		if greeting, err := greet("greet"); greeting != "Hello, you!" || err != nil {
			t.Errorf("greet: %q, %v", greeting, err)
		}
		if _, err := greet("greet-approved"); !errors.Is(err, client.CodeApprovalRequired) {
			t.Errorf("greet-approved without an approval: %v", err)
		}
		if run == 0 {
			approval := approve(t, c)
			if greeting, err := greet("greet-approved", client.WithApproval(approval)); greeting != "Hello, you!" || err != nil {
				t.Errorf("greet-approved: %q, %v", greeting, err)
			}
			_, err := e.owner.AddBan(t.Context(), "192.0.2.7:80", admin.BanRequest{Seconds: 60})
			must(t, err)
		}
		if bans, err := e.owner.Bans(t.Context()); err != nil || len(bans) != 1 {
			t.Errorf("bans: %v, %v", bans, err)
		}
		c.Close()
		e.stop(t)
	}
}

// The extension of the manual is a module of its own, whose tests run it in the simulator
// and on a real node.
func TestTheExampleExtensionRunsInBothWorlds(t *testing.T) {
	test := exec.Command("go", "test", "-count=1", ".")
	test.Dir = "../examples/extension"
	test.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v; does go.mod want \"go mod tidy\" in examples/extension?\n%s", err, out)
	}
}
