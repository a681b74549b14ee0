package explain

import (
	"cmp"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim/result"
	"spreadable/sim/trace"
	"spreadable/transport/inmem"
)

// Schema names the layout of a Story as JSON.
const Schema = "spreadsim-explain/1"

// Story is what happened to a node until a time, and how it is then.
type Story struct {
	Schema  string  `json:"schema"`
	Node    int     `json:"node"`
	Address string  `json:"address"`
	AtS     float64 `json:"at_s"` // virtual time, in seconds
	Events  []Event `json:"events"`
	State   State   `json:"state"`
	// Conclusion is the state in words.
	Conclusion string `json:"conclusion"`
}

// Event is what happened to the node at a time, or again and again until another.
type Event struct {
	AtS    float64 `json:"at_s"`
	UntilS float64 `json:"until_s"` // AtS for what happened once
	Text   string  `json:"text"`    // a sentence without its subject, the node
}

// State is how a node is at a time.
type State struct {
	Role     result.Role `json:"role"`     // as in nodes.csv; "gone" also before it comes up
	Backlink *int        `json:"backlink"` // null without one
	Slaves   []int       `json:"slaves"`
	ListedBy []int       `json:"listed_by"` // the nodes that have it among their slaves
	Masters  int         `json:"masters"`   // that it knows
	Size     int         `json:"size"`      // nodes that it counts in the network, at least 1
	Faults   []string    `json:"faults"`    // that are on it
}

// teller makes a story.
type teller struct {
	recorder *trace.Recorder
	node     trace.Party
	at       time.Duration
	lines    []line
	own      []trace.Entry // of the node itself, up to the time

	up      bool
	since   time.Duration // of up
	ever    bool          // it has been up
	place   *message.Structure
	listers []trace.Party
	faults  []trace.Entry
	waiting []trace.Entry // requests without an answer
}

// tell makes the story of a track up to a time. due is when the node is to come up next,
// negative for never.
func tell(t trace.Track, r *trace.Recorder, at, due time.Duration) *Story {
	x := &teller{recorder: r, node: trace.Party(t.Node), at: at, place: t.Place, up: t.Up}
	for _, e := range t.Entries {
		if e.At <= at {
			x.own = append(x.own, e)
		}
	}
	beginStays(x.own)
	all := slices.Clone(x.own)
	for _, e := range t.About {
		if e.At <= at {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b trace.Entry) int { return cmp.Compare(a.At, b.At) })
	// In the order of time: what others note comes between what the node does.
	for i, e := range all {
		x.entry(e, sameTime(all, i))
	}
	s := &Story{
		Schema: Schema, Node: t.Node, Address: t.Address, AtS: at.Seconds(),
		Events: x.events(), State: x.state(), Conclusion: x.conclusion(due),
	}
	return s
}

// beginStays puts the coming up of a node before what it does at the same time, as its
// place is looked at last.
func beginStays(own []trace.Entry) {
	for i := range own {
		for k := i; k > 0 && own[k].What == trace.CameUp && own[k-1].At == own[k].At && does(own[k-1]); k-- {
			own[k-1], own[k] = own[k], own[k-1]
		}
	}
}

// does reports whether an entry is an action of the node itself.
func does(e trace.Entry) bool {
	return e.What == trace.Asked || e.What == trace.Served || e.What == trace.Noted
}

// sameTime returns the entries at the time of the i-th.
func sameTime(all []trace.Entry, i int) []trace.Entry {
	from, to := i, i
	for from > 0 && all[from-1].At == all[i].At {
		from--
	}
	for to < len(all) && all[to].At == all[i].At {
		to++
	}
	return all[from:to]
}

// entry takes in one entry; others are those of the same time.
func (x *teller) entry(e trace.Entry, others []trace.Entry) {
	switch e.What {
	case trace.CameUp, trace.WentDown:
		x.up, x.since, x.ever = e.What == trace.CameUp, e.At, true
		x.say(e.At, e.Text, nil, "")
	case trace.Struck:
		x.struck(e)
	case trace.Asked:
		x.asked(e)
	case trace.Placed:
		x.placed(e, others)
	case trace.Noted:
		x.noted(e)
	case trace.NotedBy:
		x.notedBy(e)
	case trace.ListedBy:
		x.listers = append(x.listers, e.Peer)
		if !x.joins(e) {
			x.say(e.At, "is listed by ", []trace.Party{e.Peer}, "")
		}
	case trace.UnlistedBy:
		x.unlisted(e, others)
	}
}

// struck tells of a fault. One that ends and was not on the node says nothing.
func (x *teller) struck(e trace.Entry) {
	before := len(x.faults)
	x.faults = slices.DeleteFunc(x.faults, func(f trace.Entry) bool { return f.Fault == e.Fault })
	if e.Open && lasts(e.Fault) {
		x.faults = append(x.faults, e)
	}
	if e.Open || len(x.faults) < before {
		what := "fault: "
		if e.Fault == trace.Lie {
			what = "attack: "
		}
		x.say(e.At, what+e.Text, nil, "")
	}
}

// lasts reports whether a fault is on a node until it ends, rather than done at once.
func lasts(fault string) bool { return fault != "crash" && fault != "bounce" }

// joins reports whether a node lists this one because this one asks for it just then.
func (x *teller) joins(listed trace.Entry) bool {
	return slices.ContainsFunc(x.own, func(e trace.Entry) bool {
		return e.What == trace.Asked && e.Kind == message.KindRegister && e.Peer == listed.Peer &&
			e.At <= listed.At && (e.Open || e.Until >= listed.At) && e.Text == ""
	})
}

// unlisted tells that a node no longer lists this one, unless its own note at the same
// time says so with a reason.
func (x *teller) unlisted(e trace.Entry, others []trace.Entry) {
	x.listers = slices.DeleteFunc(x.listers, func(p trace.Party) bool { return p == e.Peer })
	explained := slices.ContainsFunc(others, func(o trace.Entry) bool {
		return o.What == trace.NotedBy && o.Peer == e.Peer &&
			slices.Contains([]core.What{core.NoteShed, core.NoteSilent, core.NoteUseless, core.NoteBanned}, o.Note)
	})
	switch {
	case explained:
	case e.Text != "":
		x.say(e.At, "is listed no longer by ", []trace.Party{e.Peer}, ", which goes down")
	default:
		x.say(e.At, "is listed no longer by ", []trace.Party{e.Peer}, "")
	}
}

// placed tells how the place has changed, as far as notes of the same time do not.
func (x *teller) placed(e trace.Entry, others []trace.Entry) {
	before := x.place
	x.place = e.Place
	if !x.up { // it went down, which says it all: its lists went with it
		return
	}
	// The notes come with a reason, so they are the better sentences.
	noted := slices.ContainsFunc(others, func(o trace.Entry) bool {
		return o.What == trace.Noted && (o.Note == core.NoteRegistered || o.Note == core.NoteBacklinkLost)
	})
	switch now := e.Place.Backlink; {
	case noted || now == before.Backlink:
	case now.IsZero():
		x.say(e.At, "has lost its backlink ", []trace.Party{party(before.Backlink)}, "")
	default:
		x.say(e.At, "has the backlink ", []trace.Party{party(now)}, " from now on")
	}
	x.resized(e.At, before.Slaves, e.Place.Slaves)
}

// resized tells which slaves have come and gone.
func (x *teller) resized(at time.Duration, before, now []core.Peer) {
	came, gone := without(now, before), without(before, now)
	end := ": none is left, and it is no master any more"
	if len(now) > 0 {
		end = counted + itoa(len(now))
	}
	switch {
	case len(came) > 0 && len(before) == 0:
		x.say(at, "becomes a master: it lists ", came, "")
	case len(came) > 0:
		x.say(at, "also lists ", came, end)
	}
	if len(gone) > 0 {
		x.say(at, "no longer lists ", gone, end)
	}
}

// counted stands before the number of slaves after a change.
const counted = ": its slaves are now "

// without returns the peers of a list that are not in another.
func without(list, other []core.Peer) (left []trace.Party) {
	for _, p := range list {
		if !slices.Contains(other, p) {
			left = append(left, party(p))
		}
	}
	return left
}

func party(p core.Peer) trace.Party { return trace.Party(inmem.Index(p)) }

// state is how the node is.
func (x *teller) state() State {
	// What is empty is [] in JSON, not null.
	s := State{Role: result.RoleGone, Slaves: []int{}, ListedBy: []int{}, Faults: []string{}, Size: 1}
	for _, p := range x.listers {
		s.ListedBy = append(s.ListedBy, int(p))
	}
	slices.Sort(s.ListedBy)
	for _, f := range x.faults {
		s.Faults = append(s.Faults, f.Fault)
	}
	if !x.up {
		return s
	}
	s.Role = result.RoleOf(len(x.place.Slaves) > 0, !x.place.Backlink.IsZero())
	s.Masters, s.Size = len(x.place.Masters.List), x.place.Size()
	if !x.place.Backlink.IsZero() {
		backlink := inmem.Index(x.place.Backlink)
		s.Backlink = &backlink
	}
	for _, p := range x.place.Slaves {
		s.Slaves = append(s.Slaves, inmem.Index(p))
	}
	slices.Sort(s.Slaves)
	return s
}
