//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"spreadable/admin"
	"spreadable/internal/nettest"
)

// The program that people deploy, with its file of options and its data directory, in a
// network of npm nodes.

// program is spreadnode as its owner has it: a file that is executed, and a directory
// with all that is its own.
type program struct {
	path, dir string
	address   string
	running   *exec.Cmd
}

// buildProgram makes spreadnode of a checkout, and returns the file.
func buildProgram(t *testing.T, checkout string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spreadnode")
	build := exec.Command("go", "build", "-o", path, "./cmd/spreadnode")
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build in %s: %v\n%s", checkout, err, out)
	}
	return path
}

// newProgram is a program at an IP of its own, with a file of options for a member of the
// network with that root, or for the root itself if that is "". Its rounds are short.
func newProgram(t *testing.T, path, host, root string) *program {
	t.Helper()
	return programWith(t, path, host, root, fmt.Sprintf(`sync_interval: %v
server_timeout: %v
ping_timeout: %v
approvers: auto
ban_by_address: true
`, round, serverTimeout, pingTimeout))
}

// programWith is newProgram with other options.
func programWith(t *testing.T, path, host, root, more string) *program {
	t.Helper()
	dir := t.TempDir()
	port := nettest.FreePort(t, "")
	p := &program{path: path, dir: dir, address: fmt.Sprintf("%s:%d", host, port)}
	if root == "" {
		root = p.address
	}
	options := fmt.Sprintf("hostname: %s\nport: %d\ndata: data\nbootstrap: [%q]\n%s", host, port, root, more)
	if err := os.WriteFile(filepath.Join(dir, "node.yaml"), []byte(options), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.running != nil {
			p.running.Process.Kill()
			p.running.Wait()
		}
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("the program says:\n%s", log)
		}
	})
	return p
}

// start runs the program in its directory, and returns when it serves its owner.
func (p *program) start(t *testing.T, flags ...string) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.running = p.command(append([]string{"run"}, flags...)...)
	p.running.Stderr = log
	if err := p.running.Start(); err != nil {
		t.Fatal(err)
	}
	p.must(t, "health", "--live", "--wait", "20s")
}

// stop ends the program by a signal, as a service manager does.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.running.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.running.Wait(); err != nil {
		t.Fatalf("told to leave, the program ends with %v", err)
	}
	p.running = nil
}

func (p *program) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, append(args, "--config", "node.yaml")...)
	cmd.Dir = p.dir
	return cmd
}

// must runs one of the owner's commands, and returns what it prints.
func (p *program) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.command(args...).Output()
	if err != nil {
		t.Fatalf("spreadnode %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (p *program) status(t *testing.T) (s admin.Status) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.must(t, "status", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// isMember reports whether all nodes, the program too, are registered and see a network
// of all, and a member lists it.
func (p *program) isMember(t *testing.T, n *network) bool {
	t.Helper()
	all := len(n.members) + 1
	states := n.look(t)
	listed := slices.ContainsFunc(states, func(s state) bool { return s.lists(p.address) })
	if !listed || slices.ContainsFunc(states, func(s state) bool { return s.Size != all || !s.Registered }) {
		return false
	}
	own := p.status(t)
	return own.Registered && own.NetworkSize == all
}

func (s *state) lists(address string) bool {
	return slices.Contains(s.Slaves, address) || slices.Contains(s.Masters, address)
}

// TestTheProgramIsAMember: spreadnode joins npm nodes, is stopped and started on what it
// has stored, is away until the others have forgotten it, and is a member again each
// time.
func TestTheProgramIsAMember(t *testing.T) {
	t.Parallel()
	n := &network{standard: true}
	n.start(t, 3, 0, true)
	root := n.members[0].address
	p := newProgram(t, buildProgram(t, ".."), "127.0.0.21", root)
	p.start(t)
	eventually(t, "the program is a member", 20, func() bool { return p.isMember(t, n) })
	p.must(t, "ban", "add", "192.0.2.1:80", "--reason", "kept")

	// Without a sync it can know its place from its store only.
	p.stop(t)
	p.start(t, "--auto-sync=false")
	if s := p.status(t); !s.Registered || s.Backlink == "" || s.Root != root || s.Masters == 0 || s.Bans != 1 {
		t.Errorf("started on its store, it is %+v", s)
	}
	eventually(t, "it is a member again", 20, func() bool {
		p.must(t, "sync")
		return p.isMember(t, n)
	})

	p.stop(t)
	// they need not agree: three npm nodes may never do
	eventually(t, "the others have forgotten it", 30, func() bool {
		return !slices.ContainsFunc(n.look(t), func(s state) bool { return s.lists(p.address) || s.Size > len(n.members) })
	})
	p.start(t)
	eventually(t, "it is a member once more", 20, func() bool { return p.isMember(t, n) })
	if bans := p.must(t, "ban", "ls"); !strings.Contains(bans, "192.0.2.1:80") || !strings.Contains(bans, "kept") {
		t.Errorf("its bans are %s", bans)
	}
	n.approveNpmClient(t, &member{process: &process{name: "the program"}, address: p.address}, 2)
}

// TestANodeOfTwoLevelsJoinsNpmNodes: npm nodes know no branches. A node that is to have two
// levels says so once, and is a member of their network at one level.
func TestANodeOfTwoLevelsJoinsNpmNodes(t *testing.T) {
	t.Parallel()
	n := &network{standard: true}
	n.start(t, 3, 0, true)
	p := newProgram(t, buildProgram(t, ".."), "127.0.0.21", n.members[0].address)
	p.start(t, "--levels", "2")
	eventually(t, "the program is a member", 20, func() bool { return p.isMember(t, n) })
	if s := p.status(t); s.Levels != 1 || s.Root != n.members[0].address {
		t.Errorf("it has %d levels in the network %s", s.Levels, s.Root)
	}
	log, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if said := strings.Count(string(log), `msg="one level"`); said != 1 {
		t.Errorf("it says %d times that it stays at one level", said)
	}
	n.approveNpmClient(t, &member{process: &process{name: "the program"}, address: p.address}, 2)
}
