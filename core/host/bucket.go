package host

import (
	"errors"
	"fmt"
)

// Bucket holds the keys of one extension. It belongs to the node's thread. What is put is
// on disk before anything that the same step causes leaves the node: no peer or client
// hears of a value that could still be lost. In a step, Get sees what was put.
//
// Values belong to the caller of Get and Scan, and to the bucket once they are put: none
// may be changed. Keys and values may hold any bytes.
type Bucket interface {
	// Get returns the value of a key, nil for none.
	Get(key string) []byte
	// Put sets a value. It fails for a key or value that is too long, by ErrTooLong, and when
	// the bucket is full, by ErrFull.
	Put(key string, value []byte) error
	// Delete forgets a key.
	Delete(key string)
	// Scan visits the keys from one on, in order of their bytes, until visit returns false.
	// Visit must not change the bucket.
	Scan(from string, visit func(key string, value []byte) bool)
	// Space is how many bytes keys and values take, and how many they may; a Limit of 0 is
	// none.
	Space() Space
}

// The longest keys and values of a Bucket, in bytes.
const (
	MaxKey   = 4 << 10
	MaxValue = 4 << 20
)

// ErrTooLong is the error of a key or value beyond the limits of a Bucket.
var ErrTooLong = errors.New("too long")

// CheckSize says what is wrong with the size of a key or value.
func CheckSize(key string, value []byte) error {
	switch {
	case key == "" || len(key) > MaxKey:
		return fmt.Errorf("%w: a key of %d bytes, want 1 to %d", ErrTooLong, len(key), MaxKey)
	case value == nil || len(value) > MaxValue:
		return fmt.Errorf("%w: a value of %d bytes, want 0 to %d and not nil", ErrTooLong, len(value), MaxValue)
	}
	return nil
}

// CheckSpace says whether a bucket has space for so many bytes more.
func CheckSpace(s Space, more int) error {
	if s.Limit > 0 && more > 0 && s.Used+int64(more) > s.Limit {
		return fmt.Errorf("%w: keys and values take %d of %d bytes, and %d more are wanted", ErrFull, s.Used, s.Limit, more)
	}
	return nil
}
