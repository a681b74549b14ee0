package core

import (
	"math/rand/v2"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Peer is a node as other nodes hold it: an interned address.
type Peer = peer.Peer

// Env is all that a node sees of the world. The driver that owns the node implements it
// and calls the node back, always from one thread of control: a node never locks. Times
// are durations since the Unix epoch by a clock that never goes back. The clocks of two
// nodes are compared only where the protocol of npm peers demands it.
type Env interface {
	Transport

	// Now is the current time, constant while the driver is inside the node.
	Now() time.Duration

	// Wall is the wall clock's time, which can be set back or forth. It is for the periods
	// of approvals, in which nodes must agree: a clock that never goes back can be ahead of
	// all others for hours.
	Wall() time.Duration

	// Rand is the node's own random stream. The value may be used until the node returns
	// to its driver, not kept.
	Rand() *rand.Rand

	// After makes the driver call Node.Wake(tag) once, d from now (at once if d <= 0, but
	// never from inside After).
	After(d time.Duration, tag uint32)

	// Offload does work outside the node's thread of control and then calls
	// sink.Answer(tag, Response{}), once, never from inside Offload. Work touches nothing
	// of the node. Price is the time that it takes on a common machine: a simulation does
	// the work at once and lets that much virtual time pass.
	Offload(price time.Duration, work func(), sink Sink, tag uint32)

	// Note reports an event that an operator or a simulation wants to know.
	Note(Note)
}

// Transport carries requests between participants.
type Transport interface {
	// Call sends req to a peer and calls sink.Answer(tag, response) exactly once, never from
	// inside Call: with the answer, or with ErrTimeout when req.Timeout (always > 0) has
	// passed, or with the error that prevented it. The transport keeps no order between
	// calls. It owns nothing of req.Body and must not change it.
	//
	// A request of a node to itself does not cross the network: it is served in the same
	// instant, cannot be lost, and is no traffic. What it asks of others takes its time.
	Call(to Peer, req message.Request, sink Sink, tag uint32)

	// Reply sends the answer to a request for which Serve did not give one at once. A
	// ticket is used once. A reply after the timeout of the asker has no effect.
	Reply(ticket Ticket, resp message.Response)
}

// Sink takes the answer of a call.
type Sink interface {
	Answer(tag uint32, resp message.Response)
}

// Ticket names a request that a node has not answered yet. It is the driver's own.
type Ticket uint64

// Note is an event in the life of a node: what happened, and to which peer.
type Note struct {
	What  What
	About Peer
	Text  string // reason, error or detail; often empty
}

// What happened.
type What uint8

// The things a node notes.
const (
	NoteRegistered     What = iota // About is the new backlink
	NoteRegisterFailed             // Text is the error
	// About no longer lists us, has failed too often, is banned, or we have left it.
	NoteBacklinkLost
	NoteBanned      // About is banned, Text is the misbehaviour
	NoteSteppedDown // we gave up all slaves; Text says why, as in "it leaves the network"
	// About was taken off our slaves: they were too many, or no other node could list us.
	NoteShed
	NoteApprovals // Text is what the limits of approvals have cost since the last sync
	// About was of no use to us, and taken off our lists, for the reason in Text.
	NoteUseless
	NoteSilent  // About was taken off the lists: it did not answer; Text is the latest error
	NoteRefused // About asked for a place and did not get it, for the reason in Text
	NoteDoubted // we do not count all slaves that the master About claims; Text has numbers
	// About, a host or a node, has sent too many wrong logins; Text is the misbehaviour.
	NoteLoginsLimited
	NoteClientKept    // a client was not sent to another node, for the reason in Text
	NoteNamesLeft     // more masters were named than may be asked in a sync; Text is how many
	NoteEntrantsCut   // the master About named more entrants of a draw than there can be
	NoteCutsBlamed    // the master About did so for several periods; Text has their number
	NoteAgesLeft      // more hosts were seen than ages are remembered of; Text has numbers
	NoteWithheld      // masters have not revealed their parts of a salt; Text has numbers
	NoteBranchJoined  // we belong to the branch that About has founded
	NoteBranchLeft    // we are about to leave the branch that About has founded
	NoteBranchLed     // we are the head of the branch that About has founded
	NoteBranchDoubted // the head About claims more nodes than its branch has; Text has numbers
	NoteOneLevel      // we stay at level 1, because About knows no more; Text explains it
	NoteNetworkMet    // we introduce ourselves to About, a master of another part of our network
	NoteReshaped      // we have decided that the tree of branch About, which we lead, changes; Text says how
	NoteLevels        // the network About is to have another number of levels; Text has both
	NumWhats
)

var whatNames = [NumWhats]string{
	"registered", "registration failed", "backlink lost", "banned", "stepped down", "shed", "approvals limited", "useless", "silent",
	"newcomer refused", "master doubted", "logins limited", "client kept", "names left", "entrants cut", "cut too often", "ages left", "salt withheld",
	"branch joined", "branch left", "branch led", "branch doubted", "one level", "network met", "tree reshaped", "levels changed",
}

func (w What) String() string {
	if w < NumWhats {
		return whatNames[w]
	}
	return "unknown"
}
