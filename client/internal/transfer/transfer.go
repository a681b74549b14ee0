// Package transfer is what the clients of stores need to ask nodes, and to send and receive
// files.
package transfer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Open opens a file to be sent, and says how long it is. What is no regular file, such as a
// directory or a pipe, has no length that could be promised, and is refused.
func Open(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: no regular file", path)
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}

// Save makes a file of what receive writes. The file appears at its path when receive has
// returned without an error and the bytes are on disk; else nothing is left of it.
func Save(path string, receive func(file *os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".download-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone, if it was renamed
	err = receive(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// Restart empties a file, so that it can be received anew.
func Restart(file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return file.Truncate(0)
}
