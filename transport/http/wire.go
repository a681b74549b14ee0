package httptransport

import (
	"encoding/json"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// The bodies as they stand on the wire, one type for each, used both ways. Field names and their order are those of npm
// spreadable 0.3. What an npm peer does not know ("places", "networkSize" of a registration, "action" of an
// approval to check, "introduce", all of a query) it ignores.

// Limits on what others send, in entries and bytes. Lists of masters and slaves hold some square root of the network
// size: the limit is that of a network of 67 million nodes, and sixty times what a network of a hundred thousand needs.
const (
	maxList      = 1 << 13
	maxApprovers = 1 << 12
	maxAction    = 128
	maxKey       = 128
	maxAnswer    = 4096
	maxInfo      = 4096
	maxPart      = 1 << 16 // an approver's part of a question
	maxCount     = 1 << 30 // a network size
	maxMessage   = 1024    // of an error
)

type wirePeer struct {
	Address string `json:"address"`
}

type wireMaster struct {
	Address string  `json:"address"`
	Size    float64 `json:"size"`
}

type wireStructure struct {
	Address  string       `json:"address"`
	Backlink *wirePeer    `json:"backlink"`
	Slaves   []wirePeer   `json:"slaves"`
	Masters  []wireMaster `json:"masters"`
}

type wireStatus struct {
	Root         string  `json:"root"`
	Availability any     `json:"availability"` // a number, or a text when asked for pretty
	SyncAvgTime  any     `json:"syncAvgTime"`  // milliseconds, or a text
	IsMaster     bool    `json:"isMaster"`
	IsNormalized bool    `json:"isNormalized"`
	IsRegistered bool    `json:"isRegistered"`
	NetworkSize  float64 `json:"networkSize"`
}

type wirePing struct {
	Version string `json:"version"`
	Address string `json:"address"`
}

type wireInterview struct {
	Summary *wirePeer `json:"summary"`
	Address string    `json:"address,omitempty"` // npm nodes add it to any answer
}

type wireCandidates struct {
	Address     string     `json:"address"`
	NetworkSize float64    `json:"networkSize"`
	Candidates  []wirePeer `json:"candidates"`
}

type wireProvision struct {
	Results      []wireCandidates `json:"results"`
	SyncLifetime float64          `json:"syncLifetime"`
	NetworkSize  float64          `json:"networkSize"`
	Address      string           `json:"address,omitempty"`
}

type wireRegistered struct {
	Size    *float64 `json:"size"`
	Address string   `json:"address,omitempty"`
}

type wireApprovalInfo struct {
	Info    *string `json:"info"`
	Address string  `json:"address,omitempty"`
}

type wireApprovalKey struct {
	Approvers []string `json:"approvers"`
	Key       string   `json:"key"`
	StartedAt float64  `json:"startedAt"`
	ClientIP  string   `json:"clientIp"`
}

type wireQuestion struct {
	Question string `json:"question"`
}

type wireSuccess struct {
	Success bool `json:"success"`
}

type wireError struct {
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

type wireCoverage struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
}

type wireCost struct {
	Hops   int `json:"hops"`
	Fanout int `json:"fanout"`
}

type wireQueryAnswer struct {
	Result   json.RawMessage `json:"result"`
	Coverage wireCoverage    `json:"coverage"`
	Cost     wireCost        `json:"cost"`
}

// wireProof is a client's approvalInfo: exactly these six.
type wireProof struct {
	Action    string   `json:"action"`
	Key       string   `json:"key"`
	StartedAt float64  `json:"startedAt"`
	ClientIP  string   `json:"clientIp"`
	Approvers []string `json:"approvers"`
	Answer    string   `json:"answer"`
}

// codePrefix stands before the codes of refusals on the wire. Codes of applications have prefixes of their own.
const codePrefix = "ERR_SPREADABLE_"

// interner turns addresses into peers. It works inside the node's thread, which alone writes the book.
type interner struct {
	book *peer.Book
	full bool // an address did not fit
}

func (in *interner) peer(a peer.Address) core.Peer {
	if a.IsZero() {
		return core.Peer{}
	}
	p, err := in.book.Intern(a)
	if err != nil {
		in.full = true
	}
	return p
}

// peers interns a list and leaves out what does not fit, and repetitions.
func (in *interner) peers(list []peer.Address) []core.Peer {
	peers := make([]core.Peer, 0, len(list))
	seen := make(map[core.Peer]struct{}, len(list))
	for _, a := range list {
		p := in.peer(a)
		if _, twice := seen[p]; twice || p.IsZero() {
			continue
		}
		seen[p] = struct{}{}
		peers = append(peers, p)
	}
	return peers
}

// all interns a list as it is: repetitions stay, since they tell something about who sent them.
func (in *interner) all(list []peer.Address) []core.Peer {
	peers := make([]core.Peer, len(list))
	for i, a := range list {
		peers[i] = in.peer(a)
	}
	return peers
}

func texts(book *peer.Book, peers []core.Peer) []string {
	list := make([]string, len(peers))
	for i, p := range peers {
		list[i] = book.Text(p)
	}
	return list
}

func text(book *peer.Book, p core.Peer) string {
	if p.IsZero() {
		return ""
	}
	return book.Text(p)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ipText writes a client's IP as npm nodes do: IPv4 as such, IPv6 in full.
func ipText(ip netip.Addr) string {
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	return peer.FullIPv6(ip)
}
