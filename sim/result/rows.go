package result

import "time"

// Sample is the state of the network at one moment, and what happened since the sample
// before: a row of series.csv.
//
// A share that was not measured is NaN, in the file an empty cell; so are all three when
// no node is left.
type Sample struct {
	// Time is the virtual time since the start of the run.
	Time time.Duration
	// Alive is the number of nodes that run.
	Alive int
	// Registered is the share of live nodes that a live master lists and that know it,
	// 0..1.
	Registered float64
	// ExactSize is the share of live nodes whose own idea of the network's size is exact,
	// 0..1.
	ExactSize float64
	// Coverage is the share of live nodes that a search would reach, 0..1.
	Coverage float64
	// RegisteredCount is the number of registered nodes.
	RegisteredCount int
	// Masters is the number of live nodes that list at least one slave.
	Masters int
	// MastersExpected is the number that Masters should tend to: see [ExpectedMasters].
	MastersExpected float64
	// Requests is the number of requests sent since the last sample.
	Requests int64
	// Bytes is the number of bytes sent since the last sample, answers included.
	Bytes int64
	// Events is the number of events delivered since the last sample.
	Events int64
	// Lost, Retransmissions, Refused and Abandoned are what [Network] counts, since the
	// last sample: nil, in the file an empty cell, where it was not measured.
	Lost, Retransmissions, Refused, Abandoned *int64
}

// Kind is what a client asked for.
type Kind string

const (
	// KindSearch is a network-wide request.
	KindSearch Kind = "search"
	// KindApproval is a request for approval.
	KindApproval Kind = "approval"
)

// RequestOutcome is what became of a search or an approval.
type RequestOutcome string

const (
	// Complete is a search that reached every node that lived throughout it.
	Complete RequestOutcome = "complete"
	// Partial is a search that some of these nodes answered, others than the entry node
	// among them.
	Partial RequestOutcome = "partial"
	// Granted is an approval that was given.
	Granted RequestOutcome = "granted"
	// Failed is a search or an approval without any of this.
	Failed RequestOutcome = "failed"
)

// Names of errors that no node sends: [Request].Error is one of these, or the code of a
// refusal.
const (
	ErrorTimeout     = "REQUEST_TIMEDOUT"
	ErrorUnreachable = "UNREACHABLE"
	ErrorDenied      = "DENIED"
	ErrorMalformed   = "MALFORMED_ANSWER"
	// the entry node answered, and no other of several
	ErrorNoOther  = "NO_OTHER_NODE_ANSWERED"
	ErrorRunEnded = "RUN_ENDED" // the run ended before the answer
	ErrorOther    = "OTHER"
)

// Request is one search or approval and what became of it: a row of requests.csv.
//
// Hops, Latency, Asked and Fanout are 0 where they were not measured, in the file an
// empty cell: none of them can be 0 otherwise.
type Request struct {
	// Kind is search or approval.
	Kind Kind
	// Index counts the requests of one kind from 0, in the order in which they started.
	Index int
	// Start is the virtual time at which the client called.
	Start time.Duration
	// Entry is the index of the node that the client called.
	Entry int
	// OK says that the client got an answer behind which there are more nodes than the
	// entry node, if there were others; or its approval.
	OK bool
	// Error names what went wrong, empty when OK: the code of a refusal, or an Error
	// constant.
	Error string
	// Hops is the number of sequential requests on the longest path from the client to
	// the last node reached.
	Hops int
	// Latency is the time from the client's call to its answer.
	Latency time.Duration
	// Messages is the number of requests sent on its behalf; answers do not count.
	Messages int64
	// Bytes is the number of bytes sent on its behalf, answers included.
	Bytes int64
	// Asked is the number of nodes that the network asked.
	Asked int
	// Answered is the number of answers; a node that several masters list may be among
	// them more than once.
	Answered int
	// Coverage is different nodes that answered over nodes that lived throughout the
	// search, 0..1; NaN when it was not measured. Searches only.
	Coverage float64
	// Retries is how often the client asked again, each time at another node. Entry is the
	// last one.
	Retries int
	// WarmUp says that it started before requests count: no number of the summary but those
	// of rows, and no plot, is about it.
	WarmUp bool
	// Fanout is the largest number of requests that one participant had in flight at a
	// time.
	Fanout int

	// DrawStart is the virtual time at which the period of the draw began; with an epoch
	// before the start of the run it is negative. Approvals only.
	DrawStart time.Duration
	// Approvers are the indexes of the nodes drawn, in the order of the draw; empty when
	// the request did not get that far. Approvals only.
	Approvers []int
	// Compared is the number of entry nodes whose draws could be compared with another
	// one's: those that drew for the same period; 0 or at least 2. Approvals only.
	Compared int
	// Agreed says that those named the same approvers in the same order; false when
	// nothing was compared. Approvals only.
	Agreed bool

	// StandsFor is how many requests the row stands for in a sample of them ([Run.Thin]);
	// 0 and 1 are itself only.
	StandsFor int
}

// Outcome is what became of the request.
func (r *Request) Outcome() RequestOutcome {
	switch {
	case !r.OK:
		return Failed
	case r.Kind == KindApproval:
		return Granted
	case r.Coverage == 1:
		return Complete
	}
	return Partial
}

// Role is what a node is at the end of the run.
type Role string

const (
	// RoleMaster lists slaves and is in no list.
	RoleMaster Role = "master"
	// RoleSlave is in a master's list and has none.
	RoleSlave Role = "slave"
	// RoleBoth lists slaves and is in a master's list, often its own.
	RoleBoth Role = "both"
	// RoleNone runs but has found no place.
	RoleNone Role = "none"
	// RoleGone does not run.
	RoleGone Role = "gone"
)

// RoleOf is the role of a node that runs, by whether it lists slaves and has a backlink.
func RoleOf(master, slave bool) Role {
	switch {
	case master && slave:
		return RoleBoth
	case master:
		return RoleMaster
	case slave:
		return RoleSlave
	}
	return RoleNone
}

// NoBacklink is the Backlink of a node that no master lists.
const NoBacklink = -1

// Node is one node at the end of the run, with its load over the whole of it: a row of
// nodes.csv.
type Node struct {
	// Index is the node's number, from 0.
	Index int
	// Address is the node's address as other nodes know it.
	Address string
	// Role is what the node is at the end.
	Role Role
	// Slaves is the length of its list of slaves.
	Slaves int
	// Backlink is the index of the master that lists it, or [NoBacklink].
	Backlink int
	// RequestsSent and RequestsReceived count requests, without answers.
	RequestsSent, RequestsReceived int64
	// BytesSent and BytesReceived count all bytes of requests and answers.
	BytesSent, BytesReceived int64
	// Approvals is the number of draws in which the node was an approver, each draw
	// counted once.
	Approvals int
	// Class is the name of the node's class in the scenario; "" for none.
	Class string
	// Heads are the indexes of the heads of the node's branches, from level 1 up; none in a
	// network of one level.
	Heads []int
	// StandsFor is how many nodes the row stands for in a sample of them ([Run.Thin]); 0
	// and 1 are itself only.
	StandsFor int
}

// Outcome is an expectation of the scenario and what the run made of it.
type Outcome struct {
	// Path is the summary value looked at, such as search.hops.max.
	Path string `json:"path"`
	// Condition is what it should satisfy, such as "<= 3".
	Condition string `json:"condition"`
	// Value is what it was, as text; for a value that is null, why.
	Value string `json:"value"`
	// OK says that the condition holds.
	OK bool `json:"ok"`
}

// Run is everything that a run leaves behind.
type Run struct {
	// Version is that of the program that ran it.
	Version string
	// Scenario is the scenario as resolved, all defaults and settings filled in, as YAML.
	Scenario []byte
	// Summary is the run in numbers.
	Summary Summary
	// Samples are in the order of time.
	Samples []Sample
	// Requests are in the order in which they started.
	Requests []Request
	// Nodes are in the order of their indexes.
	Nodes []Node
	// Notes are in the order of time.
	Notes []Note
	// Copies are in the order of stores and, of each, of time; none without stores.
	Copies []CopiesRow
	// Loads are from the least to the most drawn approvers; none without two draws.
	Loads []LoadRow
	// Expectations are in the order of the scenario.
	Expectations []Outcome
}
