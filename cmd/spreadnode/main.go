// Command spreadnode runs a node of a Spreadable network, and manages it.
//
//	spreadnode run --hostname n1.example.com
//	spreadnode status
//
// How a node is put together, package node says; what its options are, package config;
// what a command line looks like, package command. This package has the commands, the
// signals and the terminal. The commands other than run and cluster ask the running node
// through its local endpoint (package admin).
package main

import "os"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
