package nettest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Several machines for a test, by network namespaces of Linux: the test runs in a
// namespace of its own, whose loopback interface may have any addresses, and each machine
// is one more, joined to a switch by a virtual cable. Nothing of it reaches the real
// network, and all of it is gone with the test's process.

// aloneVariable names the test that a process is for.
const aloneVariable = "SPREADABLE_TEST_ALONE"

// Alone runs a top-level test as the root of a network of its own, in another process of
// the test binary. The test is skipped where the kernel refuses that.
func Alone(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if os.Getenv(aloneVariable) == t.Name() {
		IP(t, "link", "set", "lo", "up")
		test(t)
		return
	}
	ctx := t.Context()
	args := []string{"-test.v", "-test.run=^" + regexp.QuoteMeta(t.Name()) + "$"}
	if deadline, found := t.Deadline(); found {
		args = append(args, fmt.Sprint("-test.timeout=", time.Until(deadline)))
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, self, args...)
	command.Env = append(os.Environ(), aloneVariable+"="+t.Name())
	command.SysProcAttr = newNamespaces()
	out, err := command.CombinedOutput()
	refusal := syscall.Errno(0)
	switch {
	case errors.As(err, &refusal):
		t.Skipf("the kernel refuses network namespaces: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case testing.Verbose():
		t.Logf("%s", out)
	}
}

// newNamespaces are for the network and for mounts, such as /etc/hosts. A user that is not
// root becomes the root of a user namespace.
func newNamespaces() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// IP runs the program ip, of iproute2. A kernel that has no such device skips the test.
func IP(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		t.Fatal("the test needs the program ip: install iproute2")
	case strings.Contains(string(out), "not supported"), strings.Contains(string(out), "Unknown device type"):
		t.Skipf("the kernel refuses ip %s: %s", strings.Join(args, " "), out)
	case err != nil:
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// Hosts makes the file of host names for all programs of a test that runs Alone. A later
// call replaces the names; programs may remember the old ones for some seconds.
func Hosts(t *testing.T, lines ...string) {
	t.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("hosts-%d", os.Getpid()))
	_, err := os.Stat(path)
	first := err != nil
	text := "127.0.0.1 localhost\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if !first {
		return
	}
	t.Cleanup(func() { os.Remove(path) })
	err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") // or the machine would see it
	if err == nil {
		err = unix.Mount(path, "/etc/hosts", "", unix.MS_BIND, "")
	}
	if err != nil {
		t.Fatalf("/etc/hosts: %v", err)
	}
}

// Machine is a machine of a test that runs Alone.
type Machine struct {
	name string
	net  *os.File // its network namespace
}

// NewMachine joins a machine with some addresses, such as 10.9.0.2/24, to a switch. A
// switch is made when it is first named, by at most 12 letters.
func NewMachine(t *testing.T, name, to string, addresses ...string) *Machine {
	t.Helper()
	m := &Machine{name: name}
	err := inside(nil, func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			m.net, err = os.Open("/proc/thread-self/ns/net")
		}
		return err
	})
	if err != nil {
		t.Skipf("the kernel refuses another network namespace: %v", err)
	}
	t.Cleanup(func() { m.net.Close() })
	IP(t, "link", "add", m.cable(), "type", "veth", "peer", "name", "eth-"+name)
	m.move(t, "eth-"+name)
	IP(t, "link", "set", m.cable(), "up")
	m.ip(t, "link", "set", "lo", "up")
	m.ip(t, "link", "set", "eth-"+name, "name", "eth0")
	for _, a := range addresses {
		m.Address(t, "add", a)
	}
	m.ip(t, "link", "set", "eth0", "up")
	m.Plug(t, to)
	return m
}

// cable is the name of the end of a machine's cable at the switch.
func (m *Machine) cable() string { return "to-" + m.name }

// move puts an interface into a machine. The program ip finds the namespace as its own
// descriptor 3, the first that follows the standard ones.
func (m *Machine) move(t *testing.T, link string) {
	t.Helper()
	command := exec.Command("ip", "link", "set", link, "netns", "/proc/self/fd/3")
	command.ExtraFiles = []*os.File{m.net}
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("the cable of %s: %v: %s", m.name, err, out)
	}
}

// Plug puts the machine's cable into another switch: machines at different switches do not
// reach each other, and hear nothing of why.
func (m *Machine) Plug(t *testing.T, to string) {
	t.Helper()
	if exec.Command("ip", "link", "show", "sw-"+to).Run() != nil {
		IP(t, "link", "add", "sw-"+to, "type", "bridge")
		IP(t, "link", "set", "sw-"+to, "up")
	}
	IP(t, "link", "set", m.cable(), "master", "sw-"+to)
}

// Address adds or deletes ("add", "del") an address.
func (m *Machine) Address(t *testing.T, verb, address string) {
	t.Helper()
	args := []string{"addr", verb, address, "dev", "eth0"}
	if verb == "add" && strings.Contains(address, ":") {
		args = append(args, "nodad") // of use at once
	}
	m.ip(t, args...)
}

func (m *Machine) ip(t *testing.T, args ...string) {
	t.Helper()
	command := exec.Command("ip", args...)
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := errors.Join(m.Start(command), command.Wait()); err != nil {
		t.Fatalf("%s: ip %s: %v: %s", m.name, strings.Join(args, " "), err, said.String())
	}
}

// Start starts a program on the machine.
func (m *Machine) Start(command *exec.Cmd) error { return inside(m.net, command.Start) }

// inside runs f in a thread that is in a network namespace, or, with none, in the present
// one. Programs that f starts are there, too; goroutines are not. F may take the thread to
// another namespace: it ends with f.
func inside(namespace *os.File, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if namespace != nil {
			if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
				done <- err
				return
			}
		}
		done <- f()
	}()
	return <-done
}
