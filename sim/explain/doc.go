// Package explain tells in words why a node of a run is where it is: when it came up,
// what it asked for, which nodes refused, listed, dropped or banned it, what a fault did
// to it, which lies it told in an attack, and its place at a time.
//
// A run repeats to the bit, so nothing must have been recorded when it ran: Repeat runs
// its scenario once more, up to that time, with a recorder for the node (package trace),
// and compares what it measures with what the run had measured.
package explain
