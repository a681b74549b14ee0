package message

// Kind names a request: it is the number of a row in the table.
type Kind uint8

// The requests. Nodes send those up to KindQuerySlave to each other, and so they do with
// those after KindAction, which came later; clients send nodes the rest. A new kind is
// appended, because the fingerprints of simulations hold the numbers.
const (
	KindPing             Kind = iota // are you there
	KindStatus                       // root, availability, roles, network size
	KindStructure                    // backlink, slaves, masters
	KindInterview                    // does this newcomer answer
	KindProvide                      // where can I register
	KindRegister                     // list me as your slave
	KindApprovalInfo                 // an approver's part of the question
	KindApprovalCheck                // was this the answer
	KindQueryMaster                  // network-wide request above the masters' level
	KindQueryButler                  // answer for all your slaves
	KindQuerySlave                   // answer for yourself
	KindAvailableNode                // a node to work with
	KindApprovalKey                  // who approves me in this period
	KindApprovalAdd                  // I ask you to approve me
	KindApprovalQuestion             // what do I have to answer
	KindQuery                        // ask the whole network
	KindAction                       // may I take an action that is behind an approval
	KindEntrants                     // which of your slaves come first in a draw
	KindBranch                       // which branch of the network should I join
	KindTree                         // what is your place among the branches
	KindWork                         // answer for yourself, which takes its time
	KindDirect                       // a request of an application to one node
	KindLeave                        // I am about to leave the network
	KindBranchEntrants               // which nodes of your branch come first in a draw
	KindAges                         // since when do you know which nodes
	KindBeacon                       // what have the masters drawn for a turn
	NumKinds
)

// Row is all that is fixed about a kind of request.
type Row struct {
	// Name is what people read. It differs from those of all other rows.
	Name string
	// Path is where the request goes on the wire of npm spreadable 0.3: by GET for ping
	// and status, by POST for the rest. The name of the query or of the action follows a
	// path that ends in a slash.
	Path string
	// Sender says who may send it.
	Sender Sender
	// Leaf says that a node answers at once, from what it has. The other kinds start a
	// procedure, which asks other nodes first. Nearly all of the traffic are leaf
	// requests, so a transport may treat them specially: their answer is ready when
	// Node.Serve returns.
	Leaf bool
	// Repeatable says that the request may be sent again when it is not known whether it
	// has arrived. An approver counts how often an answer is checked; what the query or
	// the action of an application does is not known here.
	Repeatable bool
	// Ours says that npm nodes do not know the request. The path does not exist there, so
	// they answer 404, which the asker gets as a refusal with CodeUnknownQuery.
	Ours bool
	// Limit is how many bytes of an answer's body are read at most.
	Limit int64
	// Across says that nodes of different branches send it to each other. Its root is the
	// name of the whole network, that of other kinds the name of the sender's branch. In a
	// network of one level both are the same.
	Across bool
	// AnyRoot says that the root is not looked at: the sender asks for the place that would
	// tell it.
	AnyRoot bool
	// Queue says which bounded queue the request waits in before its procedure starts.
	Queue Queue
	// Fits reports whether a good answer may have this body: one of the kind's own type,
	// with all its parts and with sizes that there can be; nil where the answer says
	// nothing. Anything else is ErrMalformed to the asker.
	Fits func(body any) bool
	// Refusals are the codes with which a node may refuse it, in the order of the checks.
	// The essay of package core says what each means for this kind.
	Refusals []string
}

// Sender says who may send a request.
type Sender uint8

// The senders.
const (
	AnyParticipant Sender = iota // any participant: not even its address is looked at
	Nodes                        // members: their address and root are checked
	Clients                      // any participant whose IP is not refused
)

// Queue is one of the bounded queues of a server.
type Queue uint8

// The queues.
const (
	NoQueue     Queue = iota // answered at once
	NodeQueue                // one per kind, for nodes: they are few, so it is long
	ClientQueue              // one per kind, for clients
)

// The limits of answers, in bytes. Only a provider's answer lists the whole network.
const (
	smallAnswer = 128 << 10
	listAnswer  = 2 << 20
	worldAnswer = 8 << 20
)

var table = [NumKinds]Row{
	KindPing: {
		Name: "ping", Path: "/ping",
		Sender: AnyParticipant, Leaf: true, Repeatable: true, Limit: smallAnswer, Fits: empty,
	},
	KindStatus: {
		Name: "status", Path: "/status",
		Sender: AnyParticipant, Leaf: true, Repeatable: true, Limit: smallAnswer, Fits: whole[Status],
	},
	KindStructure: {
		Name: "structure", Path: "/api/node/structure",
		Sender: Nodes, Leaf: true, Repeatable: true, Limit: listAnswer, Fits: whole[Structure],
	},
	KindInterview: {
		Name: "get-interview-summary", Path: "/api/node/get-interview-summary",
		Sender: Nodes, Leaf: true, Repeatable: true, Limit: smallAnswer, Fits: whole[Interview],
	},
	KindProvide: {
		Name: "provide-registration", Path: "/api/node/provide-registration",
		Sender: Nodes, Repeatable: true, Limit: worldAnswer, Queue: NodeQueue, Fits: whole[Provision],
		Refusals: []string{CodeInvalidTarget, CodeMasterFull},
	},
	KindRegister: {
		Name: "register", Path: "/api/node/register",
		Sender: Nodes, Repeatable: true, Limit: smallAnswer, Queue: NodeQueue, Fits: whole[Registered],
		Refusals: []string{CodeInvalidTarget, CodeLevelsDiffer, CodeDrawDiffers, CodeMasterFull, CodeInterviewee},
	},
	KindApprovalInfo: {
		Name: "get-approval-info", Path: "/api/node/get-approval-info",
		Sender: Nodes, Across: true, Repeatable: true, Limit: smallAnswer, Queue: NodeQueue, Fits: whole[ApprovalInfo],
		Refusals: []string{CodeInvalidAction, CodeUnsuitableKey},
	},
	KindApprovalCheck: {
		Name: "check-approval-answer", Path: "/api/node/check-approval-answer",
		Sender: Nodes, Across: true, Limit: smallAnswer, Queue: NodeQueue, Fits: empty,
		Refusals: []string{CodeUnsuitableKey, CodeInvalidApproval, CodeWrongAnswer},
	},
	KindQueryMaster: {
		Name: "master", Path: "/api/master/",
		Sender: Nodes, Across: true, Limit: listAnswer, Queue: NodeQueue, Fits: whole[QueryAnswer],
		Refusals: []string{CodeUnknownQuery, CodeInvalidQuestion},
	},
	KindQueryButler: {
		Name: "butler", Path: "/api/butler/",
		Sender: Nodes, Limit: listAnswer, Queue: NodeQueue, Fits: whole[QueryAnswer],
		Refusals: []string{CodeUnknownQuery, CodeInvalidQuestion},
	},
	KindQuerySlave: {
		Name: "slave", Path: "/api/slave/",
		Sender: Nodes, Leaf: true, Limit: listAnswer, Fits: whole[QueryAnswer],
		Refusals: []string{CodeUnknownQuery, CodeInvalidQuestion, CodeFailed},
	},
	KindAvailableNode: {
		Name: "get-available-node", Path: "/client/get-available-node",
		Sender: Clients, Repeatable: true, Limit: smallAnswer, Queue: ClientQueue, Fits: whole[AvailableNode],
	},
	KindApprovalKey: {
		Name: "request-approval-key", Path: "/client/request-approval-key",
		Sender: Clients, Repeatable: true, Limit: smallAnswer, Queue: ClientQueue, Fits: whole[ApprovalKey],
		Refusals: []string{CodeInvalidAction},
	},
	KindApprovalAdd: {
		Name: "add-approval-info", Path: "/client/add-approval-info",
		Sender: Clients, Leaf: true, Repeatable: true, Limit: smallAnswer, Fits: empty,
		Refusals: []string{CodeInvalidAction, CodeWrongApprovalTime, CodeInvalidInformation, CodeUnsuitableKey},
	},
	KindApprovalQuestion: {
		Name: "request-approval-question", Path: "/client/request-approval-question",
		Sender: Clients, Repeatable: true, Limit: listAnswer, Queue: ClientQueue, Fits: whole[ApprovalQuestion],
		Refusals: []string{CodeInvalidAction, CodeInvalidInformation, CodeUnsuitableKey, CodeTooFewDecisions},
	},
	KindQuery: {
		Name: "query", Path: "/client/",
		Sender: Clients, Limit: listAnswer, Queue: ClientQueue, Fits: whole[QueryAnswer],
		Refusals: []string{
			CodeUnknownQuery, CodeNotAllowed, CodeInvalidQuestion, CodeApprovalRequired, CodeInvalidAction,
			CodeWrongApprovalTime, CodeInvalidApproval, CodeTooFewDecisions, CodeWrongAnswer,
		},
	},
	KindAction: {
		Name: "action", Path: "/client/",
		Sender: Clients, Limit: smallAnswer, Queue: ClientQueue, Fits: empty,
		Refusals: []string{CodeApprovalRequired, CodeInvalidAction, CodeWrongApprovalTime, CodeInvalidApproval, CodeTooFewDecisions, CodeWrongAnswer},
	},
	KindEntrants: {
		Name: "entrants", Path: "/api/node/entrants",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Limit: smallAnswer, Fits: whole[Entrants],
	},
	KindBranch: {
		Name: "branch", Path: "/api/tree/branch",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Across: true, AnyRoot: true, Limit: listAnswer, Fits: whole[BranchOffer],
		Refusals: []string{CodeLevelsDiffer, CodeInvalidTarget, CodeNoBranch},
	},
	KindTree: {
		Name: "tree", Path: "/api/tree/tree",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Across: true, AnyRoot: true, Limit: listAnswer, Fits: whole[Tree],
	},
	KindBranchEntrants: {
		Name: "branch-entrants", Path: "/api/tree/entrants",
		Sender: Nodes, Repeatable: true, Ours: true, Across: true, Limit: listAnswer, Queue: NodeQueue, Fits: whole[Entrants],
	},
	KindWork: {
		Name: "work", Path: "/api/work/",
		Sender: Nodes, Ours: true, Limit: listAnswer, Queue: NodeQueue, Fits: whole[QueryAnswer],
		Refusals: []string{CodeUnknownQuery, CodeInvalidQuestion, CodeFailed},
	},
	KindDirect: {
		Name: "direct", Path: "/api/direct/",
		Sender: Nodes, Ours: true, Across: true, Limit: listAnswer, Queue: NodeQueue, Fits: whole[DirectAnswer],
		Refusals: []string{CodeUnknownQuery, CodeInvalidQuestion, CodeFailed},
	},
	KindLeave: {
		Name: "leave", Path: "/api/node/leave",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Across: true, Limit: smallAnswer, Fits: empty,
	},
	KindBeacon: {
		Name: "beacon", Path: "/api/node/beacon",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Across: true, Limit: smallAnswer, Fits: whole[Beacon],
	},
	KindAges: {
		Name: "ages", Path: "/api/node/ages",
		Sender: Nodes, Leaf: true, Repeatable: true, Ours: true, Across: true, Limit: listAnswer, Fits: whole[Ages],
	},
}

// Row returns what is fixed about k, which must be below NumKinds.
func (k Kind) Row() *Row { return &table[k] }

func (k Kind) String() string {
	if k < NumKinds {
		return table[k].Name
	}
	return "unknown"
}

// FromNode reports whether nodes send the kind, under /api, where the sender's address
// and root are checked.
func (k Kind) FromNode() bool { return table[k].Sender == Nodes }

// Leaf is Row.Leaf.
func (k Kind) Leaf() bool { return table[k].Leaf }
