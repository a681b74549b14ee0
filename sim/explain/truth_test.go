package explain

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// hard is a world in which all that a story can tell of happens at once: nodes come, crash,
// leave, and are back with another address or without what they knew; some cannot be
// reached; faults overlap; and liars are banned.
const hard = `name: hard
nodes: 60
duration: 600s
sync_interval: 8s
sample: 1s
network: {loss: 1%}
classes: {home: {share: 10%, nat: true}}
churn: {start: 40s, session: {model: exponential, mean: 300s}, absence: {model: exponential, mean: 60s}, crash: 50%, memory: 50%, new_ip: 40%}
faults:
  - {at: 60s, do: slow, on: '#3-9', by: 300ms}
  - {at: 90s, do: slow, on: '#5-12', by: 600ms, for: 40s}
  - {at: 100s, do: hold, on: '#20-25', for: 40s}
  - {at: 110s, do: hold, on: '#22-23', for: 60s}
  - {at: 180s, do: skew, on: '#14-16', by: 2s, for: 90s}
  - {at: 200s, do: skew, on: '#15', by: 5s, for: 20s}
  - {at: 210s, do: partition, on: '#30-40', for: 30s}
  - {at: 250s, do: bounce, on: '#41-42', for: 20s}
  - {at: 260s, do: loss, share: 3%, for: 90s}
  - {at: 280s, do: loss, share: 5%, for: 20s}
  - {at: 290s, do: crash, on: '#44,45'}
attacks:
  - {at: 70s, lie: claims-all, on: '#50-53'}
  - {at: 70s, lie: sizes, on: '#56-59'}
  - {at: 80s, lie: denies, on: '#54', for: 60s}
  - {at: 160s, lie: sizes, on: '#54-55', for: 400s}
  - {at: 75s, lie: toggle, identities: 3}
`

// In a hard world the story of each node is that of nodes.csv, notes.csv, series.csv, the
// plan of the churn and the scenario's faults: its place, the sentences by which it came
// there, its comings and goings, who banned it and whom it banned, and what is on it.
func TestStoriesOfAHardWorldTellTheTruth(t *testing.T) {
	for seed, ends := range []time.Duration{95, 125, 145, 215, 285, 310, 455, 600} {
		t.Run(fmt.Sprint(ends), func(t *testing.T) {
			s := parse(t, hard, fmt.Sprintf("seed=%d", seed+1))
			s.Duration = ends * time.Second // the faults that come later do not come
			tellAll(t, s)
		})
	}
}

// tellAll compares the stories of all hosts of a run, at its end and at some times before.
func tellAll(t *testing.T, s *scenario.Scenario) {
	window := trace.Window{Entries: 1 << 24}
	for node := range Hosts(s) {
		window.Nodes = append(window.Nodes, node)
	}
	recorder := trace.New(trace.Options{Window: window, About: true, Only: matters})
	r, err := sim.Run(s, sim.Options{Trace: recorder})
	if err != nil || recorder.Left() > 0 {
		t.Fatalf("%v, %d entries are left out", err, recorder.Left())
	}
	for at := s.Duration; at > 0; at -= 61 * time.Second {
		var all []*Story
		for _, track := range recorder.Tracks() {
			all = append(all, tell(track, recorder, at, due(s, track.Node, at)))
		}
		compareAlive(t, all, r.Samples, at)
		compareBans(t, all, r.Notes, at)
		for node, story := range all {
			if at == s.Duration && node < len(r.Nodes) {
				compareRow(t, story, r.Nodes[node])
			}
			compareLists(t, story, all)
			compareCourse(t, story)
			compareFaults(t, s, story)
		}
		if at == s.Duration {
			compareStays(t, s, all)
		}
	}
	// One that is asked for by itself, as the command does, has the same story.
	at, node := s.Duration/2, int(s.Seed)*7
	track := recorder.Tracks()[node]
	beside, alone := tell(track, recorder, at, due(s, node, at)), repeat(t, s, r.Samples, node, at)
	if !slices.Equal(beside.Events, alone.Events) || beside.Conclusion != alone.Conclusion {
		t.Errorf("node %d at %v alone:\n%+v\nbeside the others:\n%+v", node, at, alone, beside)
	}
}

// compareAlive compares how many nodes are up at a time with the sample of that time.
func compareAlive(t *testing.T, all []*Story, samples []result.Sample, at time.Duration) {
	t.Helper()
	alive := 0
	for _, story := range all {
		if story.State.Role != result.RoleGone {
			alive++
		}
	}
	for _, sample := range samples {
		if sample.Time == at && sample.Alive != alive {
			t.Errorf("at %v the stories have %d live nodes, series.csv %d", at, alive, sample.Alive)
		}
	}
}

var number = regexp.MustCompile(`\d+`)

// partiesIn are the numbers of the nodes that a sentence names behind its beginning, and
// whether these are all of them.
func partiesIn(text, begin string) (nodes []int, all bool) {
	names, _, _ := strings.Cut(strings.TrimPrefix(text, begin), ":")
	names, _, _ = strings.Cut(names, " (")
	names, _, more := strings.Cut(names, " more")
	for _, n := range number.FindAllString(names, -1) {
		k, _ := strconv.Atoi(n)
		nodes = append(nodes, k)
	}
	return nodes, !more
}

// compareCourse follows the sentences to the backlink and the number of slaves that a node
// has, and compares them with its state.
func compareCourse(t *testing.T, s *Story) {
	t.Helper()
	backlink, slaves, last := -1, 0, ""
	for _, e := range s.Events {
		nodes, all := partiesIn(e.Text, "has the backlink ")
		_, count, counts := strings.Cut(e.Text, counted)
		switch text := e.Text; {
		case strings.HasPrefix(text, "has the backlink ") && all:
			backlink = nodes[len(nodes)-1]
			if strings.Contains(text, "itself") {
				backlink = s.Node
			}
		case strings.HasPrefix(text, "loses its backlink"), strings.HasPrefix(text, "has lost its backlink"):
			backlink = -1
		case strings.HasPrefix(text, "comes up"), strings.HasPrefix(text, "is back"), strings.HasPrefix(text, "crashes"), strings.HasPrefix(text, "leaves"):
			backlink, slaves = -1, 0
		case strings.HasPrefix(text, "becomes a master: it lists "):
			names, _ := partiesIn(text, "becomes a master: it lists ")
			slaves = len(names)
		case counts:
			slaves, _ = strconv.Atoi(number.FindString(count))
		case strings.HasPrefix(text, "no longer lists "):
			slaves = 0
		default:
			continue
		}
		last = e.Text
	}
	have := -1
	if s.State.Backlink != nil {
		have = *s.State.Backlink
	}
	if backlink != have || slaves != len(s.State.Slaves) {
		t.Errorf("by its sentences node %d has the backlink %d and %d slaves at %gs, it has %d and %v; the last is %q\n%+v", s.Node, backlink, slaves, s.AtS, have, s.State.Slaves, last, s.Events)
	}
}

// compareFaults compares what is on a node with the faults and attacks of the scenario,
// whose targets are lists, of which those are struck that are up. A later one of a kind
// takes the place of the one before.
func compareFaults(t *testing.T, s *scenario.Scenario, story *Story) {
	t.Helper()
	at := time.Duration(story.AtS * float64(time.Second))
	want := make(map[string]string)
	on := func(text string, from time.Duration) bool {
		target, _ := scenario.ParseTarget(text)
		return slices.Contains(target.List, story.Node) && slices.Contains(slices.Collect(population.New(s).At(from).All()), story.Node)
	}
	for _, f := range s.Faults {
		lasts := f.At <= at && (f.For == 0 || at < f.At+f.For) && f.Do != scenario.Crash && f.Do != scenario.Bounce
		if lasts && (f.Do == scenario.Loss || on(f.On, f.At)) {
			want[string(f.Do)] = map[scenario.Verb]string{
				scenario.Slow: fmt.Sprintf("is slow: its messages take %v longer", f.By), scenario.Hold: "is held", scenario.Skew: fmt.Sprintf("has a clock that is %v ahead", f.By),
				scenario.Partition: "is cut off", scenario.Loss: fmt.Sprintf("loses %g%% of all messages", 100*f.Share),
			}[f.Do]
		}
	}
	for _, a := range s.Attacks {
		if a.At <= at && (a.For == 0 || at < a.At+a.For) && on(a.On, a.At) {
			want[trace.Lie] = "lies: " + a.Lie
		}
	}
	if len(want) != len(story.State.Faults) {
		t.Errorf("node %d at %gs: on it are %v, the scenario has %v", story.Node, story.AtS, story.State.Faults, want)
	}
	for kind, text := range want {
		if !slices.Contains(story.State.Faults, kind) || story.State.Role != result.RoleGone && !strings.Contains(story.Conclusion, text) {
			t.Errorf("node %d at %gs: %q is on it, the story has %v and ends with %q", story.Node, story.AtS, text, story.State.Faults, story.Conclusion)
		}
	}
}

// compareBans compares what stories tell of bans with notes.csv.
func compareBans(t *testing.T, all []*Story, notes []result.Note, at time.Duration) {
	t.Helper()
	notes = slices.DeleteFunc(slices.Clone(notes), func(n result.Note) bool { return n.Time > at })
	if at == 10*time.Minute && len(notes) < 10 {
		t.Errorf("only %d bans until %v: this test sees little", len(notes), at)
	}
	tells := func(story *Story, begin string, other int, n result.Note) bool {
		return slices.ContainsFunc(story.Events, func(e Event) bool {
			if !strings.HasPrefix(e.Text, begin) || e.AtS > n.Time.Seconds() || e.UntilS < n.Time.Seconds() || !strings.Contains(e.Text, n.Text) {
				return false
			}
			nodes, complete := partiesIn(e.Text, begin)
			return slices.Contains(nodes, other) || !complete
		})
	}
	for _, n := range notes {
		if n.Node < len(all) && n.About >= 0 && n.About < len(all) && !tells(all[n.Node], "bans ", n.About, n) {
			t.Errorf("the story of node %d does not tell of %+v\n%+v", n.Node, n, all[n.Node].Events)
		}
		if n.Node < len(all) && n.About >= 0 && n.About < len(all) && !tells(all[n.About], "is banned by ", n.Node, n) {
			t.Errorf("the story of node %d does not tell of %+v\n%+v", n.About, n, all[n.About].Events)
		}
	}
	for _, story := range all {
		for _, e := range story.Events {
			by := strings.HasPrefix(e.Text, "bans ")
			about := strings.HasPrefix(e.Text, "is banned by ")
			if (by || about) && !slices.ContainsFunc(notes, func(n result.Note) bool {
				return n.Time.Seconds() >= e.AtS && n.Time.Seconds() <= e.UntilS && (by && n.Node == story.Node || about && n.About == story.Node)
			}) {
				t.Errorf("node %d at %gs: %q is not in notes.csv", story.Node, e.AtS, e.Text)
			}
		}
	}
}

// compareStays compares when nodes come and go, by their stories, with the plan of the
// churn. Of the hosts that a fault ends or brings back the plan knows less.
func compareStays(t *testing.T, s *scenario.Scenario, all []*Story) {
	t.Helper()
	struck := []int{41, 42, 44, 45}
	type turn struct {
		host int
		at   time.Duration
		up   bool
	}
	var want, got []turn
	for _, stay := range population.New(s).Stays() {
		if slices.Contains(struck, int(stay.Host)) {
			continue
		}
		want = append(want, turn{int(stay.Host), stay.Up.Round(time.Millisecond), true})
		if stay.Down < s.Duration {
			want = append(want, turn{int(stay.Host), stay.Down.Round(time.Millisecond), false})
		}
	}
	for _, story := range all {
		for _, e := range story.Events {
			up := strings.HasPrefix(e.Text, "comes up") || strings.HasPrefix(e.Text, "is back")
			down := strings.HasPrefix(e.Text, "crashes") || strings.HasPrefix(e.Text, "leaves") || strings.HasPrefix(e.Text, "goes down")
			if (up || down) && !slices.Contains(struck, story.Node) {
				got = append(got, turn{story.Node, time.Duration(e.AtS * float64(time.Second)).Round(time.Millisecond), up})
			}
		}
	}
	order := func(a, b turn) int { return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.at, b.at)) }
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	if !slices.Equal(want, got) {
		t.Errorf("by the stories nodes come and go at\n%v\nby the plan at\n%v", got, want)
	}
}
