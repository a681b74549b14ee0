//go:build !race

package main

// An estimate of memory may be wrong by this factor.
const memoryFactor = 2
