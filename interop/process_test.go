//go:build interop

package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// process is a node or a client in a process of its own.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	mu    sync.Mutex
	next  int
	wait  map[int]chan reply
	ended chan struct{}
}

// reply is the answer to one line.
type reply struct {
	ID    int             `json:"id"`
	OK    json.RawMessage `json:"ok"`
	Error string          `json:"error"`
	Code  string          `json:"code"`
}

// refusal is an error with the code of the wire.
type refusal struct{ message, code string }

func (r refusal) Error() string { return r.message + " (" + r.code + ")" }

func code(err error) string {
	if r := (refusal{}); errors.As(err, &r) {
		return r.code
	}
	return ""
}

// startProcess starts a program that speaks lines of JSON; it ends with the test.
func startProcess(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	// What a process leaves behind when it is killed goes with the test.
	cmd.Env = append(cmd.Environ(), "TMPDIR="+nettest.ShortDir(t))
	p := &process{name: name, cmd: cmd, wait: make(map[int]chan reply), ended: make(chan struct{})}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	go p.listen(out)
	t.Cleanup(p.kill)
	return p
}

func (p *process) listen(out io.Reader) {
	defer close(p.ended)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			fmt.Fprintf(os.Stderr, "%s says: %s\n", p.name, lines.Text())
			continue
		}
		p.mu.Lock()
		wait := p.wait[r.ID]
		delete(p.wait, r.ID)
		p.mu.Unlock()
		if wait != nil {
			wait <- r
		}
	}
}

// kill ends the process at once, as a power failure would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd.Wait()
}

// do sends a line and decodes the answer into result.
func (p *process) do(verb string, args map[string]any, result any) error {
	reply := make(chan reply, 1)
	p.mu.Lock()
	p.next++
	line := map[string]any{"id": p.next, "do": verb}
	for k, v := range args {
		line[k] = v
	}
	p.wait[p.next] = reply
	text, err := json.Marshal(line)
	if err == nil {
		_, err = p.in.Write(append(text, '\n'))
	}
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	select {
	case r := <-reply:
		if r.OK == nil {
			return refusal{r.Error, r.Code}
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.OK, result)
	case <-p.ended:
		return fmt.Errorf("%s has ended", p.name)
	case <-ctx.Done():
		return fmt.Errorf("%s does not answer to %s", p.name, verb)
	}
}

// must is do for what has to work.
func (p *process) must(t testing.TB, verb string, args map[string]any, result any) {
	t.Helper()
	if err := p.do(verb, args, result); err != nil {
		t.Fatalf("%s: %s: %v", p.name, verb, err)
	}
}

// npmProcess starts the npm side, goProcess ours.
func npmProcess(t testing.TB, name string) *process {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", "spreadable")); err != nil {
		t.Fatalf("the npm package is not installed, run npm ci in interop: %v", err)
	}
	return startProcess(t, name, exec.Command("node", "peer.mjs"))
}

func goProcess(t testing.TB, name string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	return startProcess(t, name, cmd)
}
