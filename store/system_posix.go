//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package store

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the file's lock, or reports that another process has it. The system
// releases it when the file is closed or the process ends, however it ends.
func tryLock(path string) (file *os.File, taken bool, err error) {
	file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, false, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return nil, true, nil
	}
	return nil, false, err
}

// errNoSpace is the system's error when a disk is full.
var errNoSpace error = syscall.ENOSPC

// mapSize is how much of its address space a store takes at once: more than most states
// ever need.
const mapSize = 64 << 20

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
