// Package music keeps songs in a network of nodes. What a song is called, how good it
// sounds and what its tags say is a document; its audio and its cover are files that
// never change.
//
//	store, all, err := music.Extensions(music.Options{}, nil, nil)
//	n, err := node.New(node.Options{Config: c, Extensions: all})
//
// # Songs and versions
//
// A song has a key, made of its title (package title). Each upload is a version of it,
// and a document of its own in the document store: so uploads at several nodes at the
// same time never overwrite each other. What is played, with which tags, is a function of
// the set of versions ([Merge], [Song.Best]). It is associative, commutative and
// idempotent, so nodes that have heard of the same versions agree. Of more than
// [MaxVersions] the worst are removed, with their files; and of more than [MaxApproved] with
// an approval the oldest.
//
// # What travels
//
// One query, find: each node looks into the index of the titles that it keeps, which
// follows the document store. What is found is then read by its key, so that a node that
// was away cannot bring back what was removed. Titles are scored wherever answers merge,
// so that no node can say how well its own fit. All else is that of the two stores.
//
// # Approvals
//
// Whatever gives a version the priority Approved, and the removal of a song, needs an
// approval: that is checked where the effect is made, not where a route or field names
// it. It holds against clients. A node that lies can claim one in a record, which is then
// good for no more than an upload with a real one: later uploads succeed it, and it takes the
// place of none without an approval.
//
// # Uploads
//
// An upload is first a blob of this extension, since its tags may be at its end. Package
// audio says what of it is audio; that and the cover become files, acknowledged by
// several nodes; and last the record is written. So a record never names a file that is
// not there, and nothing has to be cleaned after a crash but the blob.
package music
