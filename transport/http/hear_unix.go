//go:build unix

package httptransport

import (
	"net"
	"syscall"
)

// hear waits until a connection has something to read, and reports whether it has. It
// takes nothing, so a connection that waits needs no buffer.
func hear(c net.Conn) bool {
	known, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := known.SyscallConn()
	if err != nil {
		return false
	}
	var first [1]byte
	var count int
	var failed error
	err = raw.Read(func(fd uintptr) (done bool) {
		count, _, failed = syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK)
		return failed != syscall.EAGAIN && failed != syscall.EINTR
	})
	return err == nil && failed == nil && count > 0
}
