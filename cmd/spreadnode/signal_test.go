//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"spreadable/internal/nettest"
)

func TestASignalMakesANodeLeave(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := startProcess(t, nettest.ShortDir(t), "--port", port(t))
		p.command.Process.Signal(signal)
		if code, said := p.exit(); code != 0 || !strings.Contains(said, "msg=left") || !strings.Contains(said, signal.String()) {
			t.Errorf("%v: exit code %d, said:\n%s", signal, code, said)
		}
	}
}

// A request in work holds up the node that leaves; the second signal does not wait for
// it.
func TestASecondSignalEndsANodeAtOnce(t *testing.T) {
	number := port(t)
	p := startProcess(t, nettest.ShortDir(t), "--port", number, "--leave-timeout", "1h")
	conn, err := net.Dial("tcp", "127.0.0.1:"+number)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// With "100 Continue" the node tells that it has begun to read the body, which never
	// comes.
	fmt.Fprintf(conn, "POST /client/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.command.Process.Signal(syscall.SIGTERM)
	p.await(t, "msg=leaving")
	p.command.Process.Signal(syscall.SIGINT)
	if code, said := p.exit(); code != 1 || !strings.Contains(said, "spreadnode: ended at once by a second signal") {
		t.Errorf("exit code %d, said:\n%s", code, said)
	}
}

func TestSIGHUPReadsTheOptionsAgain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "node.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("log_level: info\n")
	p := startProcess(t, dir, "--port", port(t), "--config", "node.yaml")
	write("log_level: warn\nbootstrap: [localhost:9]\n")
	p.command.Process.Signal(syscall.SIGHUP)
	until(t, "the new bootstrap address is in force", func() bool {
		list, err := p.owner.Bootstrap(t.Context())
		return err == nil && slices.Equal(list, []string{"localhost:9"})
	})
	write("log_level: loud\n")
	p.command.Process.Signal(syscall.SIGHUP)
	line := p.await(t, "the options were not read again")
	if !strings.Contains(line, "want one of debug, info, warn, error") {
		t.Errorf("%s", line)
	}
	if list, err := p.owner.Bootstrap(t.Context()); err != nil || !slices.Equal(list, []string{"localhost:9"}) {
		t.Errorf("a bad file changed the node: %v, %v", list, err)
	}
	p.command.Process.Signal(syscall.SIGTERM)
	if _, said := p.exit(); strings.Contains(said, "level=INFO") {
		t.Errorf("said at level warn:\n%s", said)
	}
}

func TestANodeWithoutALocalEndpointListensToSignals(t *testing.T) {
	dir := t.TempDir()
	p := launch(t, dir, "--port", port(t), "--admin", "off")
	p.await(t, "admin=off")
	if _, err := os.Stat(filepath.Join(dir, "data", "admin.sock")); err == nil {
		t.Error("there is a local endpoint")
	}
	p.command.Process.Signal(syscall.SIGTERM)
	if code, said := p.exit(); code != 0 {
		t.Errorf("exit code %d, said:\n%s", code, said)
	}
}
