package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

func parse(t *testing.T, text string, sets ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("w.yaml", []byte(text), sets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T, s *scenario.Scenario) *result.Run {
	t.Helper()
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func repeat(t *testing.T, s *scenario.Scenario, recorded []result.Sample, node int, at time.Duration) *Story {
	t.Helper()
	story, err := Repeat(s, recorded, node, at, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return story
}

const (
	joining  = "name: w\nnodes: 60\nduration: 240s\nsample: 1s\njoin: {mode: spread, over: 60s}\n"
	original = "name: w\nnodes: 40\nduration: 240s\nsample: 1s\nregistration: original\n"
	faulty   = "name: w\nnodes: 60\nduration: 240s\nsample: 1s\nfaults: [{at: 60s, do: partition, on: '#3-20', for: 60s}, {at: 130s, do: crash, on: '#30-34'}, {at: 140s, do: bounce, on: '#40', for: 30s}, {at: 150s, do: hold, on: '#50', for: 20s}]\n"
	behind   = "name: w\nnodes: 40\nduration: 90s\nsample: 1s\nnetwork: {loss: 2%}\nclasses: {constrained: {share: 40%, nat: true, service: 5ms, queue: 50}}\n"
	leaving  = "name: w\nnodes: 60\nduration: 240s\nsample: 1s\nchurn: {start: 20s, session: {model: exponential, mean: 90s}, crash: 50%}\n"
)

// What a story says of a node at a time is what a run that ends at that time says of it
// in nodes.csv, which knows nothing of recorders; and the nodes that list it are those
// whose own stories name it as a slave.
func TestStoriesTellTheTruth(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		times []string
	}{
		"joining":      {joining, []string{"0s", "700ms", "17s", "40123ms", "100s"}},
		"original":     {original, []string{"20s", "90s", "240s"}},
		"faults":       {faulty, []string{"59s", "100s", "131s", "145s", "175s", "240s"}},
		"behind a NAT": {behind, []string{"50s"}},
		"churn":        {leaving, []string{"19s", "61s", "150s", "240s"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, c.text)
			samples := run(t, s).Samples
			for k, text := range c.times {
				at, _ := time.ParseDuration(text)
				all := make([]*Story, min(Hosts(s), 60))
				for node := k % 3; node < len(all); node += 3 { // each third, to be quick
					all[node] = repeat(t, s, samples, node, at)
				}
				if at == 0 {
					checkStart(t, all)
					continue
				}
				until := parse(t, c.text)
				until.Duration = at
				rows := run(t, until).Nodes
				for node, story := range all {
					if story != nil && node < len(rows) {
						compareRow(t, story, rows[node])
						compareLists(t, story, all)
					}
				}
			}
		})
	}
}

// checkStart checks stories of time 0, when the first node of a spread start is up.
func checkStart(t *testing.T, all []*Story) {
	t.Helper()
	if all[0].Conclusion != "So at 0s it is up and without a place: it has no backlink and no slaves. It knows 0 masters and counts 1 node." {
		t.Errorf("node 0 at 0s: %s", all[0].Conclusion)
	}
	if all[30].Conclusion != "So at 0s it has not come up yet: it is due at 30.508s." {
		t.Errorf("node 30 at 0s: %s", all[30].Conclusion)
	}
}

// compareRow compares a story with a row of nodes.csv.
func compareRow(t *testing.T, s *Story, row result.Node) {
	t.Helper()
	backlink := result.NoBacklink
	if s.State.Backlink != nil {
		backlink = *s.State.Backlink
	}
	if row.Role == result.RoleGone {
		row.Backlink, row.Slaves = result.NoBacklink, 0
	}
	if s.State.Role != row.Role || len(s.State.Slaves) != row.Slaves || backlink != row.Backlink || s.Address != row.Address {
		t.Errorf("node %d at %gs: the story has %+v, nodes.csv %+v", s.Node, s.AtS, s.State, row)
	}
	said := map[result.Role]string{
		result.RoleGone: "it is down|it has not come up", result.RoleNone: "without a place",
		result.RoleSlave: "it is a slave of ", result.RoleMaster: "it is a master of ", result.RoleBoth: "it is a master of ",
	}[row.Role]
	if !slices.ContainsFunc(strings.Split(said, "|"), func(part string) bool { return strings.Contains(s.Conclusion, part) }) {
		t.Errorf("node %d at %gs is %q, and the story ends with %q", s.Node, s.AtS, row.Role, s.Conclusion)
	}
}

// compareLists checks that a node and those that list it agree.
func compareLists(t *testing.T, s *Story, all []*Story) {
	t.Helper()
	for _, other := range all {
		if other != nil && slices.Contains(other.State.Slaves, s.Node) != slices.Contains(s.State.ListedBy, other.Node) {
			t.Errorf("at %gs node %d is listed by %v; node %d lists %v", s.AtS, s.Node, s.State.ListedBy, other.Node, other.State.Slaves)
		}
	}
}

// said reports whether an event of a story, between two times in seconds, has a text.
func said(s *Story, from, to float64, text string) bool {
	return slices.ContainsFunc(s.Events, func(e Event) bool {
		return e.AtS >= from && e.AtS <= to && strings.Contains(e.Text, text)
	})
}

func TestAStoryTellsOfFaults(t *testing.T) {
	s := parse(t, faulty)
	samples := run(t, s).Samples
	for _, c := range []struct {
		node     int
		at       string
		text     string // of an event
		from, to float64
		end      string
	}{
		{5, "100s", "fault: is cut off", 60, 60, "By a fault it is cut off from all nodes that this partition is not on."},
		{5, "130s", "fault: is in a network without a partition again", 120, 120, "It knows"},
		{31, "131s", "crashes", 130, 130, "it is down, since 2m10s."},
		{40, "160s", "crashes", 140, 140, "it is down, since 2m20s."},
		{40, "240s", "is back, with what it knew", 170, 170, "counts 55 nodes"},
		{50, "160s", "is held", 150, 150, "By a fault it is held"},
		{50, "175s", "is released", 170, 170, "It knows"},
	} {
		at, _ := time.ParseDuration(c.at)
		story := repeat(t, s, samples, c.node, at)
		if !said(story, c.from, c.to, c.text) || !strings.Contains(story.Conclusion, c.end) {
			t.Errorf("node %d at %s: want %q and %q in\n%+v", c.node, c.at, c.text, c.end, story)
		}
	}
	// A fault that was never on a node is none of its story.
	if story := repeat(t, s, samples, 25, 130*time.Second); said(story, 0, 130, "fault") {
		t.Errorf("a partition that node 25 is not on is in its story: %+v", story)
	}
}

// A liar's story says which lie it tells, and when it tells none any more.
func TestAStoryTellsOfLies(t *testing.T) {
	s := parse(t, "name: lies\nnodes: 40\nduration: 300s\nattacks: [{at: 100s, lie: hides, on: '#5-7'}, {at: 140s, lie: sizes, on: '#6', for: 60s}, {at: 220s, lie: denies, on: '#5', for: 40s}]\n")
	samples := run(t, s).Samples
	for _, c := range []struct {
		node     int
		at       time.Duration
		from, to float64
		text     string
		end      string
	}{
		{7, 290 * time.Second, 100, 100, "attack: lies: hides", " In an attack it lies: hides."},
		{6, 150 * time.Second, 140, 140, "attack: lies: sizes", " In an attack it lies: sizes."},
		{6, 250 * time.Second, 200, 200, "attack: tells the truth again", "nodes."},
		{5, 250 * time.Second, 220, 220, "attack: lies: denies", " In an attack it lies: denies."},
	} {
		story := repeat(t, s, samples, c.node, c.at)
		if !said(story, c.from, c.to, c.text) || !strings.HasSuffix(story.Conclusion, c.end) {
			t.Errorf("node %d at %s: want %q and %q in\n%+v", c.node, c.at, c.text, c.end, story)
		}
	}
	if story := repeat(t, s, samples, 8, 290*time.Second); said(story, 0, 290, "attack: ") || strings.Contains(story.Conclusion, "attack") {
		t.Errorf("an honest node lies: %+v", story)
	}
}

// A node that no other can reach asks in vain, and its story says why.
func TestAStoryTellsOfNodesBehindANAT(t *testing.T) {
	s := parse(t, behind)
	recorded := run(t, s)
	for node, row := range recorded.Nodes {
		if row.Class == "" || node%4 > 0 {
			continue
		}
		story := repeat(t, s, recorded.Samples, node, time.Minute)
		if !said(story, 0, 0, "comes up; no other node can connect to it, so none can list it") ||
			!said(story, 0, 60, "for a place: refused, because interviewee is unavailable") && !said(story, 0, 60, "finds no place") ||
			!strings.Contains(story.Conclusion, "So at 1m it is up and without a place") {
			t.Errorf("node %d: %+v", node, story)
		}
	}
}

// A host to which a node comes late has nothing to tell before, and then when it comes.
func TestAStoryTellsOfNodesToCome(t *testing.T) {
	s := parse(t, leaving)
	recorded := run(t, s)
	node := len(recorded.Nodes) - 1
	story := repeat(t, s, recorded.Samples, node, 10*time.Second)
	if len(story.Events) > 0 || !strings.HasPrefix(story.Conclusion, "So at 10s it has not come up yet: it is due at ") {
		t.Errorf("the last host before its time: %+v", story)
	}
	_, when, _ := strings.Cut(strings.TrimSuffix(story.Conclusion, "."), "due at ")
	at, err := time.ParseDuration(when)
	if story = repeat(t, s, recorded.Samples, node, at+time.Second); err != nil || !said(story, (at-time.Second).Seconds(), (at+time.Second).Seconds(), "comes up") {
		t.Errorf("it is due at %s: %+v", when, story)
	}
}

// What nodes note of each other is told with its reason.
func TestAStoryTellsOfNotes(t *testing.T) {
	r := trace.New(trace.Options{Window: trace.Window{Nodes: []int{1}, Entries: 1000}, About: true})
	if _, err := sim.Run(parse(t, "name: w\nnodes: 9\nduration: 1s\n"), sim.Options{Trace: r}); err != nil {
		t.Fatal(err)
	}
	note := func(what trace.What, n core.What, about trace.Party, text string) trace.Entry {
		return trace.Entry{What: what, Note: n, Peer: about, Text: text, At: time.Second, Until: time.Second}
	}
	ask := trace.Entry{What: trace.Asked, Kind: message.KindRegister, Peer: 4, At: time.Second, Until: 2 * time.Second, Text: message.CodeMasterFull}
	open := trace.Entry{What: trace.Asked, Kind: message.KindProvide, Peer: 4, At: time.Second, Open: true}
	looked := trace.Entry{What: trace.Asked, Kind: message.KindStructure, Peer: 4, At: 0, Until: time.Second, Text: result.ErrorTimeout}
	for want, entries := range map[string][]trace.Entry{
		"bans node 4: invalid structure":                                {note(trace.Noted, core.NoteBanned, 4, "invalid structure")},
		"is banned by node 4: invalid structure":                        {note(trace.NotedBy, core.NoteBanned, 4, "invalid structure")},
		"asks node 4 for a place: refused, because master is full":      {ask},
		"asks node 4 where to register: no answer yet":                  {open},
		"loses its backlink node 4: no answer within 1s":                {looked, note(trace.Noted, core.NoteBacklinkLost, 4, "")},
		"takes off its lists node 4, from which no answer came":         {note(trace.Noted, core.NoteSilent, 4, "")},
		"is taken off the lists of node 4, which got no answer from it": {note(trace.NotedBy, core.NoteSilent, 4, "")},
		"is taken off the slaves of node 4, which had too many":         {note(trace.NotedBy, core.NoteShed, 4, "")},
		"is no longer the backlink of nodes 3, 4 and 5": {
			note(trace.NotedBy, core.NoteBacklinkLost, 3, ""), note(trace.NotedBy, core.NoteBacklinkLost, 4, ""), note(trace.NotedBy, core.NoteBacklinkLost, 5, ""),
		},
		"finds no place: no available master":                 {note(trace.Noted, core.NoteRegisterFailed, trace.None, "no available master")},
		"it gives up all its slaves, as it leaves its branch": {note(trace.Noted, core.NoteSteppedDown, trace.None, "it leaves its branch")},
		"refuses a place to node 4: its host is full":         {note(trace.Noted, core.NoteRefused, 4, "its host is full")},
		"introduces itself to node 4, a master of another":    {note(trace.Noted, core.NoteNetworkMet, 4, "")},
		"takes off its slaves itself: it had too many":        {note(trace.Noted, core.NoteShed, 1, "")},
		"takes off its lists node 4: of no use for long":      {note(trace.Noted, core.NoteUseless, 4, "of no use for long")},
	} {
		track := trace.Track{Node: 1, Up: true, Place: &message.Structure{Masters: &message.Masters{}}}
		for _, e := range entries {
			if e.What == trace.NotedBy {
				track.About = append(track.About, e)
			} else {
				track.Entries = append(track.Entries, e)
			}
		}
		if story := tell(track, r, 2*time.Second, -1); !said(story, 0, 2, want) {
			t.Errorf("want %q in %+v", want, story.Events)
		}
	}
	// An answer that comes after the time is none yet.
	track := trace.Track{Node: 1, Up: true, Place: &message.Structure{Masters: &message.Masters{}}, Entries: []trace.Entry{ask}}
	if story := tell(track, r, 1500*time.Millisecond, -1); !said(story, 0, 2, "no answer yet") {
		t.Errorf("a later answer is in %+v", story.Events)
	}
}

// A node may be listed without knowing it, and know a backlink that does not list it.
func TestAConclusionNamesWhatIsNotMutual(t *testing.T) {
	r := trace.New(trace.Options{Window: trace.Window{Nodes: []int{1}, Entries: 1000}, About: true})
	if _, err := sim.Run(parse(t, "name: w\nnodes: 9\nduration: 1s\n"), sim.Options{Trace: r}); err != nil {
		t.Fatal(err)
	}
	p := func(node int) core.Peer { return peer.FromID(uint32(node) + 1) }
	list := func(by trace.Party) trace.Entry { return trace.Entry{What: trace.ListedBy, Peer: by} }
	masters := message.NewMasters([]message.Master{{Peer: p(4), Size: 9}})
	for want, c := range map[string]struct {
		place *message.Structure
		about []trace.Entry
	}{
		"up and without a place: it has no backlink and no slaves, though node 3 lists it": {
			&message.Structure{Masters: masters}, []trace.Entry{list(3)}},
		"a slave of node 4, which lists it; node 3 lists it as well. It knows 1 master and counts 9 nodes.": {
			&message.Structure{Masters: masters, Backlink: p(4)}, []trace.Entry{list(3), list(4)}},
		"a slave of node 4, which does not list it.": {&message.Structure{Masters: masters, Backlink: p(4)}, nil},
		"a master of 2 (nodes 2 and 3) and has no backlink": {
			&message.Structure{Masters: masters, Slaves: []core.Peer{p(3), p(2)}}, nil},
		"a master of 1 (itself) and a slave of itself.": {
			&message.Structure{Masters: masters, Slaves: []core.Peer{p(1)}, Backlink: p(1)}, []trace.Entry{list(1)}},
	} {
		track := trace.Track{Node: 1, Up: true, Place: c.place, About: c.about}
		track.Entries = []trace.Entry{{What: trace.CameUp, Text: "comes up"}}
		if story := tell(track, r, time.Second, -1); !strings.Contains(story.Conclusion, want) {
			t.Errorf("want %q in %q", want, story.Conclusion)
		}
	}
}

// A run that cannot be repeated is not explained as if it were.
func TestADifferentRunIsNoticed(t *testing.T) {
	s := parse(t, joining)
	samples := run(t, s).Samples
	samples[20].Requests++
	if _, err := Repeat(s, samples, 1, 10*time.Second, sim.Options{}); err != nil {
		t.Errorf("before the difference: %v", err)
	}
	_, err := Repeat(s, samples, 1, 30*time.Second, sim.Options{})
	if want := fmt.Sprintf("at 20s: it has %d requests there, series.csv %d", samples[20].Requests-1, samples[20].Requests); !errors.Is(err, ErrDiffers) ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
