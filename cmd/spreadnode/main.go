// Command spreadnode runs a node of a Spreadable network, and manages it.
//
//	spreadnode run --hostname n1.example.com
//	spreadnode status
//
// Package node puts a node together, package config has its options, and package command
// the form of the command line. This package has the commands, the signals and the
// terminal. The commands other than run and cluster ask the running node through its
// local endpoint (package admin).
package main

import "os"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
