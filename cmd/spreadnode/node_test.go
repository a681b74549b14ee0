package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/internal/nettest"
)

// process is a node in a process of its own: this test binary as spreadnode.
type process struct {
	command *exec.Cmd
	owner   *admin.Client
	lines   chan string // of its log, ends with it
}

// deadline bounds waits for what must happen in every good run.
const deadline = 20 * time.Second

// startProcess runs a node in a directory and waits until its local endpoint is open.
func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return launch(t, dir, args...).reach(t, dir)
}

// reach waits until the local endpoint of a node is open.
func (p *process) reach(t *testing.T, dir string) *process {
	t.Helper()
	p.owner = admin.NewClient(admin.Endpoint{Network: "unix", Address: filepath.Join(dir, "data", "admin.sock")}, "")
	t.Cleanup(p.owner.Close)
	p.await(t, "node started")
	return p
}

// launch runs a node in a directory, with its data in data.
func launch(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return launchCommand(t, dir, nodeCommand(args...), (*exec.Cmd).Start)
}

func nodeCommand(args ...string) *exec.Cmd {
	return exec.Command("spreadnode", append([]string{"run", "--data", "data"}, args...)...)
}

// launchCommand runs a node by a command of the test, whose environment counts before that
// of all nodes. Start is how it starts.
func launchCommand(t *testing.T, dir string, command *exec.Cmd, start func(*exec.Cmd) error) *process {
	t.Helper()
	p := &process{command: command, lines: make(chan string, 1000)}
	p.command.Dir = dir
	p.command.Env = slices.Concat(os.Environ(), quick[:], command.Env) // the last one counts
	out, err := p.command.StderrPipe()
	if err == nil {
		err = start(p.command)
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
		close(p.lines)
	}()
	t.Cleanup(func() {
		p.command.Process.Kill()
		p.exit()
	})
	return p
}

// await waits for a line of the log that holds a text.
func (p *process) await(t *testing.T, text string) string {
	t.Helper()
	late := time.After(deadline)
	for {
		select {
		case line, more := <-p.lines:
			if strings.Contains(line, text) {
				return line
			}
			if !more {
				t.Fatalf("the node ended without saying %q", text)
			}
		case <-late:
			t.Fatalf("the node never said %q", text)
		}
	}
}

// exit waits for the end of the process and returns its exit code, -1 if it was killed,
// and what it said at last.
func (p *process) exit() (code int, said string) {
	var rest strings.Builder
	for line := range p.lines {
		rest.WriteString(line + "\n")
	}
	p.command.Wait() // the code says all; a second Wait is an error of no interest
	return p.command.ProcessState.ExitCode(), rest.String()
}

func (p *process) status(t *testing.T) *admin.Status {
	t.Helper()
	s, err := p.owner.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// port is a free port, as a text.
func port(t *testing.T) string {
	t.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(ports[0])
}

// until asks again and again until the answer is good.
func until(t *testing.T, what string, good func() bool) {
	t.Helper()
	within(t, deadline, what, good)
}

// within is until for what may take longer.
func within(t *testing.T, limit time.Duration, what string, good func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for !good() {
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

// inProcess runs one command line in this process.
func inProcess(args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(append([]string{"spreadnode"}, args...), strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}
