package store

import (
	"errors"
	"os"
	"syscall"
)

// tryLock opens the file for this process alone, or reports that another process has it.
// The system closes it when the process ends, however it ends.
func tryLock(path string) (file *os.File, taken bool, err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, false, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	const sharingViolation = syscall.Errno(32)
	if errors.Is(err, sharingViolation) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), false, nil
}

// errNoSpace is the system's error when a disk is full: ERROR_DISK_FULL.
var errNoSpace error = syscall.Errno(112)

// mapSize is small, because here a file is as large as its map.
const mapSize = 0

// syncDir has nothing to do here: the system decides when it writes names.
func syncDir(string) error { return nil }
