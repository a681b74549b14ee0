//lint:file-ignore ST1000 the comment of the package begins in doc.go

// # Where things go
//
//   - A kind of request: a constant and a row in message/table.go, a type for each body
//     in package message, an entry in the handlers of serve.go with the function that
//     answers, a pair of functions and a row in package wire (codec.go), and a paragraph
//     above. Tests name what is missing.
//   - Another level of masters needs no code, up to MaxLevels (Config.Levels). How levels
//     work is tree.go and its parts: tree_place.go where newcomers go, tree_sync.go how
//     branches are renewed, tree_shape.go how many levels and branches there are. A branch
//     of level 1 is level.go. A request to the whole network goes down the levels in
//     query.go.
//   - A way to find and keep a place: a value of the interface rule (rule.go), in a file
//     of its own beside directed.go and original.go, and a value of Registration.
//   - A draw, that is another order in which approvers are taken: package draw, beside
//     Ranking. Node.drawEntrants (entrants.go) is the one place that draws.
//   - A kind of question for clients: an ApprovalKind, outside of core
//     (extensions/captcha).
//   - An application, such as a store of documents: a package of its own under
//     extensions, which sees the node through package host. Here is what host stands on:
//     Fold (fold.go), a request to the whole network with all that an application may want
//     of it; Direct (direct.go), a request to one node; and the choice of nodes for copies,
//     and what is run at starts and syncs (applications.go). A Query (query.go) is a Fold
//     of the simplest kind, for a program without extensions.
//   - When masters are made and step down in a network that follows its size: early.go.
//   - A way to find other nodes when the lists lead nowhere: reserve.go; a way to join two
//     networks that have come of one: bridge.go.
//   - A kind of proof: an Action with a Rule in behavior/rule.go, and a call of Node.judge
//     where it shows (judgement.go). What is no proof goes to level.disappointed.
//   - What must survive a restart: a field or a section in state/state.go, written in
//     state.go and read back in restore.go.
//
// Outside of core: a model of latency is a file in transport/inmem/latency and a row in
// sim/scenario/latency_rows.go. What else happens to messages is a file in
// transport/inmem/link and a key in sim/scenario/network.go. A node that lies is a file in
// sim/lie and a row in its lie.go, and another fault is a function and a row in
// sim/fault/kinds.go: the node itself has no code for lying or failing.
//
// # What npm nodes and ours do differently
//
// Both kinds can live in one network. Beyond registration they differ in this. A slave of
// ours that cannot reach its backlink keeps its last list of masters, where the original
// believes itself alone until the next good answer. A master of ours does not ask a slave
// or its backlink again when it renews its list of masters. A bootstrap node that is down
// does not keep out a node that knows a master. And a sync never overlaps the next. With
// Config.Registration = Original, a node does as the original does, for comparison.
package core
