package admin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Node is a running node, as its owner sees it. Errors of type *[Error] reach the client
// unchanged.
type Node interface {
	Status(context.Context) (*Status, error)
	Structure(context.Context) (*Structure, error)
	Members(context.Context) (*Members, error)
	Sync(context.Context) error // returns when the sync has ended

	Bans(context.Context) ([]Ban, error) // oldest first
	Ban(ctx context.Context, address string) (*Ban, error)
	AddBan(ctx context.Context, address string, request BanRequest) (*Ban, error)
	RemoveBan(ctx context.Context, address string) error
	ClearBans(context.Context) (int, error)

	Backup(context.Context, io.Writer) error
	Reload(context.Context) (*Reloaded, error)
	Leave() // returns at once

	Bootstrap(context.Context) ([]string, error)
	SetBootstrap(context.Context, []string) error
	Answer(ctx context.Context, key string) (*Answer, error)
}

// Status describes the state of a node at one moment.
type Status struct {
	Address    string `json:"address"`
	Root       string `json:"root"` // empty while unknown
	Registered bool   `json:"registered"`
	Backlink   string `json:"backlink"` // empty while not registered
	Master     bool   `json:"master"`
	// in a network of several levels the root is the name of the own branch of level 1
	Network      string   `json:"network"`            // name of the whole network
	Levels       int      `json:"levels"`             // of masters, that searches go through
	LevelsToBe   int      `json:"levels_to_be"`       // another number while the network changes it
	LevelsAuto   bool     `json:"levels_auto"`        // the network decides how many
	MasterLevel  int      `json:"master_level"`       // the highest at which the node is a master; 0 for none
	Branches     []Branch `json:"branches,omitempty"` // that the node belongs to, that of level 1 first
	TopBranches  int      `json:"top_branches"`       // that all nodes know; 0 with one level
	Slaves       int      `json:"slaves"`
	Masters      int      `json:"masters"`
	NetworkSize  int      `json:"network_size"`
	Normalized   bool     `json:"normalized"`
	Availability float64  `json:"availability"` // 0 busy, 1 idle
	SyncAverage  float64  `json:"sync_average_ms"`
	Bans         int      `json:"bans"`
	// hosts of which one login is looked at now and then, after many wrong ones
	LimitedLogins int       `json:"limited_logins"`
	Approvals     Approvals `json:"approvals"`
	Limits        Limits    `json:"limits"`
	Bootstrap     []string  `json:"bootstrap"`
	Data          string    `json:"data"`
	Listen        string    `json:"listen"`
	PID           int       `json:"pid"`
	Started       time.Time `json:"started"`
	Version       string    `json:"version"` // of the program
	LastFailure   string    `json:"last_registration_failure,omitempty"`
	// why the node has no place, for each address that it asks; none once it has one
	JoinFailures []JoinFailure `json:"join_failures,omitempty"`
	// nodes that this one has refused lately, the latest first, and how many in all
	Refused      []Refused `json:"refused,omitempty"`
	RefusedTotal uint64    `json:"refused_total"`
	// what the extensions say of themselves, by name
	Extensions map[string]any `json:"extensions,omitempty"`
}

// CommandRequest asks an extension to run one of its commands.
type CommandRequest struct {
	Args []string `json:"args"`
}

// CommandOutput is what a command has written, for a person.
type CommandOutput struct {
	Output string `json:"output"`
}

// JoinFailure is why a node cannot join by way of an address.
type JoinFailure struct {
	Address string    `json:"address"`
	Asked   string    `json:"asked"` // status, provide-registration, register
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
}

// Refused is a node that this one has refused.
type Refused struct {
	Address string    `json:"address"` // that it claims
	IP      string    `json:"ip"`
	Reason  string    `json:"reason"`
	Time    time.Time `json:"time"`
}

// Limits are what a node has not believed, taken or asked because a limit was reached,
// since its start.
type Limits struct {
	HostsRefused    uint64 `json:"hosts_refused"`    // newcomers whose host had its places
	DrawsRefused    uint64 `json:"draws_refused"`    // newcomers of a network that draws otherwise
	LevelsRefused   uint64 `json:"levels_refused"`   // newcomers of a network of another number of levels
	HostsShed       uint64 `json:"hosts_shed"`       // slaves whose host had more than its places
	NamesLeft       uint64 `json:"names_left"`       // masters' names that were not asked in a sync
	LooksLeft       uint64 `json:"looks_left"`       // clients kept because of look_pause
	EntrantsCut     uint64 `json:"entrants_cut"`     // answers with more entrants of a draw than there can be
	AgesLeft        uint64 `json:"ages_left"`        // groups of hosts seen whose age is not remembered
	Withheld        uint64 `json:"withheld"`         // masters' parts of a salt that were not revealed
	CutsBlamed      uint64 `json:"cuts_blamed"`      // periods in which a master was blamed for such answers
	BranchesDoubted uint64 `json:"branches_doubted"` // claims of heads that were not confirmed
	Doubts          uint64 `json:"doubts"`           // times that a master began to be doubted
	Doubted         int    `json:"doubted"`          // masters that are doubted now
	Unsteady        uint64 `json:"unsteady"`         // backlinks left because of max_loss
}

// Approvals are numbers of a node as an approver and an entry node of clients.
type Approvals struct {
	Clients int `json:"clients"` // approvals that it vouches for now
	Keys    int `json:"keys"`    // that it has given out as an entry node
	// Since its start: approvals and keys that gave way to others, questions that wrong
	// answers have ended, and checks of answers by nodes that may not ask.
	Dropped        uint64 `json:"dropped"`
	QuestionsEnded uint64 `json:"questions_ended"`
	ChecksRefused  uint64 `json:"checks_refused"`
}

// Settled reports whether the node has its place: it knows the network's name and is
// registered, or is alone in a network that it has started itself.
func (s *Status) Settled() bool {
	return s.Root != "" && (s.Registered || s.Root == s.Address && s.NetworkSize <= 1 && s.Slaves == 0)
}

// Structure is a node's place in the network.
type Structure struct {
	Address  string   `json:"address"`
	Backlink string   `json:"backlink"`
	Slaves   []string `json:"slaves"`
	Masters  []Master `json:"masters"`
	// in a network of several levels, the branches that the node knows, of level 1 first
	Tree []BranchLevel `json:"tree,omitempty"`
}

// Branch is a part of a network of several levels. One of level 1 has masters that know
// each other, and their slaves; one of the next level is made of branches of this.
type Branch struct {
	Name string `json:"name"` // the address of its founder
	Head string `json:"head"` // its master of the next level
	Size int    `json:"size"` // nodes
}

// BranchLevel is the branches of one level that a node knows: its own and those with the
// same parent.
type BranchLevel struct {
	Level    int      `json:"level"`
	Own      string   `json:"own"` // name of the own branch
	Branches []Branch `json:"branches"`
}

// Master is a master that the node knows, and how many slaves it was last known to have.
type Master struct {
	Address string `json:"address"`
	Size    int    `json:"size"`
}

// Members are the nodes of the network, as the masters list them.
type Members struct {
	Members  []Member `json:"members"` // by address
	Masters  int      `json:"masters"`
	Answered int      `json:"answered"` // masters that told their slaves
}

// Member is a node of the network.
type Member struct {
	Address string `json:"address"`
	// a master that lists it; empty for a master that no other lists
	Backlink string `json:"backlink"`
	Slaves   int    `json:"slaves"`           // 0 for one that is no master
	Level    int    `json:"level"`            // the highest level at which it is a master; 0 for a slave
	Branch   string `json:"branch,omitempty"` // its branch of level 1, in a network of several levels
}

// Ban is an address that the node refuses, or whose logins it limits.
type Ban struct {
	Address string `json:"address"`
	// of its host, refused with all its ports unless bans are by address; empty if
	// unknown
	IP     string    `json:"ip"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	// no ban: after many wrong logins, one is looked at now and then (option login_pause)
	LoginsOnly bool `json:"logins_only,omitempty"`
}

// BanRequest says for how long, and why.
type BanRequest struct {
	Seconds float64 `json:"seconds"` // above 0
	Reason  string  `json:"reason"`
}

// Count is how many bans were lifted.
type Count struct {
	Count int `json:"count"`
}

// Reloaded says what reading the options again has changed: keys of options. A
// certificate that was renewed in place, in files of the same names, counts as tls_cert.
type Reloaded struct {
	Changed []string `json:"changed"` // in force now
	// changed in the file, but in force only after a restart
	Restart []string `json:"restart"`
	// until when the certificate is valid, if it is another than before
	CertificateEnds *time.Time `json:"certificate_ends,omitempty"`
}

// Bootstrap holds the bootstrap addresses: a node without a place asks one of them.
type Bootstrap struct {
	Addresses []string `json:"addresses"`
}

// Answer is the answer that an approver expects.
type Answer struct {
	Action string `json:"action"`
	Client string `json:"client"` // IP
	Answer string `json:"answer"` // empty until an entry node has asked for the question
}

// Error is a refusal.
type Error struct {
	Status  int    `json:"-"` // of HTTP
	Message string `json:"error"`
}

func (e *Error) Error() string { return e.Message }

// Refuse makes a refusal of a request that makes no sense.
func Refuse(format string, args ...any) *Error {
	return &Error{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// NotFound makes a refusal: there is no such thing.
func NotFound(format string, args ...any) *Error {
	return &Error{http.StatusNotFound, fmt.Sprintf(format, args...)}
}
