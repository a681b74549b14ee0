// Package film records the course of a run, so that it can be looked at: how each node
// was at many times, the searches and approvals of clients, the faults and attacks, and
// the samples of series.csv.
//
// A Recorder looks at the network between two events, while all workers stand still. So
// it changes nothing in the run, and the film of a run is the same to the byte for the
// same scenario, seed and version, whatever the number of workers.
//
// # The format
//
// A film is a series of blocks. A block is one byte for its kind (see Kind), the length
// of its body as a uvarint, and the body. A uvarint is that of encoding/binary. Every
// body but that of a frame and of the addresses is JSON, of the type that stands beside
// its kind. The first block is the Setting, the second has the addresses of all hosts,
// one a line, and the last is the End; a film without one is still being recorded.
//
// A frame holds what has changed since the frame before; before the first one all hosts
// are down, and every number is 0. Its body is a series of uvarints:
//
//	time       of the frame, in microseconds of virtual time
//	lists      how many new lists of masters follow, numbered from 1 through the film
//	  length   of the list, then for each master in ascending order the host's number, less
//	           that of the one before and 1
//	changes    how many hosts have changed; in ascending order, for each:
//	  host     its number, less that of the one before and 1
//	  fields   which of the following there are, as bits: 1, 2, 4, 8, 16
//	  state    1: the host is up, the bits of Marks, and 16 times its rank (World.Rank)
//	  backlink 1 more than the number of the host; 0 for none
//	  slaves   how many have gone, their numbers; how many have come, their numbers
//	  masters  how many the node knows, then the number of the list; 0 where the list was
//	           not recorded
//	  size     how many nodes it counts in the network
//
// # In a file
//
// A file holds the word "spreadsim-film/1" and a line feed, then the blocks, all of it
// compressed by gzip.
package film
