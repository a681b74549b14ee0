package behavior

import (
	"strconv"
	"time"
)

// Action is a kind of behaviour that is watched.
type Action uint8

const (
	// outgoing requests that timed out; any 2xx answer is good
	RequestDelays  Action = iota
	Authentication        // requests with wrong credentials
	Registration          // register calls that the chosen master failed
	ResponseSchema        // answers of the wrong shape
	// a slave's list of masters without us, or with our wrong size
	SlaveMasters
	SlaveBacklink // a slave whose backlink is somebody else
	// our backlink's list of masters without us, or with our wrong size
	BacklinkMasters
	BacklinkSlaves // our backlink's list of slaves without us
	// our backlink's own size wrong, or its slaves too many
	BacklinkNetworkSize
	NumActions // how many there are; not an action
)

// names are the actions' names in npm, which appear as reasons of bans.
var names = [NumActions]string{
	RequestDelays:       "requestDelays",
	Authentication:      "authentication",
	Registration:        "registration",
	ResponseSchema:      "responseSchema",
	SlaveMasters:        "slaveMasters",
	SlaveBacklink:       "slaveBacklink",
	BacklinkMasters:     "backlinkMasters",
	BacklinkSlaves:      "backlinkSlaves",
	BacklinkNetworkSize: "backlinkNetworkSize",
}

// String returns npm's name of the action, such as "slaveBacklink".
func (a Action) String() string {
	if a >= NumActions {
		return "action" + strconv.Itoa(int(a))
	}
	return names[a]
}

// Auto stands for a duration that follows from the sync's lifetime, which in
// turn follows from the network's size; see [Rule].
const Auto time.Duration = -1

// Rule is how faults of one action add up and what they lead to.
type Rule struct {
	// Exp makes repetition count: the n-th fault in a row weighs sqrt(n-1)
	// times the base, the n-th good deed in a row 1/sqrt(n-1) (the first of
	// either weighs 1). Otherwise every one weighs its base.
	Exp bool

	// Level is the suspicion above which a peer is banned, if Ban is set.
	Level float64
	Ban   bool

	// BanLife is how long a ban lasts.
	BanLife time.Duration

	// FailLife is how long a score lives without a change; Auto is the sync's
	// lifetime, in which a healthy network surely mends itself.
	FailLife time.Duration

	// BanDelay is how old a score must be to lead to a ban, so that a burst
	// of faults during one disturbance does not; Auto is twice the lifetime
	// of the score. As the score must also be alive, the faults of a banned
	// peer were spread over this time.
	BanDelay time.Duration
}

// Rules returns npm's default rules, a fresh copy that the caller may change.
//
// But for one: npm gives wrong logins the same lifetimes as the rest, so that one
// may guess passwords for two lifetimes before the ban, and ten at a time for
// ever. Here a guess is remembered for as long as its ban would last, and the
// one too many bans at once.
//
// The light faults, which happen to the honest, count plainly and lead to
// minutes of ban; the others, which honest nodes commit only while the network
// rearranges itself, count by repetition and lead to weeks.
func Rules() [NumActions]Rule {
	rules := [NumActions]Rule{
		RequestDelays:  {Level: 200, BanLife: 20 * time.Minute},
		Authentication: {Level: 10, BanLife: 15 * time.Minute},
		Registration:   {Level: 10, BanLife: 10 * time.Minute},
	}
	for a := range rules {
		if Action(a) >= ResponseSchema {
			rules[a] = Rule{Exp: true, Level: 30, BanLife: 18 * 24 * time.Hour}
		}
		rules[a].Ban = true
		rules[a].FailLife, rules[a].BanDelay = Auto, Auto
	}
	guesses := &rules[Authentication]
	guesses.FailLife, guesses.BanDelay = guesses.BanLife, 0
	return rules
}

// condemns reports whether a suspicion is too high.
func (r Rule) condemns(suspicion float64) bool { return r.Ban && suspicion > r.Level }

// lifetimes resolves Auto: how long a score lives unused, and how old it must
// be for a ban.
func (r Rule) lifetimes(sync time.Duration) (life, delay time.Duration) {
	life, delay = r.FailLife, r.BanDelay
	if life == Auto {
		life = sync
	}
	if delay == Auto {
		delay = 2 * life
	}
	return life, delay
}
