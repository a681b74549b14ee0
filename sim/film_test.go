package sim_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/film"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// filmed runs a scenario with a film.
func filmed(t *testing.T, s *scenario.Scenario, workers int, o film.Options) (*result.Run, *film.Recorder) {
	t.Helper()
	recorder := film.New(o)
	r, err := sim.Run(s, sim.Options{Workers: workers, Film: recorder})
	return must(t, r, err), recorder
}

// player plays a film up to its end.
type player struct {
	frames, requests, steps, samples int
	nodes                            []played
	lists                            [][]int
	end                              film.End
}

type played struct {
	state, backlink, masters, list, size int
	slaves                               []int
}

// reader reads the numbers of a frame.
type reader struct {
	t    *testing.T
	left []byte
}

func (r *reader) next() int {
	x, n := binary.Uvarint(r.left)
	if n <= 0 {
		r.t.Fatal("a frame ends within a number")
	}
	r.left = r.left[n:]
	return int(x)
}

func (r *reader) list() (list []int) {
	for range r.next() {
		list = append(list, r.next())
	}
	return list
}

func play(t *testing.T, data []byte) *player {
	t.Helper()
	p := &player{lists: [][]int{nil}}
	for b, err := range film.Blocks(data) {
		if err != nil {
			t.Fatal(err)
		}
		switch b.Kind {
		case film.KindSetting:
			var s film.Setting
			p.read(t, b, &s)
			p.nodes = make([]played, s.Hosts)
		case film.KindFrame:
			p.frames++
			p.frame(&reader{t, b.Body})
		case film.KindRequest:
			p.requests++
		case film.KindStep:
			p.steps++
		case film.KindSample:
			p.samples++
		case film.KindEnd:
			p.read(t, b, &p.end)
		}
	}
	return p
}

func (*player) read(t *testing.T, b film.Block, into any) {
	t.Helper()
	if err := json.Unmarshal(b.Body, into); err != nil {
		t.Fatal(err)
	}
}

func (p *player) frame(r *reader) {
	r.next() // its time
	for range r.next() {
		var list []int
		host := -1
		for range r.next() {
			host += r.next() + 1
			list = append(list, host)
		}
		p.lists = append(p.lists, list)
	}
	host := -1
	for range r.next() {
		host += r.next() + 1
		n, fields := &p.nodes[host], r.next()
		if fields&1 != 0 {
			n.state = r.next()
		}
		if fields&2 != 0 {
			n.backlink = r.next()
		}
		if fields&4 != 0 {
			gone := r.list()
			n.slaves = slices.DeleteFunc(n.slaves, func(s int) bool { return slices.Contains(gone, s) })
			n.slaves = append(n.slaves, r.list()...)
		}
		if fields&8 != 0 {
			n.masters, n.list = r.next(), r.next()
		}
		if fields&16 != 0 {
			n.size = r.next()
		}
	}
	if len(r.left) > 0 {
		r.t.Errorf("%d bytes are left of a frame", len(r.left))
	}
}

// role is that of a node at the end of a film, as nodes.csv tells it.
func (n *played) role() result.Role {
	if n.state&1 == 0 {
		return result.RoleGone
	}
	return result.RoleOf(len(n.slaves) > 0, n.backlink > 0)
}

// A film changes nothing in the run, ends with the nodes of nodes.csv, and is the same
// however many workers there are.
func TestFilmsShowTheRun(t *testing.T) {
	for _, name := range []string{"quickstart", "churn-mild", "multi-level-10k", "partition-5m", "rolling-upgrade", "slow-5"} {
		s, err := scenario.Load("../scenarios/"+name+".yaml", []string{"nodes=120"})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := sim.Run(s, sim.Options{})
		must(t, plain, err)
		r, recorder := filmed(t, s, 1, film.Options{})
		if r.Summary.Fingerprint != plain.Summary.Fingerprint {
			t.Errorf("%s: the film changes the fingerprint", name)
		}
		p := play(t, recorder.Film())
		if p.end.Fingerprint != r.Summary.Fingerprint || p.end.Partial {
			t.Errorf("%s: the film ends with %+v", name, p.end)
		}
		if p.samples != len(r.Samples) {
			t.Errorf("%s: %d samples, want %d", name, p.samples, len(r.Samples))
		}
		answered := 0
		for _, q := range r.Requests {
			if q.Error != result.ErrorRunEnded {
				answered++
			}
		}
		if p.requests != answered {
			t.Errorf("%s: %d requests, want %d", name, p.requests, answered)
		}
		for _, n := range r.Nodes {
			got := &p.nodes[n.Index]
			if got.role() != n.Role || n.Role != result.RoleGone && (len(got.slaves) != n.Slaves || got.backlink-1 != n.Backlink) {
				t.Fatalf("%s: node %d is %+v at the end of the film, in nodes.csv %+v", name, n.Index, *got, n)
			}
		}
		_, again := filmed(t, s, 2, film.Options{})
		if !bytes.Equal(recorder.Film(), again.Film()) {
			t.Errorf("%s: two workers make another film", name)
		}
	}
}

// The lists of masters in a film are those that nodes have.
func TestFilmsKnowTheMasters(t *testing.T) {
	s := parse(t, "name: masters\nnodes: 60\nduration: 200s\n")
	_, recorder := filmed(t, s, 1, film.Options{})
	p := play(t, recorder.Film())
	var masters []int
	for i := range p.nodes {
		if len(p.nodes[i].slaves) > 0 {
			masters = append(masters, i)
		}
	}
	for i, n := range p.nodes {
		if n.masters != len(masters) || !slices.Equal(p.lists[n.list], masters) || n.size != 60 {
			t.Fatalf("node %d knows %d masters, list %v, size %d; the masters are %v", i, n.masters, p.lists[n.list], n.size, masters)
		}
	}
}

// Faults and attacks are in the film: their begins and ends, and marks on their nodes.
func TestFilmsMarkFaultsAndLiars(t *testing.T) {
	s := parse(t, "name: marks\nnodes: 40\nduration: 300s\nfaults: [{at: 100s, do: hold, on: \"10%%\", for: 50s}]\nattacks: [{at: 150s, lie: silent, on: \"10%%\"}]\n")
	r, recorder := filmed(t, s, 1, film.Options{})
	p := play(t, recorder.Film())
	liars := 0
	for _, n := range p.nodes {
		if n.state&int(film.Lying) != 0 {
			liars++
		}
		if n.state&int(film.Struck) != 0 {
			t.Error("a fault is on a node after its end")
		}
	}
	if liars != r.Summary.Attacks.Liars || p.steps != 3 {
		t.Errorf("%d liars, want %d; %d steps, want 3", liars, r.Summary.Attacks.Liars, p.steps)
	}
}

// A film keeps to its limit, and says what it leaves out. It still has its end.
func TestFilmsAreBounded(t *testing.T) {
	s := parse(t, "name: bounded\nnodes: 200\nduration: 1600s\nsample: 40s\nchurn: {session: {model: exponential, mean: 300s}}\nworkload: {searches: {count: 1000, start: 200s, over: 1300s}}\n")
	const limit = 40_000
	told := 0
	_, recorder := filmed(t, s, 1, film.Options{Limit: limit, Tell: func(block []byte) { told += len(block) }})
	frames, requests, _ := recorder.Lost()
	if frames == 0 || requests == 0 {
		t.Errorf("lost are %d frames and %d requests: the test needs a longer run", frames, requests)
	}
	p := play(t, recorder.Film())
	if p.end.LostFrames != frames || p.end.LostRequests != requests {
		t.Errorf("the end tells %+v, want %d frames and %d requests", p.end, frames, requests)
	}
	// Setting, addresses and samples are outside of the limit, and the last frame may be
	// half.
	if len(recorder.Film()) > 2*limit || told != len(recorder.Film()) {
		t.Errorf("%d bytes, %d told, the limit is %d", len(recorder.Film()), told, limit)
	}
}

// BenchmarkFilm measures what a film costs a run.
func BenchmarkFilm(b *testing.B) {
	s, err := scenario.Load("../scenarios/quickstart.yaml", []string{"nodes=10000"})
	if err != nil {
		b.Fatal(err)
	}
	for _, with := range []bool{false, true} {
		name := "without"
		if with {
			name = "with"
		}
		b.Run(name, func(b *testing.B) {
			var events int64
			start := time.Now()
			for range b.N {
				o := sim.Options{}
				if with {
					o.Film = film.New(film.Options{})
				}
				r, err := sim.Run(s, o)
				if err != nil {
					b.Fatal(err)
				}
				events += r.Summary.Engine.Events
				if with {
					b.ReportMetric(float64(len(o.Film.Film())), "bytes")
				}
			}
			b.ReportMetric(float64(events)/time.Since(start).Seconds(), "events/s")
		})
	}
}
