//go:build unix

package main

import (
	"net"
	"os/exec"
	"testing"
)

// With few descriptors a node says so at the start. Two hundred idle connections fill it,
// which it says too, and its owner reaches it all the same.
func TestTheOwnerReachesANodeInAFlood(t *testing.T) {
	number, dir := port(t), t.TempDir()
	p := launchCommand(t, dir, exec.Command("sh", "-c",
		`ulimit -n 64 && exec spreadnode run --data data --hostname 127.0.0.1 --port `+number), (*exec.Cmd).Start)
	p.await(t, "the limit of open files is too low")
	p.reach(t, dir)
	for range 200 {
		c, err := net.Dial("tcp", "127.0.0.1:"+number)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	p.await(t, "all connections are in use")
	for range 5 {
		if s := p.status(t); s.Address != "127.0.0.1:"+number {
			t.Errorf("the node is %s", s.Address)
		}
	}
}
