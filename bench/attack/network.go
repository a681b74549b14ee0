package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"spreadable/bench/internal/proc"
)

// nodes is the size of the network. The approvers of a captcha are six of them.
const nodes = 9

// The processors of the node that is measured and of all others, where there are two.
const nodeProcessor, otherProcessor = "0", "1"

const username, password = "bench", "not to be guessed"

// target is what attackers know of the network.
type target struct {
	Address string // of the node that is attacked, and its network
	Hidden  string // port at which something listens that no node should call
}

// network is a running network.
type network struct {
	target
	all    []*exec.Cmd // the first is the one that is attacked
	data   string      // its data directory
	hidden *hidden
	pinned bool // the first has a processor for itself
}

// startNetwork starts the nodes and waits until each knows all others.
func startNetwork(ctx context.Context, scratch string) (*network, error) {
	binary, err := proc.Build(scratch)
	if err != nil {
		return nil, err
	}
	port, err := proc.FreePort()
	if err != nil {
		return nil, err
	}
	h, err := listenHidden()
	if err != nil {
		return nil, err
	}
	n := &network{
		target: target{Address: net.JoinHostPort("127.0.0.1", port), Hidden: h.port()},
		data:   dataOf(scratch, 0), hidden: h,
	}
	if n.pinned = pinSelf(); !n.pinned {
		fmt.Fprintln(os.Stderr, "bench/attack: no taskset or one processor: nothing is pinned")
	}
	for i := range nodes {
		if err := n.startNode(ctx, binary, scratch, i); err != nil {
			n.stop()
			return nil, err
		}
	}
	for i := range nodes {
		ready := command(ctx, binary, "health", "--data", dataOf(scratch, i), "--size", strconv.Itoa(nodes), "--wait", "60s")
		if out, err := ready.Output(); err != nil {
			n.stop()
			return nil, fmt.Errorf("node %d is not ready: %w: %s", i+1, err, out)
		}
	}
	return n, nil
}

// dataOf is the data directory of the i-th node.
func dataOf(scratch string, i int) string { return filepath.Join(scratch, fmt.Sprintf("node%d", i+1)) }

// startNode starts the i-th node, at an IP of its own. Syncs are four times as frequent as
// by default, so that the run is short. The node that is measured has a session of its own:
// Linux shares out processors among sessions, and the attackers have one too.
func (n *network) startNode(ctx context.Context, binary, scratch string, i int) error {
	_, port, err := net.SplitHostPort(n.Address)
	if err != nil {
		return err
	}
	args := []string{binary, "run", "--port", port, "--hostname", fmt.Sprintf("127.0.0.%d", i+1),
		"--bootstrap", n.Address, "--data", dataOf(scratch, i), "--host-limits", "strict",
		"--sync-interval", "4s", "--username", username, "--log-level", "error"}
	switch {
	case n.pinned && i == 0:
		args = append([]string{"setsid", "taskset", "-c", nodeProcessor}, args...)
	case n.pinned:
		args = append([]string{"taskset", "-c", otherProcessor}, args...)
	}
	cmd := command(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "SPREADNODE_PASSWORD="+password)
	if err := cmd.Start(); err != nil {
		return err
	}
	n.all = append(n.all, cmd)
	return nil
}

// pinSelf leaves the first processor to the node that is measured, and reports whether it
// could.
func pinSelf() bool {
	if runtime.NumCPU() < 2 {
		return false
	}
	return exec.Command("taskset", "-a", "-p", "-c", otherProcessor, strconv.Itoa(os.Getpid())).Run() == nil
}

func (n *network) stop() {
	for _, cmd := range n.all {
		cmd.Cancel()
	}
	for _, cmd := range n.all {
		cmd.Wait()
	}
	n.hidden.listener.Close()
}

// diskUsed is the size of the files of the node that is attacked, in bytes.
func (n *network) diskUsed() (size int64, err error) {
	err = filepath.WalkDir(n.data, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// hidden is a service at all loopback IPs that is no node: an internal service that liars
// want a node to call. It counts who connects.
type hidden struct {
	listener net.Listener
	calls    atomic.Int64
}

func listenHidden() (*hidden, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return nil, err
	}
	h := &hidden{listener: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.calls.Add(1)
			c.Close()
		}
	}()
	return h, nil
}

func (h *hidden) port() string {
	_, port, _ := net.SplitHostPort(h.listener.Addr().String())
	return port
}

// nameServer is where the nodes of a run in a namespace of its own look up names.
const nameServer = "127.4.0.1"

// swallowed counts lookups of names that get no answer.
type swallowed struct {
	conn    net.PacketConn // nil where we are not the name server
	lookups atomic.Int64
}

// swallowNames is a name server that never answers, as those of attackers are.
func swallowNames() *swallowed {
	s := &swallowed{}
	if os.Getenv(insideVariable) == "" {
		return s
	}
	conn, err := net.ListenPacket("udp", net.JoinHostPort(nameServer, "53"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/attack: no name server of our own:", err)
		return s
	}
	s.conn = conn
	go func() {
		packet := make([]byte, 1500)
		for {
			if _, _, err := conn.ReadFrom(packet); err != nil {
				return
			}
			s.lookups.Add(1)
		}
	}()
	return s
}

func (s *swallowed) close() {
	if s.conn != nil {
		s.conn.Close()
	}
}

// wait sleeps, or ends early with the context.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
