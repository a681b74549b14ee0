package explain

import (
	"fmt"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/sim/trace"
)

// wording is what stands before the party of a note, and between it and the reason.
type wording struct{ before, after string }

// ownNotes are the words for what the node has noted itself, where they are always the
// same. A reason is told behind them.
var ownNotes = [core.NumWhats]wording{
	core.NoteRegistered:    {"has the backlink ", " from now on"},
	core.NoteOneLevel:      {"stays at level 1, as no more are known by ", ""},
	core.NoteUseless:       {"takes off its lists ", ""},
	core.NoteRefused:       {"refuses a place to ", ""},
	core.NoteDoubted:       {"doubts the number of slaves of ", ""},
	core.NoteNetworkMet:    {"introduces itself to ", ", a master of another part of the network"},
	core.NoteApprovals:     {"comes to its limits of approvals", ""},
	core.NoteLoginsLimited: {"judges fewer logins of ", ", as too many were wrong"},
	core.NoteClientKept:    {"sends a client to no other node", ""},
	core.NoteNamesLeft:     {"hears more names than it asks in a sync", ""},
	core.NoteEntrantsCut:   {"does not take all entrants of a draw that are named by ", ", which names too many"},
	core.NoteCutsBlamed:    {"no longer trusts the lists of ", ""},
	core.NoteAgesLeft:      {"sees more hosts than it remembers the ages of", ""},
	core.NoteWithheld:      {"lacks parts of a salt, which their masters have not revealed", ""},
	core.NoteBranchJoined:  {"joins the branch that was founded by ", ""},
	core.NoteBranchLeft:    {"leaves the branch that was founded by ", ""},
	core.NoteBranchLed:     {"becomes the head of the branch that was founded by ", ""},
	core.NoteBranchDoubted: {"doubts the head of a branch, ", ""},
	core.NoteReshaped:      {"changes, as its head, the tree of the branch that was founded by ", ""},
}

// othersNotes are the words for what another node has noted about this one.
var othersNotes = [core.NumWhats]wording{
	core.NoteUseless:       {"is taken off the lists of ", ""},
	core.NoteBacklinkLost:  {"is no longer the backlink of ", ""},
	core.NoteDoubted:       {"has the number of its slaves doubted by ", ""},
	core.NoteNetworkMet:    {"is sent an introduction by ", ", a master of another part of the network"},
	core.NoteLoginsLimited: {"has fewer of its logins judged by ", ", as too many were wrong"},
	core.NoteEntrantsCut:   {"names too many entrants of a draw for ", ", which does not take them all"},
	core.NoteCutsBlamed:    {"has its lists no longer trusted by ", ""},
	core.NoteBranchJoined:  {"has founded the branch that is joined by ", ""},
	core.NoteBranchLeft:    {"has founded the branch that is left by ", ""},
	core.NoteBranchLed:     {"has founded the branch that gets the head ", ""},
	core.NoteOneLevel:      {"knows no levels, which is noticed by ", ""},
	core.NoteBranchDoubted: {"is doubted as the head of a branch by ", ""},
	core.NoteReshaped:      {"has founded the branch whose tree is changed by its head, ", ""},
}

// noted tells of what the node has noted itself.
func (x *teller) noted(e trace.Entry) {
	peer := []trace.Party{e.Peer}
	if e.Peer == trace.None {
		peer = nil
	}
	switch e.Note {
	case core.NoteBacklinkLost:
		x.say(e.At, "loses its backlink ", peer, x.whyLost(e))
		place := *x.place // the snapshot without it comes later
		place.Backlink = core.Peer{}
		x.place = &place
	case core.NoteBanned:
		x.say(e.At, "bans ", peer, because(banReason(e.Text)))
	case core.NoteSteppedDown:
		x.say(e.At, "steps down: it gives up all its slaves, as "+e.Text, nil, "")
	case core.NoteShed:
		reason := because(e.Text)
		if reason == "" {
			reason = ": it had too many, or no other node could list it"
		}
		x.say(e.At, "takes off its slaves ", peer, reason)
	case core.NoteSilent:
		own, _ := silence(e.Text)
		x.say(e.At, "takes off its lists ", peer, own)
	case core.NoteLevels:
		x.say(e.At, "hears of another number of levels of the network"+because(e.Text), nil, "")
	case core.NoteRegisterFailed:
		x.say(e.At, "finds no place"+because(failure(e.Text)), nil, "")
	default:
		w := ownNotes[e.Note]
		x.say(e.At, w.before, peer, w.after+because(e.Text))
	}
}

// because is a reason behind a sentence.
func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// busy is how the text of an error begins that comes from a host, not from a node.
var busy = message.ErrUnreachable.Error() + ": it answers "

// failure says why no place was found. A host that answers can be reached.
func failure(text string) string {
	if status, answers := strings.CutPrefix(text, busy); answers {
		return "the node that was asked answers " + status
	}
	return text
}

// ownDenial is the text of a core.NoteSilent where the node's own address filter has kept
// the requests from being sent.
const ownDenial = "denied by our own address filter"

// silence says what has come of the requests to a node that counts as silent, in the
// sentence about the asker and in that about the node.
func silence(text string) (own, others string) {
	switch {
	case text == message.ErrDenied.Error():
		return ", which denies it", ", which it denies"
	case text == ownDenial:
		return ", which its own address filter denies", ", whose address filter denies it"
	case text == message.ErrWrongRoot.Error():
		return ", which is of another network or branch", ", which is of another network or branch"
	case strings.HasPrefix(text, busy):
		return ", at which too many requests wait", ", as too many requests wait at it"
	}
	return ", from which no answer came", ", which got no answer from it"
}

// banReasons say what the kinds of bans mean, as it is said of the one that is banned.
var banReasons = [behavior.NumActions]string{
	behavior.RequestDelays:       "it answers too late",
	behavior.Registration:        "it gives no places",
	behavior.ResponseSchema:      "its answers are malformed",
	behavior.SlaveMasters:        "as a slave it vouches for a size that its backlink never had",
	behavior.SlaveBacklink:       "as a slave it names another backlink",
	behavior.BacklinkMasters:     "as a backlink it names its slave not among the masters, or with a wrong size",
	behavior.BacklinkSlaves:      "as a backlink it does not list its slave",
	behavior.BacklinkNetworkSize: "it contradicts itself about its slaves",
	behavior.ForeignSlaves:       "it lists as its slave a node that is not",
}

// banReason says what a kind of ban means, and how long it holds: nodes of a run have the
// default rules. What is no kind is told as it is.
func banReason(text string) string {
	for a, meaning := range banReasons {
		if action := behavior.Action(a); meaning != "" && text == action.String() {
			return fmt.Sprintf("%s (%s), for %s", meaning, text, days(behavior.Rules()[a].BanLife))
		}
	}
	return text
}

// days writes a duration in days if it is some.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day || d%day != 0 {
		return Clock(d)
	}
	return itoa(int(d/day)) + " days"
}

// whyLost says how the node has learned that it has lost its backlink.
func (x *teller) whyLost(lost trace.Entry) string {
	// What it was told and the note are of one instant; a request was sent before.
	for i := len(x.own) - 1; i >= 0; i-- {
		e := x.own[i]
		switch {
		case e.Peer != lost.Peer || e.Until != lost.At:
		case e.What == trace.Served && e.Kind == message.KindLeave:
			return ", which tells that it gives up its slaves or leaves"
		case e.What == trace.Asked && e.Kind == message.KindStructure:
			return ": " + x.outcome(e, "by its answer it does not list this node")
		}
	}
	return ""
}

// notedBy tells of what another node has noted about this one.
func (x *teller) notedBy(e trace.Entry) {
	by := []trace.Party{e.Peer}
	if e.Peer == x.node { // its own note tells
		return
	}
	switch e.Note {
	case core.NoteBanned:
		x.say(e.At, "is banned by ", by, because(banReason(e.Text)))
	case core.NoteSilent:
		_, others := silence(e.Text)
		x.say(e.At, "is taken off the lists of ", by, others)
	case core.NoteShed:
		reason := because(e.Text)
		if reason == "" {
			reason = ", which had too many, or which no other node could list"
		}
		x.say(e.At, "is taken off the slaves of ", by, reason)
	case core.NoteRegistered, core.NoteRefused: // its own slaves and requests tell
	case core.NoteLevels: // each node of the network that it has founded has such a note
	default:
		w := othersNotes[e.Note]
		x.say(e.At, w.before, by, w.after+because(e.Text))
	}
}
