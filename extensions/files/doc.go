// Package files is a file store on the nodes of a network. The key of a file is the SHA-256
// of its content; a few nodes keep a copy each, and every node finds it.
//
//	spreadnode run --extensions files=files.yaml
//
// # What it promises
//
// A file is acknowledged when Acks nodes (2) have it on disk and have hashed it. Copies (3)
// are made; what is lost of them is made again when nodes leave, when the scrub finds
// damaged bytes, and now and then. No byte is served that does not have the hash that was
// kept when it came.
//
// # How a file is found
//
// Nodes tell their master which keys they have, as a Bloom filter (package bloom). A question
// by key goes to the masters and the nodes that these name; only a miss goes to all.
package files
