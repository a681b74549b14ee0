package explain

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/trace"
)

// teach returns the sentences of node 1 about entries of its own and of others, all at one
// second but those that have a time.
func teach(t *testing.T, place *message.Structure, entries ...trace.Entry) (told []string) {
	t.Helper()
	r := trace.New(trace.Options{Window: trace.Window{Nodes: []int{1}, Entries: 1000}, About: true})
	if _, err := sim.Run(parse(t, "name: w\nnodes: 9\nduration: 1s\n"), sim.Options{Trace: r}); err != nil {
		t.Fatal(err)
	}
	if place.Masters == nil {
		place.Masters = &message.Masters{}
	}
	track := trace.Track{Node: 1, Up: true, Place: place}
	for _, e := range entries {
		if e.At == 0 {
			e.At = time.Second
		}
		e.Until = max(e.Until, e.At)
		if e.What == trace.NotedBy {
			track.About = append(track.About, e)
		} else {
			track.Entries = append(track.Entries, e)
		}
	}
	for _, e := range tell(track, r, 2*time.Second, -1).Events {
		told = append(told, e.Text)
	}
	return told
}

func own(n core.What, about trace.Party, text string) trace.Entry {
	return trace.Entry{What: trace.Noted, Note: n, Peer: about, Text: text}
}

func others(n core.What, by trace.Party, text string) trace.Entry {
	return trace.Entry{What: trace.NotedBy, Note: n, Peer: by, Text: text}
}

// Each kind of note has words of its own on both sides, and none is told by its name.
func TestEachNoteHasWords(t *testing.T) {
	silent := []core.What{core.NoteRegistered, core.NoteRefused, core.NoteLevels} // other sentences tell
	aboutNone := []core.What{core.NoteRegisterFailed, core.NoteSteppedDown, core.NoteApprovals, core.NoteClientKept,
		core.NoteNamesLeft, core.NoteAgesLeft, core.NoteWithheld}
	for n := range core.NumWhats {
		about := trace.Party(4)
		if slices.Contains(aboutNone, n) {
			about = trace.None
		}
		list := teach(t, &message.Structure{}, own(n, about, "for a reason"))
		if len(list) != 1 || strings.HasPrefix(list[0], "node 4") || strings.HasPrefix(list[0], ":") || strings.Contains(list[0], n.String()+" node") {
			t.Errorf("%s is told as %q", n, list)
		}
		if about == trace.None {
			continue
		}
		want := 1
		if slices.Contains(silent, n) {
			want = 0
		}
		list = teach(t, &message.Structure{}, others(n, 4, "for a reason"))
		if len(list) != want || want == 1 && (strings.HasPrefix(list[0], "node 4") || strings.HasPrefix(list[0], n.String())) {
			t.Errorf("%s by another is told as %q", n, list)
		}
	}
}

// Notes are told with what they mean: which silence it was, which kind of ban, why a place
// was not found.
func TestNotesAreToldWithTheirMeaning(t *testing.T) {
	denied, busy := message.ErrDenied.Error(), "peer is unreachable: it answers 503 Service Unavailable: too many requests wait"
	for want, e := range map[string]trace.Entry{
		"takes off its lists node 4, which denies it":                                                                   own(core.NoteSilent, 4, denied),
		"is taken off the lists of node 4, which it denies":                                                             others(core.NoteSilent, 4, denied),
		"takes off its lists node 4, which its own address filter denies":                                               own(core.NoteSilent, 4, "denied by our own address filter"),
		"is taken off the lists of node 4, whose address filter denies it":                                              others(core.NoteSilent, 4, "denied by our own address filter"),
		"takes off its lists node 4, which is of another network or branch":                                             own(core.NoteSilent, 4, message.ErrWrongRoot.Error()),
		"takes off its lists node 4, from which no answer came":                                                         own(core.NoteSilent, 4, message.ErrTimeout.Error()),
		"takes off its lists node 4, at which too many requests wait":                                                   own(core.NoteSilent, 4, busy),
		"finds no place: the node that was asked answers 503 Service Unavailable: too":                                  own(core.NoteRegisterFailed, trace.None, busy),
		"takes off its lists node 4: too many requests":                                                                 own(core.NoteUseless, 4, "too many requests"),
		"is taken off the lists of node 4: too many requests":                                                           others(core.NoteUseless, 4, "too many requests"),
		"is banned by node 4: as a slave it vouches for a size that its backlink never had (slaveMasters), for 18 days": others(core.NoteBanned, 4, "slaveMasters"),
		"bans node 4: its answers are malformed (responseSchema), for 18 days":                                          own(core.NoteBanned, 4, "responseSchema"),
		"bans node 4: it answers too late (requestDelays), for 20m":                                                     own(core.NoteBanned, 4, "requestDelays"),
		"joins the branch that was founded by itself":                                                                   own(core.NoteBranchJoined, 1, ""),
		"has founded the branch that is joined by node 4":                                                               others(core.NoteBranchJoined, 4, ""),
		"hears more names than it asks in a sync: 22 names":                                                             own(core.NoteNamesLeft, trace.None, "22 names"),
		"hears of another number of levels of the network: 2 now, not 1":                                                own(core.NoteLevels, 4, "2 now, not 1"),
	} {
		if told := teach(t, &message.Structure{}, e); len(told) != 1 || !strings.HasPrefix(told[0], want) {
			t.Errorf("want %q, got %q", want, told)
		}
	}
	if told := teach(t, &message.Structure{}, others(core.NoteReshaped, 1, "")); len(told) > 0 {
		t.Errorf("what a node notes of itself is told of it as another's: %q", told)
	}
}

// The answers of requests are told as what they are.
func TestAnswersAreToldAsWhatTheyAre(t *testing.T) {
	for want, e := range map[string]trace.Entry{
		"asks node 4 where to register: refused with the unknown code LATER":         {Text: "LATER"},
		"asks node 4 where to register: refused, as too many requests wait there":    {Text: result.ErrorUnreachable, Busy: true},
		"asks node 4 where to register: it cannot be reached":                        {Text: result.ErrorUnreachable},
		"asks node 4 where to register: denied by its address filter":                {Text: result.ErrorDenied},
		"asks node 4 where to register: refused, because the node has no branch yet": {Text: message.CodeNoBranch},
	} {
		e.What, e.Kind, e.Peer = trace.Asked, message.KindProvide, 4
		if told := teach(t, &message.Structure{}, e); len(told) != 1 || !strings.HasPrefix(told[0], want) {
			t.Errorf("want %q, got %q", want, told)
		}
	}
}

// A backlink that is lost is none any more, also before the place is looked at again; and
// if it has said that it gives up its slaves, that is why.
func TestALostBacklinkIsNoneAnyMore(t *testing.T) {
	told := teach(t, &message.Structure{Backlink: peer.FromID(5)},
		trace.Entry{What: trace.Served, Kind: message.KindLeave, Peer: 4},
		own(core.NoteBacklinkLost, 4, ""),
		trace.Entry{What: trace.Asked, Kind: message.KindRegister, Peer: 4},
		trace.Entry{What: trace.Placed, Peer: trace.None, Place: &message.Structure{Masters: &message.Masters{}}},
	)
	want := []string{"loses its backlink node 4, which tells that it gives up its slaves or leaves", "asks node 4 for a place: granted"}
	if !slices.Equal(told, want) {
		t.Errorf("want %q, got %q", want, told)
	}
}

// A node comes up before it does anything.
func TestANodeComesUpFirst(t *testing.T) {
	told := teach(t, &message.Structure{}, own(core.NoteBranchJoined, 1, ""), trace.Entry{What: trace.CameUp, Peer: trace.None, Text: "comes up"})
	if want := []string{"comes up", "joins the branch that was founded by itself"}; !slices.Equal(told, want) {
		t.Errorf("want %q, got %q", want, told)
	}
}

// A host whose queue is full answers, so it can be reached.
func TestAStoryTellsOfBusyHosts(t *testing.T) {
	s := parse(t, "name: busy\nnodes: 60\nduration: 10s\nnetwork: {service: 30ms, queue: 3}\n")
	samples := run(t, s).Samples
	story := repeat(t, s, samples, 58, 5*time.Second)
	if said(story, 0, 5, "it cannot be reached") || said(story, 0, 5, "peer is unreachable") ||
		!said(story, 0, 5, "asks node 0 where to register: refused, as too many requests wait there") {
		t.Errorf("all nodes can be reached: %+v", story)
	}
}
