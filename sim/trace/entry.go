package trace

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// Lie is the name of all faults that are attacks: the node lies. A later lie of a node
// takes the place of the one before.
const Lie = "lie"

// Entry is one thing that happened to a node. All times are virtual, since the start of
// the run.
type Entry struct {
	What What
	Kind message.Kind // of the request; Asked and Served only
	Note core.What    // Noted only
	Open bool         // of a request: not answered when the recording ended; of a fault: it begins
	Busy bool         // of a request: it failed, as too many wait at the other host
	Peer Party        // the other one, None without

	// At is when it happened; of a request, when the node asked, or was asked.
	At time.Duration
	// Until is when the asker had its answer, or the node had answered: At for all that
	// takes no time.
	Until time.Duration

	// Call names a request and is the same at both of its ends.
	Call uint64
	// Operation is the client's operation that a request serves, from 1; 0 for none.
	Operation uint32

	// Fault names what Struck: "partition", or Lie.
	Fault string
	// Text is the outcome of a request, empty for a good answer; the text of a note; how
	// a node came up or went down; what a fault does.
	Text string
	// Place is where the node is from At on; Placed only. It is never changed.
	Place *message.Structure
}

// What happened.
type What uint8

// The things that are recorded.
const (
	Asked    What = iota // the node has sent a request to Peer
	Served               // a request of Peer has reached the node
	Noted                // the node has noted something about Peer
	CameUp               // the node's stay at its host has begun
	WentDown             // the stay has ended
	Placed               // backlink, slaves or masters have changed
	Struck               // a fault has begun or ended

	// About the node, at another one, which is Peer.
	NotedBy    // Peer has noted something about the node
	ListedBy   // Peer has the node among its slaves from now on
	UnlistedBy // Peer has it no longer
	numWhats
)

var whatNames = [numWhats]string{
	"asked", "served", "noted", "up", "down", "place", "fault", "noted by", "listed by", "unlisted by",
}

func (w What) String() string { return whatNames[w] }

// Party is a participant: the number of a node's host, or a Client. Numbers from that of
// the hosts on are addresses at which there is no node.
type Party int64

// None is no participant.
const None Party = -1

// Client is the party of client k, counted from 0.
func Client(k int) Party { return None - 1 - Party(k) }

// IsClient reports whether the party is a client, and its number.
func (p Party) IsClient() (k int, ok bool) { return int(None - 1 - p), p < None }

// Track is what was recorded of one node.
type Track struct {
	Node    int
	Address string // host and port
	// Up and Place are how the node was when the window opened.
	Up    bool
	Place *message.Structure
	// Entries are in the order in which they happened.
	Entries []Entry
	// About are the entries of other nodes about this one, with Options.About; in the
	// order of their times.
	About []Entry
	// Left is how many entries were not recorded, because there were too many.
	Left int
}
