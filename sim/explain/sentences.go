package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/core/message"
	"spreadable/internal/phrase"
	"spreadable/sim/result"
	"spreadable/sim/trace"
)

// line is a sentence about the node, without its subject: what stands before the parties
// that it is about, and behind them. Lines that follow each other and differ only in
// their parties, or in nothing, are told as one.
type line struct {
	at, until time.Duration
	before    string
	parties   []trace.Party
	after     string
	times     int
}

// say adds a sentence.
func (x *teller) say(at time.Duration, before string, parties []trace.Party, after string) {
	if last := len(x.lines) - 1; last >= 0 {
		// A number of slaves changes with each line, and the latest holds.
		l := &x.lines[last]
		same := l.before == before && len(l.parties) > 0 == (len(parties) > 0) && (l.after == after || strings.HasPrefix(after, counted) && strings.HasPrefix(l.after, counted))
		if same {
			l.until, l.after, l.times = at, after, l.times+1
			l.parties = append(l.parties, parties...)
			return
		}
	}
	x.lines = append(x.lines, line{at: at, until: at, before: before, parties: slices.Clone(parties), after: after, times: 1})
}

// events are the sentences.
func (x *teller) events() []Event {
	list := make([]Event, 0, len(x.lines))
	for _, l := range x.lines {
		text := l.before + x.names(l.parties) + l.after
		switch {
		case l.times == 1 || l.until == l.at:
		case len(distinct(l.parties)) > 1:
			text += fmt.Sprintf(" (until %s)", Clock(l.until))
		case l.times == 2:
			text += fmt.Sprintf(" (again at %s)", Clock(l.until))
		default:
			text += fmt.Sprintf(" (%d times until %s)", l.times, Clock(l.until))
		}
		list = append(list, Event{l.at.Seconds(), l.until.Seconds(), text})
	}
	return list
}

// mostNames is how many nodes a sentence names.
const mostNames = 8

// names lists parties: "node 3", "nodes 3, 5 and 8", "nodes 3, 5, … and 20 more".
func (x *teller) names(parties []trace.Party) string {
	parties = distinct(parties)
	if len(parties) == 0 {
		return ""
	}
	all := make([]string, 0, len(parties))
	for _, p := range parties {
		all = append(all, x.name(p))
	}
	if len(all) == 1 {
		return all[0]
	}
	more := len(all) - mostNames
	if more > 0 {
		all = all[:mostNames]
	}
	if rest, isNode := strings.CutPrefix(all[0], "node "); isNode && strings.HasPrefix(all[1], "node ") {
		all[0] = "nodes " + rest
		for i := range all[1:] { // only the first says "nodes"
			all[i+1] = strings.TrimPrefix(all[i+1], "node ")
		}
	}
	if more > 0 {
		return strings.Join(all, ", ") + " and " + itoa(more) + " more"
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// name is what a party is called in a sentence about the node.
func (x *teller) name(p trace.Party) string {
	if p == x.node {
		return "itself"
	}
	return x.recorder.Text(p)
}

// distinct are the parties of a list, each once, in their order.
func distinct(list []trace.Party) (once []trace.Party) {
	for _, p := range list {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	return once
}

// asked tells of a request for a place. Others are not told of.
func (x *teller) asked(e trace.Entry) {
	if e.Open || e.Until > x.at {
		x.waiting = append(x.waiting, e)
	}
	peer := []trace.Party{e.Peer}
	switch e.Kind { // dated by the request, told with the answer that it got
	case message.KindProvide:
		x.say(e.At, "asks ", peer, " where to register: "+x.outcome(e, "it names places"))
	case message.KindRegister:
		if x.up && !x.place.Backlink.IsZero() && party(x.place.Backlink) == e.Peer {
			x.say(e.At, "asks its backlink ", peer, " to confirm its place: "+x.outcome(e, "granted"))
			return
		}
		x.say(e.At, "asks ", peer, " for a place: "+x.outcome(e, "granted"))
	}
}

// outcome is what became of a request.
func (x *teller) outcome(e trace.Entry, good string) string {
	switch took := Clock(e.Until - e.At); {
	case e.Open || e.Until > x.at:
		return "no answer yet"
	case e.Text == "":
		return good
	case e.Text == result.ErrorTimeout:
		return "no answer within " + took
	case e.Busy:
		return "refused, as too many requests wait there"
	case e.Text == result.ErrorUnreachable:
		return "it cannot be reached"
	case e.Text == result.ErrorDenied:
		return "denied by its address filter, which holds bans"
	case e.Text == result.ErrorMalformed:
		return "a malformed answer"
	case e.Text == result.ErrorOther:
		return "no usable answer"
	}
	if why := message.Refusal(e.Text, "").Message; why != "" {
		return "refused, because " + why
	}
	return "refused with the unknown code " + e.Text
}

// conclusion says how the node is.
func (x *teller) conclusion(due time.Duration) string {
	lead := "So at " + Clock(x.at) + " it "
	switch {
	case !x.ever && due < 0:
		return lead + "has not come up, and will not in this run."
	case !x.ever:
		return lead + "has not come up yet: it is due at " + Clock(due) + "."
	case !x.up:
		return lead + "is down, since " + Clock(x.since) + "." + x.stillListed()
	}
	text := lead + "is " + x.role() + "." + x.sight()
	if len(x.faults) > 0 {
		for _, f := range x.faults {
			why := " By a fault it "
			if f.Fault == trace.Lie {
				why = " In an attack it "
			}
			text += why + f.Text + "."
		}
	}
	for _, e := range x.waiting {
		if e.Kind == message.KindProvide || e.Kind == message.KindRegister {
			text += " It waits for an answer of " + x.name(e.Peer) + "."
		}
	}
	return text
}

// role says which place the node has, and whether that is mutual.
func (x *teller) role() string {
	if x.place.Backlink.IsZero() && len(x.place.Slaves) == 0 {
		text := "up and without a place: it has no backlink and no slaves"
		if len(x.listers) > 0 {
			text += ", though " + x.names(x.listers) + " " + verb(x.listers) + " it"
		}
		return text
	}
	var text string
	if n := len(x.place.Slaves); n > 0 {
		slaves := make([]trace.Party, 0, n)
		for _, p := range x.place.Slaves {
			slaves = append(slaves, party(p))
		}
		slices.Sort(slaves)
		text = "a master of " + itoa(n) + " (" + x.names(slaves) + ") and "
	}
	if x.place.Backlink.IsZero() {
		return text + "has no backlink" + x.others(trace.None)
	}
	backlink := party(x.place.Backlink)
	text += "a slave of " + x.name(backlink)
	if backlink == x.node {
		return text + x.others(backlink)
	}
	if slices.Contains(x.listers, backlink) {
		text += ", which lists it"
	} else {
		text += ", which does not list it"
	}
	return text + x.others(backlink)
}

// others says which nodes but the backlink list this one.
func (x *teller) others(backlink trace.Party) string {
	others := slices.DeleteFunc(slices.Clone(x.listers), func(p trace.Party) bool { return p == backlink })
	if len(others) == 0 {
		return ""
	}
	return "; " + x.names(others) + " " + verb(others) + " it as well"
}

// stillListed says which nodes list one that is down.
func (x *teller) stillListed() string {
	if len(x.listers) == 0 {
		return " No node lists it."
	}
	names := x.names(x.listers)
	return " " + strings.ToUpper(names[:1]) + names[1:] + " still " + verb(x.listers) + " it."
}

func verb(subjects []trace.Party) string {
	if len(subjects) == 1 {
		return "lists"
	}
	return "list"
}

// sight says what the node knows of the network.
func (x *teller) sight() string {
	masters := len(x.place.Masters.List)
	plural := "s"
	if masters == 1 {
		plural = ""
	}
	size := x.place.Size()
	nodes := "s"
	if size == 1 {
		nodes = ""
	}
	return fmt.Sprintf(" It knows %d master%s and counts %d node%s.", masters, plural, size, nodes)
}

// Clock writes a virtual time, to the millisecond, without the parts that are 0 at its
// end: "1m40.025s", "15m".
func Clock(d time.Duration) string {
	if d < time.Millisecond {
		return d.String()
	}
	return phrase.Duration(d.Round(time.Millisecond))
}

func itoa(n int) string { return strconv.Itoa(n) }
