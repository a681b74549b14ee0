// Package node is a running node of a Spreadable network, as a library: the core on the
// real wire, its state on disk and a local endpoint for its owner, put together from one
// set of options. The program spreadnode is this package with a command line around it.
// An application runs the node in its own process and adds handlers, which the clients of
// the network call.
//
// # The smallest use
//
//	options := config.Defaults()
//	options.Hostname = "n1.example.com"
//	n, err := node.New(node.Options{Config: options})
//	if err != nil {
//		return err
//	}
//	return n.Run(ctx) // until ctx ends
//
// This node starts a network of its own. With options.Bootstrap it joins one: any address
// of a node that is in the network already will do, of this project or of the npm package
// spreadable 0.3.
//
// # What an application adds
//
// [Node.Handle] serves POST /client/<name> by a handler of net/http, after the checks
// that all requests of clients pass: address lists and bans, the password of a closed
// network, the version of the network, the size of the body. [Node.HandleApproved] does
// so only for clients that the network has approved, see [Options.Approvals].
// [Options.Queries] are requests to all nodes of the network, whose answers are merged on
// the way back. Package client is the other side.
//
// Handlers run in goroutines of their own, many at a time. They may call any method of
// the node, from any goroutine.
//
// # A node's life
//
// [New] checks all options, reads the certificates and opens nothing. [Node.Run] opens
// the data directory, the port and the local endpoint, and serves until the first of
// these:
//
//   - its context ends,
//   - [Node.Stop] or [Node.Leave] is called, or the owner asks for it at the local
//     endpoint,
//   - the node fails: its state cannot be saved, or it has panicked.
//
// Then Run tells the node's slaves to find other places, serves for the time of the option
// leave_notice if there are any, and tells the backlink that the node has gone. It takes no
// new connections, waits for requests in progress, and closes all that it has opened. All
// that takes up to the option leave_timeout. Run returns nil, or why the node failed. When
// it has returned, none of the node's goroutines is left, and its port and data directory
// are free for the next node. With leave_notice 0s, and among npm nodes, the others drop
// this one when it has not answered for a while.
//
// A Node runs once. To start it again, make a new one with the same options: with its
// data directory it has its place in the network, its bans and its approvals again.
//
// # What the caller has to do
//
//  1. Say where the node is. Other nodes must reach it at hostname and port, and see its
//     requests come from the IP that the hostname leads to.
//  2. Give every node a port and a data directory of its own. Apart from that any number
//     of nodes can live in one process; they share nothing.
//  3. Add handlers before Run, and call Run once.
//  4. Look at the error of Run. A node that has failed does not come back by itself.
//  5. Handle signals: this package does not, and it never ends the process. Let Run
//     return before the process ends. A process that is killed loses nothing that it has
//     told others, but breaks off the requests in progress.
//
// # What it leaves on disk
//
// The data directory, mode 0700, named by the option data. It holds state.db, lock, and,
// while the node runs, admin.sock, or for an endpoint on a port admin.token, which stays.
// All that the node must remember is in state.db before others hear of it. Package store
// says more. An ephemeral node ([Options.Ephemeral]) touches no disk.
package node
