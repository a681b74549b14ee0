package httptransport

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"spreadable/core/message"
)

// What failed on the own machine says nothing of the peer, and its text has no address: the
// caller adds it. All else does say something, and a refused connection most.
func TestFailuresOfTheOwnMachineAreToldApart(t *testing.T) {
	fails := func(with error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4000}, Err: with}
	}
	for _, number := range []syscall.Errno{
		syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ENETDOWN,
	} {
		err := noAnswer(fails(os.NewSyscallError("connect", number)))
		if want := message.ErrLocal.Error() + ": connect: " + number.Error(); !errors.Is(err, message.ErrLocal) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, number := range []syscall.Errno{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ECONNRESET, syscall.ETIMEDOUT} {
		err := noAnswer(fails(os.NewSyscallError("connect", number)))
		if errors.Is(err, message.ErrLocal) || message.IsRefused(err) != (number == syscall.ECONNREFUSED) {
			t.Errorf("%v: %v", number, err)
		}
	}
	long := errors.Join(syscall.EMFILE, errors.New(strings.Repeat("x", 1000)))
	if err := noAnswer(fails(long)); len(err.Error()) != len(message.ErrLocal.Error())+2+200 {
		t.Errorf("a text of %d bytes: %v", len(err.Error()), err)
	}
}
