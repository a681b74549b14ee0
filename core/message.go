package core

import (
	"errors"
	"net/netip"
	"time"
)

// Kind names a request. Nodes send each other the kinds up to KindQuerySlave, clients send nodes the rest.
type Kind uint8

// The requests, each with the path it has on the wire of npm spreadable 0.3. The essay in doc.go has a paragraph for each.
const (
	KindPing             Kind = iota // GET /ping: is anybody there
	KindStatus                       // GET /status: root, availability, roles, network size
	KindStructure                    // /api/node/structure: backlink, slaves, masters
	KindInterview                    // /api/node/get-interview-summary: would this newcomer answer
	KindProvide                      // /api/node/provide-registration: where could I register
	KindRegister                     // /api/node/register: list me as your slave
	KindApprovalInfo                 // /api/node/get-approval-info: an approver's part of the question
	KindApprovalCheck                // /api/node/check-approval-answer: was this the answer
	KindQueryMaster                  // /api/master/<query>: network-wide request above the masters' level
	KindQueryButler                  // /api/butler/<query>: answer for all your slaves
	KindQuerySlave                   // /api/slave/<query>: answer for yourself
	KindAvailableNode                // /client/get-available-node: a node to work with
	KindApprovalKey                  // /client/request-approval-key: who approves me in this period
	KindApprovalAdd                  // /client/add-approval-info: I ask you to approve me
	KindApprovalQuestion             // /client/request-approval-question: what do I have to answer
	KindQuery                        // /client/<query>: ask the whole network
	KindAction                       // /client/<action>: may I take an action that is behind an approval
	NumKinds
)

var kindNames = [NumKinds]string{
	"ping", "status", "structure", "get-interview-summary", "provide-registration", "register", "get-approval-info",
	"check-approval-answer", "master", "butler", "slave", "get-available-node", "request-approval-key", "add-approval-info",
	"request-approval-question", "query", "action",
}

func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return "unknown"
}

// FromNode reports whether the kind is sent by nodes under /api, where the sender's address and root are checked.
func (k Kind) FromNode() bool { return k >= KindStructure && k <= KindQuerySlave }

// Leaf reports whether a node answers the kind at once, without asking anybody else first. Leaf requests are nearly all
// of the traffic, so a transport may treat them specially: their answer is ready when Serve returns.
func (k Kind) Leaf() bool {
	return k < NumKinds && servers[k] == nil
}

// Request is what one participant asks another.
type Request struct {
	Kind    Kind
	From    Peer          // the asking node; nobody for a client
	Root    Peer          // the sender's network; nobody while it is unknown
	Timeout time.Duration // what was left of the asker's patience when it sent this: a budget, never a time of day
	Client  netip.Addr    // where the request came from, as the transport saw it; for a node in memory it may be zero
	Trace   uint32        // the client's operation that caused it, 0 for none: transports may account by it, no node looks at it
	Body    any           // the kind's own pointer type, nil for kinds without fields; never changed once sent
}

// Response is the answer, or why there is none. Body is the kind's own pointer type and never changed once sent.
type Response struct {
	Body any
	Err  error
}

// Error is a refusal that the other side made on purpose. It crosses the wire with its code; a peer that sends one is alive.
type Error struct {
	Code    string // one of the Code constants; on the wire with the prefix ERR_SPREADABLE_
	Message string // for people
}

func (e *Error) Error() string { return e.Message }

// Is makes errors.Is compare refusals by their code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// IsRefusal reports whether err is a refusal with the given code.
func IsRefusal(err error, code string) bool { return errors.Is(err, &Error{Code: code}) }

func refuse(code, message string) Response {
	return Response{Err: &Error{Code: code, Message: message}}
}

// What can befall a request besides a refusal. Each counts as one failure of the peer asked, a timeout only when the asker
// asked for itself (Node.account).
var (
	ErrTimeout     = errors.New("request timed out")
	ErrUnreachable = errors.New("peer is unreachable")
	ErrDenied      = errors.New("denied by the address filter") // banned, blacklisted or not whitelisted, here or there
	ErrWrongRoot   = errors.New("node root is different")
	ErrMalformed   = errors.New("malformed answer")
)

// The codes of refusals, those of npm spreadable where it has one.
const (
	CodeInvalidTarget      = "INVALID_TARGET_FIELD"
	CodeInterviewee        = "INTERVIEW_INTERVIEWEE_NOT_AVAILABLE"
	CodeNotNormalized      = "NETWORK_NOT_NORMALIZED"
	CodeNoAvailableMaster  = "NETWORK_NO_AVAILABLE_MASTER"
	CodeMasterFull         = "MASTER_IS_FULL" // ours: a settled master with no room; npm peers see an ordinary failure
	CodeInvalidAction      = "INVALID_APPROVAL_ACTION"
	CodeWrongApprovalTime  = "WRONG_APPROVAL_TIME"
	CodeUnsuitableKey      = "UNSUITABLE_APPROVAL_KEY"
	CodeWrongAnswer        = "WRONG_APPROVAL_ANSWER"
	CodeTooFewDecisions    = "NOT_ENOUGH_APPROVER_DECISIONS"
	CodeApprovalRequired   = "APPROVAL_INFO_REQUIRED"
	CodeInvalidApproval    = "INVALID_APPROVAL_INFO"
	CodeInvalidInformation = "VALIDATE_SCHEMA_APPROVAL_INFO"
	CodeUnknownQuery       = "UNKNOWN_QUERY" // ours: no application of this name at this node
)

// Master is an entry of a list of masters: who, and how many slaves it was last known to have.
type Master struct {
	Peer Peer
	Size uint32
}

// Masters is a list of masters as it travels: immutable, so that it can be shared by everyone who learned it from the
// same node. A slave keeps its backlink's very list: that is why a hundred thousand nodes fit in a few megabytes.
type Masters struct {
	List  []Master
	Total int // sum of the sizes: how many nodes the masters list

	members uint64 // see Set
}

// Set is a digest of the set of masters, whatever their order and sizes. It is 0, which says nothing, of a list that came by
// wire: whoever makes one could forge it.
func (m *Masters) Set() uint64 { return m.members }

// Structure is a node's answer about its place in the network. It is a snapshot and never changed.
type Structure struct {
	Address  Peer
	Backlink Peer // nobody while not registered
	Slaves   []Peer
	Masters  *Masters // never nil
}

// Size returns the network size that the snapshot speaks for: the sum of its masters' sizes, at least 1.
func (s *Structure) Size() int { return max(1, s.Masters.Total) }

// Status is a node's answer about itself.
type Status struct {
	Root         Peer
	Availability float64       // 0 (busy) to 1 (idle)
	SyncAverage  time.Duration // mean duration of the latest syncs, 0 before the first
	IsMaster     bool
	IsNormalized bool // up for longer than one sync lifetime
	IsRegistered bool
	NetworkSize  int
}

// Interview is what a newcomer tells the master it wants to register at.
type Interview struct{ Address Peer }

// ProvideRequest asks where Target could register.
type ProvideRequest struct {
	Target Peer
	Places bool // the asker understands an ordered list of places; npm peers never set it
}

// Provision is the answer: one result per master, or the places chosen by a directing provider.
type Provision struct {
	Results     []Candidates
	Lifetime    time.Duration // the provider's sync lifetime
	NetworkSize int           // the provider's own view
}

// Candidates is one result of a Provision: a master, the size of the network it sees, and its slaves, or the provider
// itself where it has none. A place chosen by a directing provider has itself as its only candidate.
type Candidates struct {
	Address     Peer
	NetworkSize int
	Candidates  []Peer
}

// RegisterRequest asks a node to list Target as its slave.
type RegisterRequest struct {
	Target      Peer
	NetworkSize int // what the provider said: a master whose own view is older makes room by it. 0 from npm peers
}

// Registered tells a new slave how many slaves its master has now.
type Registered struct{ Size int }

// AvailableNode names a node for a client to work with.
type AvailableNode struct{ Address Peer }

// ApprovalInfoRequest asks an approver for its part of the question that belongs to Key.
type ApprovalInfoRequest struct{ Action, Key string }

// ApprovalInfo is an approver's part of the question; its meaning belongs to the kind of approval.
type ApprovalInfo struct{ Info string }

// ApprovalCheckRequest asks an approver whether a client's answer is right. Action is what the approval shall be for; npm
// peers do not say, and do not look.
type ApprovalCheckRequest struct {
	Action      string
	Key, Answer string
	Approvers   []Peer
	ClientIP    netip.Addr
}

// ApprovalKeyRequest asks an entry node who approves the client in the current period.
type ApprovalKeyRequest struct{ Action string }

// ApprovalKey is the answer: the approvers in the order of the draw.
type ApprovalKey struct {
	Approvers []Peer
	Key       string
	StartedAt time.Duration // start of the period, since the Unix epoch
	ClientIP  netip.Addr
}

// ApprovalAddRequest asks one approver to vouch for the client.
type ApprovalAddRequest struct {
	Action, Key string
	StartedAt   time.Duration
	Info        *string // what the client wants of the question; the approval of kind client takes none
}

// ApprovalQuestionRequest asks the entry node for the question, made of the confirmed approvers' parts.
type ApprovalQuestionRequest struct {
	Action, Key string
	Confirmed   []Peer
	Info        *string
}

// ApprovalQuestion is the question put to the client.
type ApprovalQuestion struct{ Question string }

// Proof is what a client shows to take an action: its approval with the answer.
type Proof struct {
	Action, Key string
	StartedAt   time.Duration
	ClientIP    netip.Addr
	Approvers   []Peer
	Answer      string
}

// ActionRequest asks whether a client may take the action that Proof is for. Proof is nil when it showed none.
type ActionRequest struct{ Proof *Proof }

// QueryRequest carries a network-wide request of an application.
type QueryRequest struct {
	Name  string
	Level int // network levels still below the receiver: 1 at a butler, 0 at a slave
	Arg   any // the application's own, never changed once sent
}

// QueryAnswer is a merged answer and how much of the network stands behind it.
type QueryAnswer struct {
	Result   any // nil when nobody had anything to say
	Coverage Coverage
	Cost     Cost
}

// Coverage counts the nodes behind an answer.
type Coverage struct {
	Asked    int // nodes that should have answered, by the lists of those who asked
	Answered int // nodes whose answer is in the result
}

// Cost is what an answer took below the node that gives it.
type Cost struct {
	Hops   int // sequential requests on the longest path
	Fanout int // most simultaneous requests of one participant
}
