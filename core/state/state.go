// Package state holds what a node must remember over a restart, as plain values that mean
// the same in every process: addresses are texts, times are durations since the Unix
// epoch. A core.Node gives it out (State, Changes) and takes it back (Restore); package
// store writes it to disk.
//
// What is not here ends with the process on purpose: procedures under way, a provider's
// ledgers, introductions, and how steady the view of the network was, which has to be
// found out anew after any pause.
package state

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// State is all that a node must remember, in ten sections. Lists are sorted, so that
// equal nodes give equal states, unless a comment says which order they have.
type State struct {
	// SectionNetwork.
	Self        string        // address of the node whose state this is
	Root        string        // the network's name; empty while unknown
	RootChecked time.Duration // when the bootstrap node last confirmed it
	SyncTotal   time.Duration // sum of the durations of the latest syncs,
	SyncCount   int           // and how many they are

	// SectionTree. It is empty in a network of one level.
	Tree Tree `json:",omitzero"`

	// SectionPlace.
	Backlink string // empty while not registered
	Slaves   []Slave

	// SectionMasters.
	Masters []Master

	// SectionFails.
	Fails  []Fail
	Delays []Delay

	// SectionScores, SectionBans, SectionCandidates.
	Scores     []Score
	Bans       []Ban
	Candidates []Candidate

	// SectionApprovals: as approver, and as entry node.
	Approvals []Approval
	Uses      []Use
	Keys      []Key

	// SectionAges: of a master in a network that draws hosts of some age only.
	Began time.Duration `json:",omitempty"` // when the network began; 0 if not known
	Ages  []Age         `json:",omitempty"`
}

// Tree is the node's place among the branches of a network of several levels.
type Tree struct {
	Network string     // the name of the whole network; State.Root is that of the own branch
	Path    []Branch   // the own branches, that of level 1 first
	Lists   [][]Branch // of each level, the branches with the same parent, in their order
}

// Branch is a branch of the tree. Name is the address of its founder.
type Branch struct {
	Name, Head string
	Size       uint32 // how many nodes it has
}

// Slave is one slave. The rows stand in the order of arrival.
type Slave struct {
	Address string
	Joined  time.Duration
}

// Master is one master that the node knows, in the order of its list. Seen is 0 in a list
// taken from the backlink.
type Master struct {
	Address string
	Size    uint32 // number of its slaves
	Seen    time.Duration
}

// Fail is how many requests to a peer have failed in a row.
type Fail struct {
	Address string
	Count   int
}

// Delay is a master that reported another network size, and since when; known to the
// original rule only.
type Delay struct {
	Address string
	Since   time.Duration
}

// Score is a behavior.Row. Action is its name.
type Score struct {
	Address, Action string
	Up, Down        uint32
	Suspicion       float64
	Since, Used     time.Duration
}

// Ban is a behavior.Ban.
type Ban struct {
	Address      string
	IP           netip.Addr // of its host; the zero Addr when unknown
	Reason       string
	Since, Until time.Duration
}

// Candidate is a behavior.Candidate, in the order of first wins.
type Candidate struct {
	Action, Address   string
	Suspicion, Excuse float64
	Since             time.Duration
}

// Approval is an approval that the node vouches for. Key names it.
type Approval struct {
	Action    string
	Client    netip.Addr
	Key       string
	Info      *string // what the client wanted of the question
	StartedAt time.Duration
	Updated   time.Duration // when the client asked for it last
	Answer    string        // that is expected; empty before there is a question, and when it has ended

	Wrong        int  `json:",omitempty"` // answers before the first right one
	Right        bool `json:",omitempty"` // there was a right one
	Place, Count int  `json:",omitempty"` // of the node among the approvers then
}

// Use is a host that has asked whether the answer to an approval's question was right.
type Use struct{ Key, Host string }

// Age is when a group of hosts was seen first. Group is its name (draw.Group), in hex.
type Age struct {
	Group string
	First time.Duration
}

// Key is a draw that the node has made as an entry node.
type Key struct {
	Key       string
	Client    netip.Addr `json:",omitzero"` // for which it was made; unknown to earlier versions
	Approvers []string
	Until     time.Duration // end of its validity
}

// Section is a part of the state that changes, and is stored, as one.
type Section uint8

// The sections of a State.
const (
	SectionNetwork    Section = iota // root and syncs: once in a sync
	SectionPlace                     // backlink and slaves
	SectionMasters                   // masters
	SectionFails                     // failures and delays of peers
	SectionScores                    // suspicions
	SectionBans                      // bans
	SectionCandidates                // candidates for the choices of applications
	SectionApprovals                 // approvals and draws, row by row
	SectionChecks                    // of SectionApprovals, that answers were checked
	SectionTree                      // place among the branches: with the end of a sync
	SectionAges                      // since when hosts are in the network
	NumSections
)

// Revision tells whether a section has changed: another number, another content. Numbers
// wrap around, and mean nothing in another process.
type Revision [NumSections]uint32

// Changes is what a store has to write to have the state of a later moment.
type Changes struct {
	Revision Revision          // of that moment
	Sections [NumSections]bool // those that changed; the others are empty in State
	Whole    bool              // State is all: what else is stored is outdated
	State    State             // of SectionApprovals only rows that are new or changed

	// By key: approvals and draws that are no longer there, and approvals whose earlier
	// uses are over, which comes before the uses of State.
	EndedApprovals, EndedKeys, EndedUses []string
}

// SortApprovals sorts approvals, their uses and draws, which a node keeps in no order, by
// their names.
func (s *State) SortApprovals() {
	slices.SortFunc(s.Approvals, func(a, b Approval) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(s.Uses, func(a, b Use) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Host, b.Host))
	})
	slices.SortFunc(s.Keys, func(a, b Key) int { return strings.Compare(a.Key, b.Key) })
}
