package host_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// clumsy is an extension that panics where it is told to.
type clumsy struct {
	h     *host.Host
	trips string // where it panics; "" for nowhere
	ask   host.Ask[question, found]
	work  host.Ask[question, found]
	put   host.Send[note, done]
	jobs  int
}

func (*clumsy) Name() string { return "clumsy" }

func (c *clumsy) at(place string) {
	if c.trips == place {
		panic("tripped at " + place)
	}
}

func (c *clumsy) Start(h *host.Host) {
	c.h = h
	q := host.Query[question, found]{
		Name: "ask", Who: host.Clients(),
		Check: func(*question) error { c.at("check"); return nil },
		Local: func(*question) (*found, error) {
			c.at("local")
			return &found{[]text{{Text: "x"}}}, nil
		},
		Merge:  func(_ *question, a []host.Given[found]) *found { c.at("merge"); return a[0].Answer },
		Valid:  func(*question, *found) error { c.at("valid"); return nil },
		Enough: func(*question, *found) bool { c.at("enough"); return false },
	}
	c.ask = q.Offer(h)
	q.Name, q.Local = "work", nil
	q.Work = func(t *host.Task, _ *question) (*found, error) {
		c.at("work")
		t.Offload(time.Second, func() { c.at("offload") })
		t.Fork(func(t *host.Task) { c.at("fork") })
		t.Sleep(time.Millisecond)
		return &found{[]text{{Text: "x"}}}, nil
	}
	c.work = q.Offer(h)
	c.put = host.Direct[note, done]{
		Name:  "put",
		Check: func(host.Peer, *note, int64) error { c.at("direct check"); return nil },
		Valid: func(*note, *done) error { c.at("direct valid"); return nil },
		Serve: c.serve,
	}.Offer(h)
	h.Every("job", time.Minute, func(*host.Task) { c.jobs++; c.at("job") })
	h.OnStart(func(*host.Task) { c.at("start") })
	h.OnStatus(func() any { c.at("status"); return 1 })
	h.OnLoad(func() float64 { c.at("load"); return 1 })
	h.Gauge("gauge", "", func() float64 { c.at("gauge"); return 1 })
	h.Command(host.Command{Name: "command", Run: func(*host.Task, []string, io.Writer) error { c.at("command"); return nil }})
}

// serve writes before it waits and after.
func (c *clumsy) serve(t *host.Task, _ host.Peer, n *note, _ *host.Pending) (*done, error) {
	b := c.h.Bucket()
	_ = b.Put("first", []byte(n.Text))
	t.Sleep(time.Second)
	_ = b.Put("second", []byte(n.Text))
	b.Delete("third")
	_ = b.Put("second", []byte("half"))
	c.at("serve")
	return &done{true}, b.Put("second", []byte(n.Text))
}

// guarded is a disk whose node goes on when an extension panics.
type guarded struct {
	*memory.Disk
	caught []string
}

func (g *guarded) Panicked(extension, doing string, value any, stack []byte) {
	g.caught = append(g.caught, fmt.Sprintf("%s %s: %v", extension, doing, value))
	if !strings.Contains(string(stack), "clumsy") {
		g.caught = append(g.caught, "without the stack")
	}
}

// workshop is a network of nodes with a clumsy extension each.
type workshop struct {
	*coretest.Network
	clumsy []*clumsy // by number
	worlds []*guarded
}

func newWorkshop(t *testing.T, trips string) *workshop {
	t.Helper()
	w := &workshop{Network: coretest.New(t, 25*time.Millisecond, 1), clumsy: make([]*clumsy, 4), worlds: make([]*guarded, 4)}
	w.Prepare = func(h *coretest.Host) {
		c, g := &clumsy{trips: trips}, &guarded{Disk: h.Disk()}
		w.clumsy[h.Number], w.worlds[h.Number] = c, g
		if _, err := host.Attach(h.Node, g, c); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		w.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	w.Run(160 * time.Second)
	return w
}

// use does all that an extension can be made to do, from node 2, and returns the errors.
func (w *workshop) use() (errs map[string]error) {
	errs = make(map[string]error)
	c := w.clumsy[2]
	w.Host(2).Do(func(t *core.Task) {
		_, _, errs["ask"] = c.ask(t, &question{"a"})
		_, _, errs["work"] = c.work(t, &question{"a"})
		for _, m := range w.clumsy[1:] {
			_, err := c.put(t, m.h.Self(), &note{"a", "new"}, nil)
			if err != nil {
				errs["put"] = err
			}
		}
		errs["command"] = c.h.Commands()[0].Run(t, nil, io.Discard)
	})
	c.h.Status()
	c.h.Load()
	c.h.Gauges()[0].Read()
	return errs
}

// Wherever an extension panics, the node goes on, and so does the extension: what it was
// doing fails with a code, the panic is told, and no peer is blamed.
func TestAPanicOfAnExtensionIsContained(t *testing.T) {
	for place, failed := range map[string]string{
		// a master that cannot merge does not answer, which the coverage tells
		"check": "ask work", "local": "", "work": "", "merge": "", "valid": "", "enough": "", "offload": "", "fork": "",
		"direct check": "put", "direct valid": "put", "serve": "put", "job": "", "start": "", "status": "", "load": "", "gauge": "", "command": "command",
	} {
		t.Run(strings.ReplaceAll(place, " ", "-"), func(t *testing.T) {
			w := newWorkshop(t, place)
			errs := w.use()
			for doing, err := range errs {
				if want := strings.Contains(failed, doing); (err != nil) != want {
					t.Errorf("%s: %v", doing, err)
				} else if err != nil && !message.IsRefusal(err, message.CodeFailed) {
					t.Errorf("%s: %v, which has another code", doing, err)
				}
			}
			if len(w.worlds[2].caught) == 0 {
				t.Error("no panic was told")
			}
			for _, line := range w.worlds[2].caught {
				if !strings.HasPrefix(line, "clumsy ") || !strings.Contains(line, place) {
					t.Errorf("told: %s", line)
				}
			}
			for _, h := range w.Hosts() {
				if n := h.Node.Bans().Len(); n > 0 {
					t.Errorf("node %d bans %d peers", h.Number, n)
				}
			}
			for _, c := range w.clumsy[1:] {
				c.trips = ""
			}
			w.Run(time.Minute + time.Second)
			for doing, err := range w.use() {
				if err != nil {
					t.Errorf("afterwards, %s: %v", doing, err)
				}
			}
			if w.clumsy[2].jobs == 0 {
				t.Error("no job runs")
			}
		})
	}
}

// What was written in the step that panics is undone, what was written before it last
// waited is not.
func TestAPanicUndoesTheStep(t *testing.T) {
	w := newWorkshop(t, "serve")
	b := w.worlds[2].BucketOf("clumsy")
	for _, key := range []string{"first", "second", "third"} {
		if err := b.Put(key, []byte("old")); err != nil {
			t.Fatal(err)
		}
	}
	w.use()
	got := fmt.Sprintf("%s %s %s", b.Get("first"), b.Get("second"), b.Get("third"))
	if got != "new old old" {
		t.Errorf("the bucket holds %s", got)
	}
	for _, c := range w.clumsy[1:] {
		c.trips = ""
	}
	w.use()
	if got := fmt.Sprintf("%s %s %s", b.Get("first"), b.Get("second"), b.Get("third")); got != "new new " {
		t.Errorf("without a panic it holds %s", got)
	}
}

// In a simulation and in a test a panic is not contained: it is to be seen.
func TestAPanicIsSeenWithoutAGuard(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	n.Prepare = func(h *coretest.Host) { h.Attach(&clumsy{trips: "start"}) }
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	n.Run(time.Second)
}
