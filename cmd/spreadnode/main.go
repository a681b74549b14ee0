// Command spreadnode runs a node of a Spreadable network, and manages it.
//
//	spreadnode run --hostname n1.example.com
//	spreadnode status
//
// What a node is, is the business of package core; how it speaks, of transport/http; how it is put together for a
// server, of internal/service; what a command line looks like, of package command. This package has the commands, the
// signals and the terminal. The commands other than run and cluster ask the running node through its local endpoint
// (package admin).
package main

import "os"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
