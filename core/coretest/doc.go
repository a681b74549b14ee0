// Package coretest is a little world for tests of the core and of extensions: a network
// in virtual time whose hosts can be killed, hung, held, crashed, cut off from each
// other, or played by a script. It runs the scripts of core/testdata/interaction and the
// faults of package faults.
//
// It shares no code with the simulator: neither sim/kernel nor transport/inmem. So the
// two can judge each other. Tests only may import it.
//
// The smallest use is a network of three nodes:
//
//	n := coretest.New(t, 25*time.Millisecond, 1)
//	for range 3 {
//		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
//	}
//	n.Run(time.Minute)
//	if v := n.Violation(); v != "" {
//		t.Error(v)
//	}
//
// # Scripts
//
// A script is a file of commands with what they print
// (github.com/cockroachdb/datadriven). RunScripts runs a folder of them; an extension
// adds commands of its own. Hosts are named by their numbers, from 1 in the order of
// adding. Each command stands in a file of its own, command_*.go, which says what else it
// takes:
//
//	network [latency=] [seed=]: begins a new network
//	add-nodes [n=] [bootstrap=] [rule=] ...: adds nodes, not started yet
//	fake [node=] [address=]: makes a host that gives fixed answers, a line each
//	start [node=]: starts one, or all that are not up
//	run for= [quiet]: lets time pass; prints the nodes' notes
//	sync [node=]: runs one sync to its end; prints the notes
//	sync-many node= [times=] [apart=]: runs syncs, some time apart, and drops the notes
//	targets [from=] [kind=]: counts the requests since the last look by receiver
//	structure [node=]: prints backlink, slaves and masters
//	status [node=]: prints what a node says about itself
//	trace [from=] [kind=]: prints the requests since the last look
//	forget: drops trace and notes up to now
//	count [from=] [kind=]: counts the requests since the last look by outcome
//	check: prints the first invariant that does not hold
//	sizes: prints how many nodes each node counts
//	kill node=: takes a host down: it refuses all requests
//	revive node=: brings it up again, with all that it knew
//	hang node= [off]: lets a host take requests and answer none
//	cut from=: cuts the hosts from a number on off from the others
//	heal: ends the cut
//	ban node= at= [for=]: bans a node at another
//	bans at=: prints a node's bans
//	suspicion of= at=: prints the scores and failures of a node at another
//	request kind= to= [from=] [client=] [root=] ...: sends one request by hand
//	search entry= [key=] [name=] [client=]: searches the network for a key's holders
//	available entry=: asks for a node to use
//	available-many entry= times=: counts the nodes that are named
//	approve entry= [client=] [action=]: gets a client approved, all the way
//	draw entry= [client=] [action=]: draws a client's approvers
//	add [client=] [node=] [time=] [info=] [key=]: asks the drawn approvers to vouch
//	question entry= [client=] [confirmed=]: asks for the question
//	act entry= [client=] [answer=] [ip=] ...: shows the proof and acts
//	check-part node= from= [client=] [answer=] ...: asks an approver as an entry node does
package coretest
