//go:build !unix

package main

import "time"

// peakRSS is 0: this system does not tell.
func peakRSS() int64 { return 0 }

// cpuTime is 0: this system does not tell.
func cpuTime() time.Duration { return 0 }
