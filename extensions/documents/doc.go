// Package documents is a document store on the nodes of a network: JSON objects in
// collections, each kept by a few nodes, found from every node.
//
//	spreadnode run --extensions documents=documents.yaml
//
// # What it promises
//
// A write is acknowledged when Acks nodes (2) have it on disk. Copies (3) are made; what is
// lost of them is made again when nodes leave, when a document is read, and now and then; and
// what is more than that after a partition is given up.
// Each write has a version (package version), and the newest wins wherever copies meet. A
// deletion is a write: its tombstone is kept for longer than a node may be away.
//
// # How a document is found
//
// Nothing says where a document is: a question goes to all masters, and each asks its
// slaves. It carries up to 1,000 keys at the cost of one. A node that has nothing says
// nothing. The answers of a question by keys tell the newest version, the holders of every
// version, and for a write besides the nodes with capacity. A master asks only the slaves
// that may have a key, because slaves report their keys (summary.go): M requests for M
// masters, and few more. A query asks all nodes, M + N.
//
// # How writes of one key take turns
//
// The node whose address hashes lowest together with the key is the key's arbiter: it
// gives leases, one at a time, to the entry nodes that write. All entries name the same
// arbiter, so long as their questions reach the same nodes. So a condition, that the
// document is absent or has a certain version, holds when the write is made. An arbiter
// that does not answer is passed over; then two writes may meet, and the newest wins. An
// arbiter that lies can do no more than that, or delay the writes of its keys.
//
// # What travels
//
// Queries: locate (keys: versions, holders, one document; capacity), find (a selection of
// documents), count (distinct keys). Directs: keep (write copies), fetch (read copies),
// held (versions of own copies), lease and release (turns). A liar's answer can hide nothing
// that another node has, because answers only add up; a version ahead of the clock by more
// than MaxSkew is ignored.
package documents
