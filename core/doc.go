// Package core is a Spreadable node: one member of a network of servers that has no centre.
//
// # What a node is
//
// Servers of many owners run the same node. Some of them keep a list of others: such a node is a master, those in its list
// are its slaves, and to them it is their backlink. Any node can be both, roles are no privileges, and they change at any
// time. The masters know each other, and every node knows the masters. The number of masters, and of slaves per
// master, tends to the square root of the number of nodes N, so a request to everybody takes three sequential steps
// whatever N is: client to any node, that node to all masters, the masters to their slaves.
//
// A node does not know whether its world is real. Package transport/inmem runs many thousands of them in virtual time,
// package transport/http runs one on a server, and both run this code.
//
// # The smallest use
//
// A Node is a state machine without a clock, a goroutine, a lock or a socket. Its driver owns it:
//
//	var node core.Node
//	node.Init(config, env, pool, self) // a validated Config, the driver's Env, the Pool of its thread, the own address
//	node.Offer(query)                  // what applications answer at this node, if any
//	node.Start()                       // it begins to look for its place
//
// From then on the driver has these duties, always from the same thread of control and never from inside another call:
//
//   - A request has arrived: call node.Serve. If it is done, send the response. If not, keep the ticket; the node will
//     call Env.Reply with it.
//   - A timer that the node set by Env.After is due: call node.Wake with its tag.
//   - A request that the node sent by Env.Call has been answered, refused, or timed out: call the Answer method of
//     its Sink, once.
//
// That is all it must do. It may ask for more: the Status, the Bans, and the Structure of a node; a Sync out of turn;
// what has changed since it last wrote the state down (Revision, Changes), to Restore it after a restart; whether the
// address filter would refuse somebody before it reads the request (Screen, AdmitsAll); and to drop addresses that nobody
// needs (SweepBook). Touch and AtEase are for a simulation's driver: one warms the processor's cache, the other says when
// a question needs no Serve.
//
// Less formally: the node does something only when it is called, finishes it before it returns, and between
// two calls nothing touches it. In a simulation the kernel calls, in a server one goroutine to which the others post.
//
// # How a node is written
//
// Nearly all messages are leaf requests: a ping, a question for the structure, an application's local answer. Serve
// answers them on the spot (node.go).
//
// Whatever must ask others first is a procedure that reads from top to bottom and runs as a Task, a coroutine that exists
// only while the operation is in flight (task.go): the sync cycle, registration, approvals, queries. A task knows two verbs:
// call one peer, and gather answers from many. While it waits, the node serves others, so after every wait the lists may
// have changed; a procedure that depends on them looks again.
//
// Lists that travel are immutable snapshots and shared (lists.go): a slave keeps the very list of masters that its
// backlink answered with, and a structure answer is one pointer until something changes. Addresses are interned numbers
// (package peer).
//
// # Messages
//
// One paragraph for each request, in the order of Kind. The body types stand in message.go. Each request between nodes
// carries the sender's address and root; whoever sends one is alive, and its failures are forgotten.
//
// Ping: anybody asks anybody, and gets an answer without any check, even when banned. Entry nodes ping the approvers
// that they have drawn; clients ping the addresses they were given.
//
// Status: anybody asks. The answer says to which root the node belongs, how busy it is, its roles, and how many nodes it
// believes the network to have. A node asks its bootstrap nodes for the root at its first sync, and once per sync lifetime
// from then on (root.go).
//
// Structure: nodes ask each other at every sync: a slave its backlink, a master its slaves and all other masters. The
// answer lists backlink, slaves and masters with their sizes. With an Introduction as its body it also tells the receiver
// that the sender is a master.
//
// Interview (get-interview-summary): a master asks a newcomer before it lists it, to see that the address answers.
//
// Provide (provide-registration): a node without a backlink asks its provider, a bootstrap node, where it could register.
// Under the original rule the provider asks all masters for their structure and answers with all of it; under the
// directed rule it names the places.
//
// Register: the newcomer asks the chosen node to list it. That node interviews it, adds it to its slaves and answers with
// their number; whereupon the newcomer has a backlink. A node that had no slaves has become a master by this.
//
// ApprovalInfo (get-approval-info): an entry node asks an approver for its part of a client's question. The approver
// settles on the answer it expects.
//
// ApprovalCheck (check-approval-answer): the node at which a client takes an action asks each of the approvers whether the
// client's answer was right, and its approval for this action. Each node may ask once per approval, and a wrong answer counts.
//
// QueryMaster, QueryButler, QuerySlave: the three faces of a network-wide request. The entry node asks all masters as
// butlers; a butler asks its slaves; a slave answers for itself; answers merge on the way back. QueryMaster is for networks of
// more levels.
//
// AvailableNode (get-available-node): a client asks for a node to work with, and is given a random slave of a random master.
//
// ApprovalKey (request-approval-key): a client asks an entry node who approves it. The node draws the approvers from the
// slaves of all masters and answers with them, a key that names this approval, and the start of the period.
//
// ApprovalAdd (add-approval-info): the client asks each approver to vouch for it under that key.
//
// ApprovalQuestion (request-approval-question): the client tells the entry node which approvers have agreed, and gets the
// question, composed of their parts.
//
// Query: a client asks the entry node to ask the whole network.
//
// Action: a client shows its approval with the answer. The node draws the approvers of that period again, asks those
// whom the client names, and lets the action happen if enough of them say yes.
//
// # The sync cycle
//
// At every sync interval a node renews its lists (sync.go and, for each rule, original.go and directed.go). Bans that
// have ended are lifted and misbehaviour that has piled up is punished (access.go). The root is confirmed. The node asks
// its backlink, and without slaves it takes over the backlink's list of masters: one request, which is all that a plain
// slave sends. A master asks its slaves too, drops those that name another backlink or, if they had time to know better,
// none, and asks every other master for its size. So a settled network of N nodes with about √N masters sends three
// requests per node and interval: one up, one down, and √N·√N between masters. At the end, whoever has no backlink
// registers.
//
// # Registration, and why ours converges
//
// In the original every newcomer sees the same picture and chooses for itself; as a guard it may only register when every
// master reports the same network size. While many arrive the sizes never agree, so the guard locks out those it should
// protect: of a thousand nodes that start at once about half are still outside after sixty intervals, and little changes
// from then on (scenarios/original-1k.yaml). Masters learn of each other along
// backlinks, so masters whose backlinks form a cycle are an island that nobody else hears of. And whoever sees too many
// masters steps down at once, on a view that is about to change.
//
// The directed rule speaks the same messages and rests on four observations.
//
// The provider knows whom it has just sent where. It keeps a ledger (ledger.go) in which every newcomer counts at its
// place from the moment it is sent there until the master itself reports it. So newcomers are placed as if they had
// arrived one by one, however many come at once (place.go): on the first masters until these are as full as a network of
// the present size wants them (Optimum), then on a recent newcomer, which becomes a master by that. The number of masters
// grows as √N does, by construction. Everybody who reaches the provider is registered two requests later. With several
// bootstrap nodes all newcomers ask the first that is there, so that there is one ledger; more than one costs some
// rounds, no more.
//
// Masters search (search.go). In every sync a master asks all masters it knows, then all that those know, until nobody new
// turns up: one sync closes a component of the graph of who knows whom. A master and its backlink know each other, so a
// component is at least a tree of backlinks; asking the bootstrap node as well joins the components, and since a master
// whose view has just changed introduces itself to whomever it asks, knowledge flows both ways along every edge. After one
// interval all masters know all masters and their true sizes; after the next, when the slaves have asked their
// backlinks, everybody does. That makes three or four intervals from nothing to an exact picture everywhere, for a
// thousand nodes as for a hundred thousand.
//
// Haste is for those outside, patience for those inside. A node without a place asks again after a second or so, with
// jitter and growing pauses. But a master steps down, sheds slaves or refuses newcomers only when its view has settled:
// when the network size has held for two rounds, give or take a 32nd. And then only if it is off the optimum by more than
// a slack, so that networks near a square number do not move nodes to and fro.
//
// Every node hangs on somebody who does not hang on it. In networks of more than two nodes a pair of mutual backlinks would
// be cut off from everybody, so it is forbidden, and the smallest network without such a pair is a cycle of three. Hence the
// first three newcomers always make masters; of a mutual pair, which appears when a network of two grows, the one with fewer
// slaves looks for another backlink; and a master all of whose peers are its slaves lets one go. The original forbids the pair
// but allows three nodes only two masters, which is why it never settles there.
//
// # Approval
//
// An approval limits what clients, who have no identity but an IP address, may do. For each period every node can work
// out by itself which nodes vouch for clients: those whose hash of address and period start is lowest among all that
// answer a ping (package draw). The client gets key and approvers from an entry node, asks the approvers to vouch, gets
// the question from the entry node and shows its answer with the action; whoever serves the action draws the approvers
// again, unless it is that entry node, and asks them (approval.go). Approvers forget what nobody has touched for a period
// (approver.go). What a question is belongs to the ApprovalKind.
//
// The original believes what clients say about approvers: here, an entry node asks only approvers it has drawn itself,
// and the node that serves an action asks only approvers of its own draw, and refuses a proof that names far more of them
// or another client IP than the requester's.
//
// # Trust
//
// Peers may lie, stall or vanish. Nodes watch each other at every sync; wrong sizes, missing backlinks, bad answers and
// slowness raise a score that good conduct lowers again, and whoever goes too far is banned for a time (package behavior,
// access.go). White-, black- and trust-lists come before everything else.
//
// # Restart
//
// What a node must remember over a restart (package memory) it gives out in eight sections, each with a counter of its
// changes, so that a driver writes down only what has changed since (state.go, journal.go). Restore takes it back before
// Start and trusts it no more than what comes by wire (restore.go): of a node whose address has changed, only what it
// knows of others' behaviour.
//
// # What npm nodes and ours do differently
//
// Both kinds can live in one network. Beyond registration: a slave that cannot reach its backlink keeps its last list of
// masters, where the original believes itself alone until the next good answer; a master does not ask a slave or its
// backlink again when it renews its list of masters; a bootstrap node that is down does not keep anybody out who knows a
// master; and a sync never overlaps the next. With Config.Registration = Original, a node does as the original does, for
// comparison.
package core
