package trace_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// worlds are scenarios that differ in what can happen to nodes and messages.
var worlds = map[string]string{
	"mass join": "name: mass\nnodes: 60\nduration: 120s\nworkload: {searches: {count: 20, start: 60s, over: 30s}, approvals: {count: 10, start: 60s, over: 30s}}\n",
	"original":  "name: original\nnodes: 40\nduration: 90s\nregistration: original\n",
	"link":      "name: link\nnodes: 40\nduration: 90s\nlatency: {model: uniform, min: 5ms, max: 60ms}\nnetwork: {up: 2Mbit/s, down: 10Mbit/s, loss: 3%, service: 2ms, queue: 20}\n",
	"churn":     "name: churn\nnodes: 50\nduration: 200s\nchurn: {session: {model: exponential, mean: 60s}, crash: 50%}\n",
	"returns":   "name: returns\nnodes: 60\nduration: 400s\nchurn: {session: {model: exponential, mean: 3m}, absence: {model: exponential, mean: 1m}, memory: 50%, new_ip: 30%}\n",
	"faults":    "name: faults\nnodes: 50\nduration: 200s\nfaults: [{at: 60s, do: partition, on: 30%, for: 40s}, {at: 120s, do: crash, on: '2 largest masters'}, {at: 130s, do: hold, on: 3, for: 20s}, {at: 150s, do: bounce, on: '#0-4'}]\n",
	"lies":      "name: lies\nnodes: 50\nduration: 200s\nattacks: [{at: 60s, lie: garbage, on: 10%}, {at: 60s, lie: false-masters, on: 10%}]\n",
}

func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("w.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func window(t *testing.T, text string) trace.Window {
	t.Helper()
	w, err := trace.ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// record runs a scenario, recorded or not.
func record(t *testing.T, s *scenario.Scenario, workers int, r *trace.Recorder) *result.Run {
	t.Helper()
	run, err := sim.Run(s, sim.Options{Workers: workers, Trace: r})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// files are a recording's two files.
func files(t *testing.T, r *trace.Recorder) (timeline, table []byte) {
	t.Helper()
	var a, b bytes.Buffer
	if err := trace.WritePerfetto(&a, r); err != nil {
		t.Fatal(err)
	}
	if err := trace.WriteCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

// A run that is recorded has the same results, to the fingerprint, as one that is not;
// and the recording is the same to the bit for any number of workers.
func TestRecordingChangesNothing(t *testing.T) {
	for name, text := range worlds {
		t.Run(name, func(t *testing.T) {
			s := parse(t, text)
			plain := record(t, s, 1, nil)
			var timeline, table []byte
			for _, workers := range []int{1, 2, 3, 8} {
				r := trace.New(trace.Options{Window: window(t, "nodes=0-20,from=10s"), About: true})
				run := record(t, s, workers, r)
				if run.Summary.Fingerprint != plain.Summary.Fingerprint || tables(t, run) != tables(t, plain) {
					t.Fatalf("with %d workers a recorded run differs from a plain one", workers)
				}
				a, b := files(t, r)
				about := fmt.Sprint(len(r.Tracks()[3].About))
				for i, track := range r.Tracks() {
					for _, e := range track.Entries {
						if e.What == trace.Served && e.Kind.Leaf() && e.Open {
							t.Errorf("node %d has not answered %s of %v, which takes no time", i, e.Kind, e.At)
						}
					}
					for _, e := range track.About {
						about += fmt.Sprint(e.At, e.What, e.Peer, e.Text)
					}
				}
				b = append(b, about...)
				if workers == 1 {
					timeline, table = a, b
				} else if !bytes.Equal(a, timeline) || !bytes.Equal(b, table) {
					t.Errorf("with %d workers the recording differs", workers)
				}
			}
			all := record(t, s, 1, trace.New(trace.Options{Window: window(t, fmt.Sprintf("nodes=0-%d", len(plain.Nodes)-1)), About: true}))
			if all.Summary.Fingerprint != plain.Summary.Fingerprint || tables(t, all) != tables(t, plain) {
				t.Error("a run differs in which all nodes are recorded")
			}
			if len(timeline) < 10_000 {
				t.Errorf("the timeline has %d bytes only", len(timeline))
			}
		})
	}
}

// tables are the results of a run but for its cost, as files.
func tables(t *testing.T, r *result.Run) (tables [4]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"series.csv", "requests.csv", "nodes.csv", "notes.csv"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		tables[i] = string(text)
	}
	return tables
}

// A recording tells what the results of the run tell: the requests that each node sent
// and got, its place at the end, and its bans.
func TestARecordingAgreesWithTheResults(t *testing.T) {
	for name, text := range worlds {
		t.Run(name, func(t *testing.T) {
			s := parse(t, text)
			run := record(t, s, 1, nil)
			hosts, bans := run.Nodes, run.Notes
			if name == "lies" && len(bans) == 0 {
				t.Fatal("nothing is noted")
			}
			r := trace.New(trace.Options{Window: window(t, fmt.Sprintf("nodes=0-%d", len(hosts)-1)), About: true})
			record(t, s, 1, r)
			for i, track := range r.Tracks() {
				var asked, served int64
				for _, e := range track.Entries {
					switch {
					case e.What == trace.Asked && e.Peer != trace.Party(i):
						asked++
					case e.What == trace.Served && e.Peer != trace.Party(i):
						served++
					}
				}
				for _, e := range track.Entries {
					if e.What == trace.Noted && e.Note == core.NoteBanned {
						bans = slices.DeleteFunc(bans, func(b result.Note) bool { return b.Node == i && b.Time == e.At && trace.Party(b.About) == e.Peer })
					}
				}
				row := hosts[i]
				if asked != row.RequestsSent {
					t.Errorf("node %d has sent %d requests, recorded are %d", i, row.RequestsSent, asked)
				}
				// A host that is down, or turns requests away, gets some that no node sees.
				if served > row.RequestsReceived || name == "mass join" && served != row.RequestsReceived {
					t.Errorf("node %d has got %d requests, recorded are %d", i, row.RequestsReceived, served)
				}
				place := last(track)
				if got := trace.Role(place, r); row.Role != result.RoleGone && got != roleOf(row) {
					t.Errorf("node %d ends as %q, recorded is %q", i, roleOf(row), got)
				}
				if listed := listers(track); row.Role != result.RoleGone && row.Role != result.RoleNone && len(listed) > 0 &&
					row.Backlink >= 0 && name == "mass join" && !slices.Equal(listed, []trace.Party{trace.Party(row.Backlink)}) {
					t.Errorf("node %d has backlink %d and is listed by %v", i, row.Backlink, listed)
				}
			}
			if len(bans) > 0 {
				t.Errorf("not recorded: %+v", bans)
			}
		})
	}
}

// A node that is listed no longer is told whether that is because the other went down.
func TestAListThatGoesDownSaysSo(t *testing.T) {
	s := parse(t, worlds["churn"])
	hosts := len(record(t, s, 1, nil).Nodes)
	r := trace.New(trace.Options{Window: window(t, fmt.Sprintf("nodes=0-%d", hosts-1)), About: true})
	record(t, s, 1, r)
	type end struct {
		of trace.Party
		at time.Duration
	}
	down := make(map[end]bool)
	for i, track := range r.Tracks() {
		for _, e := range track.Entries {
			if e.What == trace.WentDown {
				down[end{trace.Party(i), e.At}] = true
			}
		}
	}
	told := make(map[string]int)
	for i, track := range r.Tracks() {
		for _, e := range track.About {
			want := ""
			if down[end{e.Peer, e.At}] {
				want = trace.WentDown.String()
			}
			if e.What == trace.UnlistedBy {
				told[e.Text]++
				if e.Text != want {
					t.Errorf("node %d is unlisted by %d at %v: %q, want %q", i, e.Peer, e.At, e.Text, want)
				}
			}
		}
	}
	if len(told) != 2 {
		t.Errorf("told are %v, want some of either kind", told)
	}
}

// last is the place of a node at the end of a recording.
func last(t trace.Track) (place *message.Structure) {
	place = t.Place
	for _, e := range t.Entries {
		if e.What == trace.Placed {
			place = e.Place
		}
	}
	return place
}

// listers are the nodes that list a node at the end of a recording.
func listers(t trace.Track) []trace.Party {
	var list []trace.Party
	for _, e := range t.About {
		switch e.What {
		case trace.ListedBy:
			list = append(list, e.Peer)
		case trace.UnlistedBy:
			list = slices.DeleteFunc(list, func(p trace.Party) bool { return p == e.Peer })
		}
	}
	return list
}

// roleOf is the role of a node in the words of traces.
func roleOf(row result.Node) string {
	switch row.Role {
	case result.RoleBoth:
		return fmt.Sprintf("master and slave of node %d", row.Backlink)
	case result.RoleSlave:
		return fmt.Sprintf("slave of node %d", row.Backlink)
	case result.RoleMaster:
		return "master without a backlink"
	}
	return "without a place"
}

// An independent reader finds in the timeline a track for each node, a slice for each
// request, a flow between the two ends of it, and counters that end as the run does; and
// the table tells the same.
func TestTheTimelineHasTracksSlicesFlowsAndCounters(t *testing.T) {
	s := parse(t, worlds["mass join"])
	r := trace.New(trace.Options{Window: window(t, "nodes=0-20,from=20s,to=100s")})
	run := record(t, s, 1, r)
	timeline, table := files(t, r)
	line := readTrace(t, timeline)
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || !slices.Equal(rows[0], trace.Columns()) {
		t.Fatal(err)
	}
	roots := line.below(nil, "node 7 "+run.Nodes[7].Address)
	if len(roots) != 1 {
		t.Fatalf("%d tracks of node 7", len(roots))
	}
	asks, serves := 0, 0
	for _, r := range line.below(roots[0], "asks") {
		asks += len(r.slices)
	}
	for _, r := range line.below(roots[0], "serves") {
		serves += len(r.slices)
	}
	for _, row := range rows {
		if row[0] == "7" && row[3] == "asked" {
			asks--
		}
		if row[0] == "7" && row[3] == "served" {
			serves--
		}
	}
	if asks != 0 || serves != 0 {
		t.Errorf("node 7 has %d slices of requests sent and %d of served ones more than the table has rows", asks, serves)
	}
	flows := 0
	for id, ends := range line.flows { // order-free: counted
		if len(ends) != 2 {
			t.Fatalf("flow %d joins %d slices", id, len(ends))
		}
		flows++
		a, b := ends[0], ends[1]
		if a.row.name != "asks" {
			a, b = b, a
		}
		if a.row.name != "asks" || b.row.name != "serves" || a.name != b.name || b.from < a.from ||
			!strings.HasPrefix(b.row.parent.name, a.notes["to"]+" ") || !strings.HasPrefix(a.row.parent.name, b.notes["from"]+" ") ||
			a.row != b.row && a.row.parent != b.row.parent && b.from-a.from != uint64(25*time.Millisecond) {
			t.Fatalf("a flow from %q %+v to %q %+v", a.row.parent.name, a, b.row.parent.name, b)
		}
	}
	if flows < 200 {
		t.Errorf("%d flows only", flows)
	}
	// The network has settled by then.
	if role := roots[0].slices[len(roots[0].slices)-1]; role.name != roleOf(run.Nodes[7]) || role.until != uint64(100*time.Second) {
		t.Errorf("node 7 is %q until %d, want %q", role.name, role.until, roleOf(run.Nodes[7]))
	}
	for name, want := range map[string]int{"slaves": run.Nodes[7].Slaves, "nodes counted": 60, "masters known": run.Summary.Structure.Masters, "requests waited for": 0} {
		values := line.below(roots[0], name)[0].values
		if got := values[len(values)-1].number; got != int64(want) {
			t.Errorf("%s of node 7: %d, want %d", name, got, want)
		}
	}
}

// Each fault is told of the nodes that it is on, and of all where it is on the network; and
// each lie of the nodes that tell it.
func TestFaultsAreToldOfTheirNodes(t *testing.T) {
	s := parse(t, "name: struck\nnodes: 20\nduration: 200s\nfaults: [{at: 1ms, do: slow, on: 1 masters, by: 50ms, for: 5s}, {at: 60s, do: hold, on: 3, for: 20s}, "+
		"{at: 100s, do: hold, on: '#1-2'}, {at: 105s, do: release}, {at: 110s, do: partition, on: '#3-8', for: 20s}, {at: 140s, do: loss, share: 1%}, "+
		"{at: 150s, do: slow, on: '#5', by: 100ms, for: 10s}, {at: 160s, do: partition, on: '#3'}, {at: 165s, do: repair}, {at: 170s, do: crash, on: '#9'}]\n"+
		"attacks: [{at: 130s, lie: silent, on: '#15-17', for: 25s}]\n")
	r := trace.New(trace.Options{Window: window(t, "nodes=0-19")})
	record(t, s, 1, r)
	told := make(map[string]int) // by time and fault
	for _, track := range r.Tracks() {
		for _, e := range track.Entries {
			if e.What == trace.Struck {
				told[fmt.Sprint(e.At.Seconds(), " ", e.Fault, " ", e.Open)]++
			}
		}
	}
	want := map[string]int{ // there is no master yet at 1 ms
		"60 hold true": 3, "80 hold false": 3, "100 hold true": 2, "105 hold false": 2, "110 partition true": 6, "130 partition false": 20,
		"140 loss true": 20, "150 slow true": 1, "160 slow false": 1, "160 partition true": 1, "165 partition false": 20, "170 crash true": 1,
		"130 " + trace.Lie + " true": 3, "155 " + trace.Lie + " false": 3,
	}
	if !maps.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

// Each slice of a request says what became of it, as the table does: an answer, what went
// wrong, or that it was open when the recording ended.
func TestTheTimelineTellsOutcomes(t *testing.T) {
	s := parse(t, "name: short\nnodes: 60\nduration: 1s\nlatency: {model: constant, mean: 300ms}\n")
	r := trace.New(trace.Options{Window: window(t, "nodes=0-59")})
	record(t, s, 1, r)
	timeline, table := files(t, r)
	line, open := readTrace(t, timeline), 0
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make(map[string]int) // by node, what and outcome: slices less rows
	for _, row := range line.tracks {
		if row.name == "asks" || row.name == "serves" {
			node := strings.Fields(row.parent.name)[1]
			for _, slice := range row.slices {
				outcomes[node+" "+row.name+" "+slice.notes["outcome"]]++
			}
		}
	}
	for _, row := range rows[1:] {
		name, outcome := map[string]string{"asked": "asks", "served": "serves"}[row[3]], cmp.Or(row[7], "answered")
		if name == "" {
			continue
		}
		if row[2] == "" {
			outcome = "open at the end"
			open++
		}
		outcomes[row[0]+" "+name+" "+outcome]--
	}
	for what, more := range outcomes { // order-free: each by itself
		if more != 0 {
			t.Errorf("%s: %d slices more than rows of the table", what, more)
		}
	}
	if open == 0 {
		t.Error("no request is open at the end")
	}
}

// A table tells what happened in its window only: nothing begins outside, no answer comes
// before its request, and each search and approval of that time reaches its entry node.
func TestTheTableKeepsToTheWindow(t *testing.T) {
	s := parse(t, worlds["mass join"])
	r := trace.New(trace.Options{Window: window(t, "nodes=0-59,from=60s,to=95s")})
	run := record(t, s, 1, r)
	_, table := files(t, r)
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	reached := make(map[string]bool) // client, node, time
	for _, row := range rows[1:] {
		at, _ := strconv.ParseFloat(row[1], 64)
		until, err := strconv.ParseFloat(row[2], 64)
		if at < 60 || at > 95 || until < at && err == nil {
			t.Fatalf("a row outside of the window, or that ends before it begins: %v", row)
		}
		if row[3] == "served" && row[9] != "" {
			reached[strings.Join([]string{row[6], row[0], row[1]}, " ")] = true
		}
	}
	for i, request := range run.Requests {
		arrives := (request.Start + 25*time.Millisecond).Seconds()
		if want := fmt.Sprintf("client %d %d %.9f", i, request.Entry, arrives); !reached[want] {
			t.Errorf("%s of %v has no row %q", request.Kind, request.Start, want)
		}
	}
}

// With too many entries each node keeps its first ones, and the rest is counted.
func TestARecordingHasALimit(t *testing.T) {
	s := parse(t, worlds["mass join"])
	whole := trace.New(trace.Options{Window: window(t, "nodes=0-9")})
	record(t, s, 1, whole)
	few := trace.New(trace.Options{Window: window(t, "nodes=0-9,entries=200")})
	record(t, s, 1, few)
	all := 0
	for i, track := range few.Tracks() {
		if len(track.Entries) > 20 {
			t.Errorf("node %d has %d entries, of 20", i, len(track.Entries))
		}
		all += len(whole.Tracks()[i].Entries) - len(track.Entries)
	}
	if few.Left() != all || all == 0 || whole.Left() != 0 {
		t.Errorf("%d entries are left out, counted are %d", all, few.Left())
	}
	enough := trace.New(trace.Options{Window: window(t, fmt.Sprintf("nodes=0-9,entries=%d", few.Wanted()))})
	record(t, s, 1, enough)
	if enough.Left() > 0 || few.Wanted() != whole.Wanted() {
		t.Errorf("%d entries are said to be enough, %d are left out; the whole recording wants %d", few.Wanted(), enough.Left(), whole.Wanted())
	}
	timeline, _ := files(t, few)
	readTrace(t, timeline)
}

func TestWindowsThatMakeNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "expected KEY=VALUE, such as nodes=0-20",
		"5":                             "expected KEY=VALUE",
		"from=1s":                       "nodes: expected numbers such as 0-20",
		"nodes=x":                       `nodes: expected numbers such as 0-20 or 3,7,9, not "x"`,
		"nodes=9-3":                     "nodes: expected numbers",
		"nodes=-1":                      "nodes: expected numbers",
		"nodes=1,form=3s":               `unknown key "form"`,
		"nodes=1,nodes=2":               "nodes is given twice",
		"nodes=,nodes=1":                "nodes is given twice",
		"nodes=1,from=10s,to=10s":       "to: expected a time after from, 10s",
		"nodes=1,from=5":                "from: expected a duration with a unit",
		"nodes=1,from=-5s":              "from: expected a duration of 0s or more",
		"nodes=1,from=5s,to=4s":         "to: expected a time after from, 5s",
		"nodes=1,to=0s":                 "to: expected a time after from",
		"nodes=0-9,entries=9":           "entries: expected a whole number from that of the nodes, 10",
		"nodes=1,entries=many":          "entries: expected a whole number",
		"nodes=1,from=5s,2":             "expected KEY=VALUE",
		"nodes=1,from=5s,to=4x":         "to: expected a duration",
		"nodes=0-99999999":              "nodes: expected numbers",
		"nodes=1,entries=2000000000000": "entries: expected a whole number",
	} {
		if _, err := trace.ParseWindow(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	w := window(t, "nodes=0-3,9,from=5s,to=10s")
	if !slices.Equal(w.Nodes, []int{0, 1, 2, 3, 9}) || w.From != 5*time.Second || w.To != 10*time.Second {
		t.Errorf("read %+v", w)
	}
	for _, c := range []struct {
		hosts    int
		duration time.Duration
		want     string
	}{
		{10, time.Minute, ""},
		{9, time.Minute, "there is no node 9: the run has the nodes 0 to 8"},
		{10, 5 * time.Second, "from: 5s is not before the end of the run at 5s"},
		{10, 9 * time.Second, "to: 10s is after the end of the run at 9s"},
	} {
		if err := w.Check(c.hosts, c.duration); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %d hosts for %s: %v, want %q", c.hosts, c.duration, err, c.want)
		}
	}
}
