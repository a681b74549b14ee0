// Package httptransport is the real wire: the node core over HTTP and HTTPS, in the
// protocol of the npm package spreadable 0.3. A node of this package is a member of any
// network of npm nodes, and of networks of its own kind.
//
// # The smallest use
//
//	address := peer.MustParse("n1.example.com:4000")
//	book := peer.NewBook(httptransport.DefaultBookLimit)
//	self, _ := book.Intern(address)
//	node, err := httptransport.New(httptransport.Options{
//		Config:  &core.Config{Book: book, Bootstrap: []core.Peer{self}},
//		Address: address,
//	})
//	if err == nil {
//		err = node.Start(nil)
//	}
//
// # Threads and ownership
//
// Formally: a node has one goroutine, the loop. It owns the core, its pool of tasks, the
// book of addresses, the random stream, the alarms and all tables of requests on their
// way. Other goroutines reach these only by events, functions posted to the loop's inbox,
// and read only the view, an immutable value that the loop publishes. Per incoming
// request there is net/http's goroutine, which owns the visit; per outgoing request on
// the wire there is one, which owns nothing but the outgoing and what it received. A step
// is: one event and at most a few dozen more that are waiting, the alarms that are due,
// the node's requests to itself. After a step Persist runs; then, and only then, the view
// is published and the effects of the step are released: answers to those that wait,
// requests to others. The loop never waits for others: its effects are sends into
// channels with capacity left, and starts of goroutines. All others may wait for the
// loop, until the request's context ends, or the loop itself.
//
// Less formally: the node is a program with one thread, and HTTP happens around it.
// Handlers parse, check and send in parallel; only what needs the node's state goes
// through the loop, one after the other, some microseconds each. Peers are small integers
// inside the loop and texts outside; package wire translates at the border. Nothing
// outside ever holds a core.Peer.
//
// Most requests of a network at rest ask for the structure. They are answered from the
// view, already encoded, unless the sender has to be checked: there are bans or lists, or
// the request would clear the sender's failures. Only the syntax of their bodies is
// checked, and the answer is sent in one piece (listener.go).
//
// # What happens to a request
//
// ServeHTTP has the order of npm nodes: origin (originOf), CORS, body (readBody), access,
// route. Function access has its checks in their order; each has the status and message
// of an npm node. Where npm nodes fail with a 500, this package answers with a 4xx. Then
// incoming.go: the kind's fields are read (wire.ReadRequest), the loop takes the request
// and gives it to the node, the answer is written in the loop and released when the step
// is saved, and the server sends it.
//
// # What happens to a call
//
// See call.go, from top to bottom. Call writes the request (wire.Speaker.Request) and,
// when the step is saved, launches it: starts a goroutine, or queues the call while
// MaxCalls are on the wire. The caller sends it and reads the answer (wire.Outgoing),
// which arrives as an event of the loop. A call is finished once: by its answer, by its
// error, or by its alarm, whichever comes first. Then its sink is removed, and the others
// have no effect. A request of the node to itself does not leave the process.
//
// # Bounds
//
// Everything that others can make grow has a limit: headers, bodies before and after
// inflation, large bodies in memory at a time, connections, clients' requests in work,
// events waiting, calls on the wire, bytes and entries of answers, names looked up,
// addresses remembered. Addresses are interned for as long as they are needed: when the
// book is nearly full, the loop puts off new procedures until the running ones have
// ended, and then makes the node sweep the book.
//
// # State
//
// Options.Persist is called after every step, before anything leaves the process;
// Node.Start takes what restores the node. Both run in the loop. A store needs no lock
// and no snapshot: nothing changes while it reads. An error of Persist stops the node. In a
// flood it may leave the changes of several steps for one save. Until then only what came of
// events that changed nothing leaves the process.
//
// # Between our own nodes
//
// What only Go nodes understand is invisible to npm nodes. A Server header tells that
// connections may be kept. An ETag on the structure, sent back in If-None-Match, makes an
// unchanged one cost a 304. The header Timeout-Budget tells what is left of the timeout
// budget without a time of day. Some bodies have fields of our own, which npm nodes
// ignore: see package wire.
package httptransport
