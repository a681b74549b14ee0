package wire

import (
	"strings"

	"spreadable/core/message"
)

// The headers of requests, in the spelling in which net/http keeps them.
const (
	AddressHeader       = "Original-Address" // of the asking node
	NodeVersionHeader   = "Node-Version"
	ClientVersionHeader = "Client-Version"
	// the sender's network; empty while unknown, which differs from missing
	RootHeader = "Node-Root"

	// BudgetHeader tells our nodes how many milliseconds of the timeout budget are left,
	// without a time of day, so that the sender's clock may be wrong. Npm nodes do not
	// know it.
	BudgetHeader = "Timeout-Budget"
)

// Values of headers.
const (
	// of the network, in Node-Version and Client-Version
	DefaultVersion = "spreadable-0.3"
	// value of the header Server, by which our nodes recognise each other
	ServerName  = "spreadable-go"
	RequestType = "application/json"                // Content-Type of requests
	AnswerType  = "application/json; charset=utf-8" // Content-Type of answers
)

// CodePrefix begins the codes of refusals on the wire. Codes of applications have
// prefixes of their own.
const CodePrefix = "ERR_SPREADABLE_"

// Code is a refusal's code as it is sent.
func Code(code string) string {
	if strings.HasPrefix(code, "ERR_") {
		return code
	}
	return CodePrefix + code
}

// RootMessage begins the refusal of nodes of another network.
const RootMessage = "Node root is different"

// AddressMessage begins the refusal of nodes whose requests come from another IP than the
// address has that they claim.
const AddressMessage = "Wrong address"

// RouteMessage begins the refusal of a path that no route of the node has.
const RouteMessage = "Not found route"

// ClientPath begins the paths of all requests of clients.
var ClientPath = message.KindQuery.Row().Path

// IntroduceField is the field of a structure request by which the sender introduces
// itself.
const IntroduceField = "introduce"

// MaxLearned is how many peers' structures a node keeps at most, to name them when it
// asks again: a few times the masters of a large network. When there is one more, it
// forgets all.
const MaxLearned = 4096

// Limits on what others send, in entries and bytes. The length of lists of masters and
// slaves is about the square root of the network size: the limit is that of a network of
// 67 million nodes.
const (
	MaxMessage = 1024    // of an error
	maxList    = 1 << 13 // masters, slaves, places, branches of a level
	maxPath    = 8       // branches of a node, one for each level but the last
	// of one client; an npm network of 16 million nodes has as many
	MaxApprovers = 1 << 12
	maxAddress   = 512
	maxAction    = 128
	maxKey       = 128
	maxAnswer    = 4096
	maxInfo      = 4096
	maxPart      = 1 << 16 // an approver's part of a question
	maxCount     = 1 << 30 // a network size
	maxMillis    = 8e12    // a time: about 250 years, the longest Duration
)
