//go:build unix && !linux

package main

import (
	"runtime"
	"syscall"
)

// peakRSS is the largest resident memory of this process so far, in bytes; 0
// if the system does not tell.
func peakRSS() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // bytes there, kilobytes elsewhere
	}
	return int64(usage.Maxrss) * 1024
}
