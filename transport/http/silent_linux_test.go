package httptransport

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spreadable/core/message"
)

// silentPort is an address at which nothing answers, as behind a firewall or at the other
// side of a partition: the kernel drops what does not fit into the queue of a listener.
func silentPort(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	for { // until the queue is full
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

// However often a silent peer is called, each call is a failure of the peer, and nothing
// of it is left when its time is over: not of this machine, which lacks no connection.
func TestCallsToASilentPeerEndWithTheirTime(t *testing.T) {
	n, address := startNode(t, "127.0.0.1", nil, nil), silentPort(t)
	for i := range DefaultCallsPerPeer + 10 {
		resp := callFrom(t, n, address, message.Request{Kind: message.KindPing, Timeout: 10 * time.Millisecond})
		if resp.Err == nil || errors.Is(resp.Err, message.ErrLocal) {
			t.Fatalf("call %d: %v", i+1, resp.Err)
		}
	}
}
