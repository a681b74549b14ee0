package behavior

import (
	"strconv"
	"time"
)

// Action is a kind of behaviour that is watched.
type Action uint8

// The actions. An answer of a slave or of a backlink shows what it believes about this
// node; "us" is this node.
const (
	RequestDelays         Action = iota // requests that timed out; a 2xx answer is good
	Authentication                      // requests with wrong credentials
	Registration                        // register calls that the chosen master failed
	ResponseSchema                      // answers of the wrong shape
	SlaveMasters                        // a slave vouches for a size of ours that we never had
	SlaveBacklink                       // a slave names another backlink
	BacklinkMasters                     // our backlink's masters lack us, or have our size wrong
	BacklinkSlaves                      // our backlink's slaves lack us
	BacklinkNetworkSize                 // a master contradicts itself about its slaves
	ForeignSlaves                       // a master lists us as its slave, and we are not
	BrowserAuthentication               // the same as Authentication, of browsers; ours
	NumActions                          // how many there are; not an action
)

// names are the actions' names in npm, which appear as reasons of bans. Npm does not know
// the last two.
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
	ForeignSlaves:       "foreignSlaves",

	BrowserAuthentication: "browserAuthentication",
}

// String returns npm's name of the action, such as "slaveBacklink".
func (a Action) String() string {
	if a >= NumActions {
		return "action" + strconv.Itoa(int(a))
	}
	return names[a]
}

// IsLogin reports whether the action is a wrong login, which leads to no ban: see
// core.Node.LogIn.
func (a Action) IsLogin() bool { return a == Authentication || a == BrowserAuthentication }

// Auto stands for a duration that follows from the sync's lifetime; see [Rule].
const Auto time.Duration = -1

// Rule is how faults of one action add up and what they lead to. Without Ban the
// suspicion is for people to look at.
type Rule struct {
	// Exp makes repetition count: the n-th fault in a row weighs sqrt(n-1)
	// times the base, the n-th good deed in a row 1/sqrt(n-1) (the first of
	// either weighs 1). Otherwise every one weighs its base.
	Exp bool

	// Threshold is the suspicion above which a peer is banned, if Ban is set.
	Threshold float64
	Ban       bool

	// Most bounds the suspicion; 0 means that it has no bound.
	Most float64

	// BanLife is how long a ban lasts.
	BanLife time.Duration

	// FailLife is how long a score lives without a change. Auto is the sync's
	// lifetime, in which a healthy small network has certainly repaired itself.
	FailLife time.Duration

	// BanDelay is how old a score must be to lead to a ban. Auto is twice the
	// lifetime of the score. A score lives only while faults renew it, so a ban
	// takes faults that are spread over this time: a burst of them during one
	// disturbance does not lead to a ban.
	BanDelay time.Duration
}

// Rules returns the default rules, a fresh copy that the caller may change. They are
// npm's, except for wrong logins and for what leads to a ban.
//
// Npm bans for all of them. But an honest node may be slow, silent or full, or may know
// an old size; and a third node can see to it that an honest one does, again and again.
// So only what no honest node does leads to a ban here: garbage, and statements that
// contradict themselves or what the accuser did itself. These count by repetition, and
// lead to a ban of weeks. Where the accused vouches for what it says, the sixth in a row
// is enough: more would come too late, because after ten it is asked no more.
//
// npm bans for wrong logins, too, and gives them the same lifetimes as the rest. So a host
// may guess passwords for two lifetimes before it is banned, and ten at a time for ever;
// and who has mistyped a password is shut out for a quarter of an hour. Here they lead to
// no ban, but above the threshold to a pause between two attempts, until a quarter of an
// hour has passed without any.
func Rules() [NumActions]Rule {
	rules := [NumActions]Rule{
		RequestDelays:       {Threshold: 200, BanLife: 20 * time.Minute},
		Registration:        {Threshold: 10, BanLife: 10 * time.Minute},
		ResponseSchema:      {Ban: true},
		SlaveMasters:        {Ban: true},
		BacklinkNetworkSize: {Ban: true},
		ForeignSlaves:       {Ban: true},
	}
	for a := range rules {
		if Action(a) >= ResponseSchema {
			rules[a].Exp, rules[a].Threshold, rules[a].BanLife = true, 30, 18*24*time.Hour
		}
		rules[a].FailLife, rules[a].BanDelay = Auto, Auto
	}
	for _, a := range []Action{SlaveMasters, BacklinkNetworkSize} {
		rules[a].Threshold, rules[a].BanDelay = 8, 0
	}
	for _, a := range []Action{Authentication, BrowserAuthentication} {
		rules[a] = Rule{Threshold: 10, Most: 10, FailLife: 15 * time.Minute}
	}
	return rules
}

// condemns reports whether a suspicion is too high.
func (r Rule) condemns(suspicion float64) bool { return r.Ban && suspicion > r.Threshold }

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
