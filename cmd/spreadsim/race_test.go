//go:build race

package main

// The race detector keeps a shadow of all memory, several times its size.
const memoryFactor = 40
