package httptransport

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ear waits for the first bytes of silent connections, on one goroutine for all. With one
// for each, a flood would cost thousands of stacks, all of which each collection of garbage
// visits, and as many timers. A nil ear hears nothing.
type ear struct {
	heard func(*conn) // is told of a connection that has something to read, or has ended
	fd    int         // an epoll instance
	epoll *os.File    // the same, for Go's own poller
	ended chan struct{}

	mu      sync.Mutex
	waiting map[int32]*conn // by number
	last    int32           // number given
}

// newEar returns nil where the kernel refuses an epoll instance.
func newEar(heard func(*conn)) *ear {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	unix.SetNonblock(fd, true) // so that Go's poller waits for it, and no thread
	e := &ear{
		heard: heard, fd: fd, epoll: os.NewFile(uintptr(fd), "epoll"),
		ended: make(chan struct{}), waiting: make(map[int32]*conn),
	}
	ready, err := e.epoll.SyscallConn()
	if err != nil || e.epoll.SetReadDeadline(time.Now()) != nil {
		e.epoll.Close()
		return nil
	}
	go e.run(ready)
	return e
}

// listen begins to wait for a connection, and reports whether it can.
func (e *ear) listen(c *conn) bool {
	known, ok := c.Conn.(syscall.Conn)
	if e == nil || !ok {
		return false
	}
	raw, err := known.SyscallConn()
	if err != nil {
		return false
	}
	e.mu.Lock()
	e.last++
	c.number, c.until = e.last, time.Now().Add(patience())
	e.waiting[c.number] = c
	e.mu.Unlock()
	// It is heard once. The kernel forgets it when it is closed.
	event := &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: c.number}
	failed := raw.Control(func(fd uintptr) { err = unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, int(fd), event) })
	if failed == nil && err == nil {
		return true
	}
	e.forget(c)
	return false
}

// take ends the wait for a connection, and returns it; nil if it has ended before.
func (e *ear) take(number int32) *conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.waiting[number]
	delete(e.waiting, number)
	return c
}

// forget ends the wait for a connection that is closed, if there is one.
func (e *ear) forget(c *conn) {
	if e != nil {
		e.take(c.number)
	}
}

// run waits until the ear is closed.
func (e *ear) run(ready syscall.RawConn) {
	defer close(e.ended)
	var events [128]unix.EpollEvent
	for {
		count := 0
		err := ready.Read(func(uintptr) (done bool) {
			count, _ = unix.EpollWait(e.fd, events[:], 0)
			return count > 0
		})
		switch {
		case err == nil:
			for _, event := range events[:count] {
				if c := e.take(event.Fd); c != nil {
					e.heard(c)
				}
			}
		case os.IsTimeout(err):
			next := lookEvery
			if e.sweep(time.Now()) > 0 {
				next = sweepEvery
			}
			e.epoll.SetReadDeadline(time.Now().Add(next))
		default:
			return
		}
	}
}

const (
	// lookEvery is the time between two looks whether connections wait.
	lookEvery = time.Second
	// sweepEvery is the time between two sweeps while there are some: in a flood hundreds end
	// each second, and nobody should wait until all of them are closed.
	sweepEvery = lookEvery / 10
)

// sweep closes the connections that have been silent too long, and returns how many wait on.
func (e *ear) sweep(now time.Time) (left int) {
	var ended []*conn
	e.mu.Lock()
	for number, c := range e.waiting {
		if now.After(c.until) {
			delete(e.waiting, number)
			ended = append(ended, c)
		}
	}
	left = len(e.waiting)
	e.mu.Unlock()
	for _, c := range ended {
		c.Close()
	}
	return left
}

// close ends all waits. The connections stay open.
func (e *ear) close() {
	if e != nil {
		e.epoll.Close()
		<-e.ended
	}
}
