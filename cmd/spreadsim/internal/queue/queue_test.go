package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/internal/nettest"
	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

const six = "name: six\nduration: 60s\nsweep: {nodes: [10, 20, 30]}\nrepeat: 2\n"

// serve runs an embedded server for a test and returns its address.
func serve(t *testing.T) Address {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan string, 1), make(chan error, 1)
	s := Server{Listen: "127.0.0.1:0", Data: t.TempDir(), Tell: t.Logf}
	go func() { ended <- s.Serve(ctx, func(url string) error { started <- url; return nil }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case url := <-started:
		return Address{URL: url}
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return Address{}
	}
}

// A server that cannot listen says so at once, not when the time for its start is over.
func TestABusyPortIsToldAtOnce(t *testing.T) {
	_, busy, _ := strings.Cut(serve(t).URL, "//")
	ctx, stop := context.WithTimeout(t.Context(), startTimeout/2)
	defer stop()
	err := Server{Listen: busy, Data: t.TempDir(), Tell: t.Logf}.Serve(ctx, func(string) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "address already in use") || ctx.Err() != nil {
		t.Errorf("a server at a busy port ends with %v, %v", err, ctx.Err())
	}
}

func dial(t *testing.T, a Address, version string) *Queue {
	t.Helper()
	q, err := Dial(t.Context(), a, version)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}

func planOf(t *testing.T, text, version string) *experiment.Plan {
	t.Helper()
	d, err := scenario.ParseDesign("six.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := experiment.NewPlan(d, version)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sweepOf is a sweep of a plan into a folder of its own.
func sweepOf(t *testing.T, p *experiment.Plan) Collector {
	t.Helper()
	f, err := experiment.CreateFolder(filepath.Join(t.TempDir(), "sweep"), p.Index, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := experiment.NewSchedule(f, experiment.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	return Collector{Plan: p, Folder: f, Schedule: s, Lease: time.Second, Tell: t.Logf,
		Ended: func(*experiment.Record) error { return nil }, Seen: func(int) {}}
}

// measured is the result of a job: its fingerprint is its key.
func measured(j *experiment.Job) *experiment.Record {
	return j.Record(&result.Run{Summary: result.Summary{Fingerprint: j.Key}}, experiment.Complete, "")
}

type do = func(context.Context, *experiment.Job, time.Duration, string, int) (*experiment.Record, experiment.Execution, error)

// atOnce does a job in no time.
func atOnce(_ context.Context, j *experiment.Job, _ time.Duration, _ string, beside int) (*experiment.Record, experiment.Execution, error) {
	return measured(j), experiment.Execution{Key: j.Key, Host: "h", Beside: beside}, nil
}

func workerOf(t *testing.T, size int, d do) Worker {
	t.Helper()
	return Worker{Size: size, Memory: 1 << 40, Folder: t.TempDir(), Do: d, Tell: t.Logf}
}

// works runs a worker until the test ends.
func works(t *testing.T, q *Queue, w Worker) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := q.Work(ctx, w); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); group.Wait() })
}

// collect collects a whole sweep and returns what became of its runs.
func collect(t *testing.T, q *Queue, c Collector) experiment.Tally {
	t.Helper()
	if err := q.Collect(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	tally, err := c.Folder.Tally()
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func TestWorkersShareASweep(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	for range 2 {
		works(t, dial(t, at, "v"), workerOf(t, 2, atOnce))
	}
	q := dial(t, at, "v")
	if tally := collect(t, q, sweepOf(t, p)); tally.Done != 6 || len(tally.Bad) > 0 {
		t.Errorf("%+v", tally)
	}
	nettest.Until(t, "no run stays in the queue", func() bool { // a worker stores a result, and then takes the run off
		info, err := q.stream.Info(t.Context())
		return err == nil && info.State.Msgs == 0
	})
}

func TestWhatTheQueueHasDoneIsCollectedWithoutWorkers(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	q := dial(t, at, "v")
	ctx, stop := context.WithCancel(t.Context())
	works(t, dial(t, at, "v"), workerOf(t, 1, atOnce))
	first := sweepOf(t, p)
	first.Ended = func(*experiment.Record) error { stop(); return nil } // an interrupted sweep
	if err := q.Collect(ctx, first); err != nil {
		t.Fatal(err)
	}
	if tally := collect(t, q, sweepOf(t, p)); tally.Done != 6 { // the rest
		t.Errorf("%+v", tally)
	}
	none := dial(t, at, "v")
	if tally := collect(t, none, sweepOf(t, p)); tally.Done != 6 { // all of it again, from the server alone
		t.Errorf("%+v", tally)
	}
}

// A run goes to workers of its version only: another one would give another result.
func TestOtherVersionsNeverSeeARun(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v2")
	seen := make(chan string, 100)
	works(t, dial(t, at, "v1"), workerOf(t, 2, func(ctx context.Context, j *experiment.Job, c time.Duration, d string, n int) (*experiment.Record, experiment.Execution, error) {
		seen <- j.Version
		return atOnce(ctx, j, c, d, n)
	}))
	works(t, dial(t, at, "v2"), workerOf(t, 2, atOnce))
	if tally := collect(t, dial(t, at, "v2"), sweepOf(t, p)); tally.Done != 6 {
		t.Errorf("%+v", tally)
	}
	if len(seen) > 0 {
		t.Errorf("a worker of v1 got a run of %s", <-seen)
	}
}

// Two results of one run are a bug of the simulator, and told as such on both sides.
func TestTwoResultsOfARunAreABug(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	q := dial(t, at, "v")
	works(t, dial(t, at, "v"), workerOf(t, 1, atOnce))
	collect(t, q, sweepOf(t, p))
	key := p.Variants[1].Runs[0]
	for _, c := range []struct {
		name string
		sha  string
		want error
	}{
		{"the same", "", nil}, {"another", strings.Repeat("0", 64), experiment.ErrNotSame},
	} {
		f := finished{SHA256: c.sha, Fingerprint: "0", Execution: experiment.Execution{Host: "other"}}
		if c.sha == "" {
			job, _, err := p.Job(experiment.Task{Variant: 1, Repetition: 1, Key: key, Memory: p.Variants[1].Memory})
			if err != nil {
				t.Fatal(err)
			}
			content, err := measured(job).Encode()
			if err != nil {
				t.Fatal(err)
			}
			f.SHA256 = experiment.Digest(content)
		}
		if err := q.mark(t.Context(), key, f); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	again := sweepOf(t, p)
	err := q.Collect(t.Context(), again)
	if !errors.Is(err, experiment.ErrNotSame) || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "other") {
		t.Errorf("%v", err)
	}
	if tally, err := again.Folder.Tally(); err != nil || tally.Done != 6 {
		t.Errorf("the other runs were not collected: %+v, %v", tally, err)
	}
}

// deadly is a job that takes its worker with it: the connection is gone, nothing is given
// back.
func deadly(q *Queue, key string) do {
	return func(ctx context.Context, j *experiment.Job, c time.Duration, d string, n int) (*experiment.Record, experiment.Execution, error) {
		if j.Key != key {
			return atOnce(ctx, j, c, d, n)
		}
		q.Close()
		return nil, experiment.Execution{}, fmt.Errorf("beside %d: %w", n, sim.ErrStopped)
	}
}

func TestARunThatKillsThreeWorkersIsAResultAndBlocksNothing(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	key := p.Variants[0].Runs[1]
	var group sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	defer func() { stop(); group.Wait() }()
	group.Go(func() { // one worker after the other: each connects when the last one has died
		for range mostLost {
			q, err := Dial(ctx, at, "v")
			if err != nil {
				t.Error(err)
				return
			}
			mine, die := context.WithCancel(ctx)
			context.AfterFunc(mine, q.Close)
			q.conn.SetClosedHandler(nil)
			w := workerOf(t, 2, func(c context.Context, j *experiment.Job, check time.Duration, d string, n int) (*experiment.Record, experiment.Execution, error) {
				if j.Key == key {
					defer die()
				}
				return deadly(q, key)(c, j, check, d, n)
			})
			_, _ = q.Work(mine, w) // it dies
			die()
		}
		last, err := Dial(ctx, at, "v")
		if err != nil {
			t.Error(err)
			return
		}
		defer last.Close()
		if done, err := last.Work(ctx, workerOf(t, 2, atOnce)); err != nil || done.Lost != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	})
	c := sweepOf(t, p)
	tally := collect(t, dial(t, at, "v"), c)
	if tally.Done != 6 || tally.Lost != 1 || tally.Bad[0].Key != key || tally.Bad[0].Reason != "lost 3 workers" {
		t.Errorf("%+v", tally)
	}

	// A worker that was thought dead brings the result after all, which is better.
	job, _, err := p.Job(experiment.Task{Repetition: 2, Key: key, Memory: p.Variants[0].Memory})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Folder.Put(measured(job)); err != nil {
		t.Error(err)
	}
	if tally, err := c.Folder.Tally(); err != nil || tally.Lost != 0 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// With a lease of an hour only a run that was given back can be done in the time of a test.
func TestAWorkerThatIsToldToEndGivesItsRunsBack(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	began := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan Done)
	quits := dial(t, at, "v")
	go func() {
		done, err := quits.Work(ctx, workerOf(t, 1, func(ctx context.Context, _ *experiment.Job, _ time.Duration, _ string, _ int) (*experiment.Record, experiment.Execution, error) {
			close(began)
			<-ctx.Done()
			return nil, experiment.Execution{}, sim.ErrStopped
		}))
		if err != nil {
			t.Error(err)
		}
		ended <- done
	}()
	q, c := dial(t, at, "v"), sweepOf(t, p)
	c.Lease = time.Hour
	collected := make(chan error)
	go func() { collected <- q.Collect(t.Context(), c) }()
	<-began
	stop()
	if done := <-ended; done.Returned != 1 || done.Runs != 0 {
		t.Errorf("%+v", done)
	}
	works(t, dial(t, at, "v"), workerOf(t, 1, atOnce))
	if err := <-collected; err != nil {
		t.Error(err)
	}
	if tally, err := c.Folder.Tally(); err != nil || tally.Done != 6 || len(tally.Bad) > 0 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// A worker never holds more than it runs: the other one gets the rest meanwhile.
func TestNoRunWaitsAtABusyWorker(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	held, free := make(chan string, 6), make(chan struct{})
	works(t, dial(t, at, "v"), workerOf(t, 1, func(ctx context.Context, j *experiment.Job, c time.Duration, d string, n int) (*experiment.Record, experiment.Execution, error) {
		held <- j.Key
		<-free
		return atOnce(ctx, j, c, d, n)
	}))
	q, c := dial(t, at, "v"), sweepOf(t, p)
	n := 0
	c.Ended = func(*experiment.Record) error {
		if n++; n == 5 {
			close(free)
		}
		return nil
	}
	idle, other := dial(t, at, "v"), workerOf(t, 1, atOnce)
	var group sync.WaitGroup
	defer group.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	group.Go(func() {
		<-held
		if done, err := idle.Work(ctx, other); err != nil || done.Runs != 5 {
			t.Errorf("%+v, %v", done, err)
		}
	})
	if tally := collect(t, q, c); tally.Done != 6 {
		t.Errorf("%+v", tally)
	}
}

// A run that would not fit into memory beside others waits for its turn.
func TestRunsShareTheMemory(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	var most int
	var mutex sync.Mutex
	w := workerOf(t, 4, func(ctx context.Context, j *experiment.Job, c time.Duration, d string, beside int) (*experiment.Record, experiment.Execution, error) {
		mutex.Lock()
		defer mutex.Unlock()
		most = max(most, beside)
		return atOnce(ctx, j, c, d, beside)
	})
	w.Memory = 1
	works(t, dial(t, at, "v"), w)
	if tally := collect(t, dial(t, at, "v"), sweepOf(t, p)); tally.Done != 6 || most > 0 {
		t.Errorf("%+v, %d beside one", tally, most)
	}
}

func TestASweepThatEndsEarlyTakesItsRunsBack(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	works(t, dial(t, at, "v"), workerOf(t, 1, func(_ context.Context, j *experiment.Job, _ time.Duration, _ string, _ int) (*experiment.Record, experiment.Execution, error) {
		return j.Record(nil, experiment.Failed, "no"), experiment.Execution{}, nil
	}))
	q, c := dial(t, at, "v"), sweepOf(t, p)
	enough := errors.New("enough")
	c.Ended = func(r *experiment.Record) error {
		if r.Broken() {
			return enough
		}
		return nil
	}
	if err := q.Collect(t.Context(), c); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	info, err := q.stream.Info(t.Context())
	if err != nil || info.State.Msgs > 1 { // one may be in progress
		t.Errorf("%d runs wait, %v", info.State.Msgs, err)
	}
}

func TestRepetitionsAreAddedWhileTheyAreWanted(t *testing.T) {
	at := serve(t)
	p := planOf(t, "name: until\nnodes: 10\nduration: 60s\nrepeat: {until: {engine.events: 1%}, max: 9}\n", "v")
	works(t, dial(t, at, "v"), workerOf(t, 2, atOnce))
	for range 2 { // from workers, and then from what the server keeps
		if tally := collect(t, dial(t, at, "v"), sweepOf(t, p)); tally.Done < scenario.LeastJudged {
			t.Errorf("%+v", tally)
		}
	}
}

func TestAddressesAreCheckedBeforeAnythingHappens(t *testing.T) {
	for want, a := range map[string]Address{
		"":                             {URL: "nats://u:p@a:4222, tls://b:1"},
		"flag --queue: expected nats:": {URL: "localhost:4222"},
		"flags --tls-cert and --tls":   {URL: "nats://a:1", Cert: "x"},
		"flag --creds: stat":           {URL: "nats://a:1", Creds: "/no/such/file"},
	} {
		err := a.Check()
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if got := (Address{URL: "nats://me:secret@a:1"}).String(); got != "nats://me:xxxxx@a:1" {
		t.Error(got)
	}
}

// Bytes that are no run must not stop a worker.
func TestAMessageThatIsNoRunIsDeleted(t *testing.T) {
	at := serve(t)
	p := planOf(t, six, "v")
	q := dial(t, at, "v")
	for _, data := range []string{"", "{}", "[1]", `{"job":7}`} {
		if _, err := q.js.Publish(t.Context(), q.subject("x"+fmt.Sprint(len(data))), []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	w := workerOf(t, 1, atOnce)
	w.Tell = func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
	ctx, stop := context.WithCancel(t.Context())
	ended, worker := make(chan error), dial(t, at, "v")
	go func() {
		_, err := worker.Work(ctx, w)
		ended <- err
	}()
	if tally := collect(t, q, sweepOf(t, p)); tally.Done != 6 {
		t.Errorf("%+v", tally)
	}
	stop()
	if err := <-ended; err != nil || len(slices.Compact(told)) == 0 {
		t.Errorf("%v, told %v", err, told)
	}
}

// A worker has none of the files that a scenario names: they come with its runs.
func TestTheFilesOfAScenarioComeWithIt(t *testing.T) {
	at, dir := serve(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "measured.csv"), []byte("quantile,ms\n0,10\n1,30\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := []byte("name: filed\nduration: 60s\nsweep: {nodes: [10, 20]}\nlatency: {model: empirical, file: measured.csv}\n")
	d, err := scenario.ParseDesign(filepath.Join(dir, "filed.yaml"), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := experiment.NewPlan(d, "v")
	if err != nil {
		t.Fatal(err)
	}
	works(t, dial(t, at, "v"), workerOf(t, 1, func(ctx context.Context, j *experiment.Job, c time.Duration, files string, n int) (*experiment.Record, experiment.Execution, error) {
		if _, err := j.Parse(files); err != nil {
			return j.Record(nil, experiment.Failed, err.Error()), experiment.Execution{}, nil
		}
		return atOnce(ctx, j, c, files, n)
	}))
	if tally := collect(t, dial(t, at, "v"), sweepOf(t, p)); tally.Done != 2 || len(tally.Bad) > 0 {
		t.Errorf("%+v", tally)
	}
}
