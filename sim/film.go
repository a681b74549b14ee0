package sim

import (
	"math"
	"slices"
	"strconv"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim/film"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// filming shows a world to a recorder of films. A nil one does nothing.
type filming struct {
	*world
	recorder *film.Recorder
	series   []series // of operations
	started  []int    // operations that have not ended
}

// series is the operations of a kind, which are in the order of their starts.
type series struct{ next, end int }

// newFilming starts a film; nil without a recorder.
func newFilming(w *world, recorder *film.Recorder) *filming {
	if recorder == nil {
		return nil
	}
	s := w.scenario
	f := &filming{world: w, recorder: recorder}
	for i, op := range w.clients.operations {
		if last := len(f.series) - 1; last < 0 || w.clients.operations[f.series[last].next].row.Kind != op.row.Kind {
			f.series = append(f.series, series{i, i + 1})
		} else {
			f.series[last].end = i + 1
		}
	}
	levels := int(s.Levels)
	if s.Levels == scenario.AutoLevels {
		levels = core.MaxLevels
	}
	recorder.Begin(film.Setting{
		Name: s.Name, Description: s.Description, Hash: s.Hash(), Seed: strconv.FormatUint(s.Seed, 10), Nodes: s.Nodes, Levels: levels,
		DurationS: s.Duration.Seconds(), SyncIntervalS: s.SyncInterval.Seconds(),
	}, f, max(s.Sample, s.Duration/maxFrames))
	return f
}

// maxFrames is about how many frames of equal distance a film has at most.
const maxFrames = 400

// due is when the next frame is.
func (f *filming) due() time.Duration {
	if f == nil {
		return math.MaxInt64
	}
	return f.recorder.Due()
}

// frame records a frame if one is due.
func (f *filming) frame(now time.Duration) {
	if f == nil || now < f.recorder.Due() {
		return
	}
	f.requests(now)
	f.recorder.Frame(now, f.events())
}

// sample records a sample.
func (f *filming) sample(s *result.Sample) {
	if f == nil {
		return
	}
	f.recorder.Sample(film.Sample{
		AtS: s.Time.Seconds(), Alive: s.Alive, Masters: s.Masters, Expected: s.MastersExpected,
		Registered: film.Share(s.Registered), ExactSize: film.Share(s.ExactSize), Coverage: film.Share(s.Coverage),
		Requests: s.Requests, Bytes: s.Bytes,
	})
}

// requests records those that have ended since the frame before. Operations are in the
// order of their starts within their series.
func (f *filming) requests(now time.Duration) {
	ops := f.clients.operations
	for k := range f.series {
		s := &f.series[k]
		for ; s.next < s.end && ops[s.next].row.Start <= now; s.next++ {
			f.started = append(f.started, s.next)
		}
	}
	f.started = slices.DeleteFunc(f.started, f.request)
}

// request records an operation, if it has ended.
func (f *filming) request(i int) bool {
	op := &f.clients.operations[i]
	if !op.completed {
		return false
	}
	row := &op.row
	f.recorder.Request(film.Request{
		Kind: string(row.Kind), Index: row.Index, AtS: row.Start.Seconds(), UntilS: (row.Start + row.Latency).Seconds(),
		Entry: row.Entry, Outcome: string(row.Outcome()), Approvers: row.Approvers,
	})
	return true
}

// step records the begin or the end of a fault or an attack.
func (f *filming) step(what, name string, begins bool, nodes int, now time.Duration) {
	if f != nil {
		f.recorder.Step(film.Step{AtS: now.Seconds(), What: what, Name: name, Begins: begins, Nodes: nodes})
	}
}

// end ends a film with the results of its run.
func (f *filming) end(r *result.Run) {
	if f == nil {
		return
	}
	now := f.now()
	f.requests(now)
	f.recorder.Now(now)
	e := film.End{AtS: now.Seconds(), Fingerprint: r.Summary.Fingerprint, Partial: r.Summary.Partial}
	for _, o := range r.Expectations {
		e.Expectations = append(e.Expectations, film.Outcome(o))
	}
	if r.Summary.Violation != nil {
		f.step("violation", *r.Summary.Violation, true, 0, now)
	}
	f.recorder.End(e)
}

// Hosts implements film.World.
func (f *filming) Hosts() int { return f.hosts }

// Address implements film.World.
func (f *filming) Address(host int) string { return f.book.Text(peerOf(host)) }

// Place implements film.World.
func (f *filming) Place(host int) *message.Structure {
	h := f.net.Host(host)
	if !h.Up() {
		return nil
	}
	return h.Node.Structure()
}

// Size implements film.World.
func (f *filming) Size(host int) int { return f.node(host).NetworkSize() }

// Rank implements film.World: the head of a branch of level k is a master of level k+1.
func (f *filming) Rank(host int) int {
	rank, self := 1, peerOf(host)
	for _, branch := range f.node(host).Path() {
		if branch.Head != self {
			break
		}
		rank++
	}
	return rank
}

// Marks implements film.World.
func (f *filming) Marks(host int) (marks film.Marks) {
	if f.hidden(host) {
		marks |= film.Hidden
	}
	if f.weather == nil {
		return marks
	}
	if h := f.weather.Host(host); h.Group != 0 || h.Slow > 0 || f.weather.Held(host) {
		marks |= film.Struck
	}
	if f.attacks != nil && f.attacks.front(uint32(host)) != nil {
		marks |= film.Lying
	}
	return marks
}
