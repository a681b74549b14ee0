package node_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/client"
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/web"
	"spreadable/node"
)

// shelf is an extension that keeps files and says which nodes have one.
type shelf struct {
	h     *host.Host
	run   web.Runner
	find  host.Ask[wanted, holders]
	put   host.Send[wanted, holders]
	polls *host.Counter

	members, first host.Ask[wanted, holders]
}

type (
	wanted  struct{ Key string }
	holders struct{ At []string }
)

func (*shelf) Name() string { return "shelf" }

func (s *shelf) Start(h *host.Host) {
	s.h = h
	s.polls = h.Count("polls", "Questions answered.")
	h.Gauge("files", "Files on the shelf.", func() float64 {
		count := 0.0
		h.Bucket().Scan("", func(string, []byte) bool { count++; return true })
		return count
	})
	h.OnStatus(func() any { return map[string]any{"polls": s.polls.Value()} })
	query := host.Query[wanted, holders]{
		Name: "find", Who: host.Clients(),
		Check: func(q *wanted) error {
			_, err := host.ParseKey(q.Key)
			return err
		},
		Local: func(q *wanted) (*holders, error) {
			s.polls.Add(1)
			if h.Bucket().Get(q.Key) == nil {
				return nil, nil
			}
			return &holders{}, nil
		},
		Merge: func(_ *wanted, answers []host.Given[holders]) *holders {
			all := &holders{}
			for _, a := range answers {
				if a.Leaf {
					all.At = append(all.At, h.Address(a.By))
				}
				all.At = append(all.At, a.Answer.At...)
			}
			return all
		},
	}
	s.find = query.Offer(h)
	query.Name, query.Who = "approved", host.Approved("client")
	query.Offer(h)
	query.Name, query.Who = "members", host.Members()
	local := query.Local
	query.Local, query.Work = nil, func(t *host.Task, q *wanted) (*holders, error) {
		t.Offload(0, func() {})
		return local(q)
	}
	s.members = query.Offer(h)
	query.Name, query.Enough = "first", func(_ *wanted, a *holders) bool { return len(a.At) > 0 }
	s.first = query.Offer(h)
	s.put = host.Direct[wanted, holders]{
		Name: "put", MaxStream: 1 << 40,
		Check: func(_ host.Peer, q *wanted, _ int64) error {
			if h.Bucket().Get(q.Key) != nil {
				return &host.Error{Code: "ERR_SHELF_HAS", Message: "it is here already"}
			}
			return nil
		},
		Serve: func(t *host.Task, _ host.Peer, q *wanted, stream *host.Pending) (*holders, error) {
			return &holders{[]string{h.Address(h.Self())}}, s.keep(t, stream)
		},
	}.Offer(h)
	h.Command(host.Command{Name: "copy", Help: "send a file to another node", Run: s.copy})
	h.Command(host.Command{Name: "list", Help: "list the files", Run: func(_ *host.Task, args []string, out io.Writer) error {
		h.Bucket().Scan("", func(key string, _ []byte) bool {
			fmt.Fprintln(out, key)
			return true
		})
		if len(args) > 0 {
			return errors.New("it takes no arguments")
		}
		return nil
	}})
}

// copy sends a file to another node: "copy KEY ADDRESS".
func (s *shelf) copy(t *host.Task, args []string, _ io.Writer) error {
	key, err := host.ParseKey(args[0])
	if err != nil {
		return err
	}
	to, err := s.h.Peer(args[1])
	if err != nil {
		return err
	}
	stream, err := s.h.Blobs().Stream(key)
	if err != nil {
		return err
	}
	_, err = s.put(t, to, &wanted{args[0]}, stream)
	return err
}

func (s *shelf) keep(t *host.Task, p *host.Pending) error {
	if err := p.Commit(t); err != nil {
		return err
	}
	return s.h.Bucket().Put(p.Key.String(), []byte{1})
}

// Routes implements web.Server.
func (s *shelf) Routes(r web.Runner) []web.Route {
	s.run = r
	return []web.Route{
		{Zone: web.Client, Method: "POST", Path: "put", MaxBody: 1 << 40, Handler: http.HandlerFunc(s.upload)},
		{Method: "GET", Path: "{key}", Handler: http.HandlerFunc(s.download)},
	}
}

func (s *shelf) upload(w http.ResponseWriter, r *http.Request) {
	draft, err := s.h.Blobs().Create(max(0, r.ContentLength))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
		return
	}
	defer draft.Discard()
	if _, err := io.Copy(draft, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key, _ := draft.Sum()
	if s.run.Run(r.Context(), func(t *host.Task) { err = s.keep(t, s.h.Adopt(draft)) }) != nil || err != nil {
		http.Error(w, "not kept", http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, key)
}

func (s *shelf) download(w http.ResponseWriter, r *http.Request) {
	key, err := host.ParseKey(r.PathValue("key"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	file, err := s.h.Blobs().Open(key)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer file.Close()
	http.ServeContent(w, r, "", time.Time{}, file)
}

// shelves are a network of nodes with a shelf each.
type shelves struct {
	nodes   []*node.Node
	shelves []*shelf
	data    []string // their directories
}

func newShelves(t *testing.T, count int) *shelves {
	t.Helper()
	all := &shelves{}
	for i := range count {
		c := nodeConfig(t)
		if i > 0 {
			c.Bootstrap = []string{all.nodes[0].Address()}
		}
		c.ExtensionSpace = 2_000_000_000
		s := &shelf{}
		n := newNode(t, node.Options{Config: c, Extensions: []host.Extension{s}})
		start(t, n)
		all.nodes, all.shelves, all.data = append(all.nodes, n), append(all.shelves, s), append(all.data, c.Data)
	}
	meet(t, all.nodes)
	return all
}

// upload sends bytes to a node, and returns their key.
func upload(t *testing.T, n *node.Node, data []byte) string {
	t.Helper()
	resp, err := http.Post("http://"+n.Address()+"/client/shelf/put", "application/octet-stream", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if want := fmt.Sprintf("%x", sha256.Sum256(data)); resp.StatusCode != http.StatusOK || string(text) != want {
		t.Fatalf("%s %s", resp.Status, text)
	}
	return string(text)
}

func download(t *testing.T, n *node.Node, key string) (int, []byte) {
	t.Helper()
	resp, err := http.Get("http://" + n.Address() + "/shelf/" + key)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, data
}

func random(size int) []byte {
	data := make([]byte, size)
	rand.Read(data)
	return data
}

// copyTo sends a file from one node to another.
func (s *shelves) copyTo(t *testing.T, from, to int, key string) (*holders, error) {
	t.Helper()
	shelf := s.shelves[from]
	blob, err := host.ParseKey(key)
	must(t, err)
	stream, err := shelf.h.Blobs().Stream(blob)
	must(t, err)
	var a *holders
	must(t, s.nodes[from].Perform(t.Context(), func(task *core.Task) {
		var p host.Peer
		if p, err = shelf.h.Peer(s.nodes[to].Address()); err == nil {
			a, err = shelf.put(task, p, &wanted{key}, stream)
		}
	}))
	return a, err
}

// A file goes from a client to a node, from there to another, and is found and read from
// both; after a restart it is still there.
func TestAFileTravelsBetweenNodes(t *testing.T) {
	s := newShelves(t, 3)
	data := random(3 << 20)
	key := upload(t, s.nodes[0], data)
	if a, err := s.copyTo(t, 0, 2, key); err != nil || a.At[0] != s.nodes[2].Address() {
		t.Fatalf("%v, %v", a, err)
	}
	if _, err := s.copyTo(t, 0, 2, key); !message.IsRefusal(err, "ERR_SHELF_HAS") {
		t.Errorf("a second time: %v", err)
	}
	c := connect(t, s.nodes[1])
	var found holders
	coverage, err := c.Ask(t.Context(), "shelf.find", wanted{key}, &found)
	if err != nil || len(found.At) != 2 || coverage.Answered != 3 {
		t.Errorf("found %+v, %+v, %v", found, coverage, err)
	}
	for _, i := range []int{0, 2} {
		if status, got := download(t, s.nodes[i], key); status != http.StatusOK || !bytes.Equal(got, data) {
			t.Errorf("node %d gives %d and %d bytes", i, status, len(got))
		}
	}
	must(t, s.nodes[1].Perform(t.Context(), func(task *core.Task) {
		a, coverage, err := s.shelves[1].members(task, &wanted{key})
		if err != nil || len(a.At) != 2 || coverage.Answered != 3 {
			t.Errorf("a procedure at each node: %+v, %+v, %v", a, coverage, err)
		}
		if a, coverage, err = s.shelves[1].first(task, &wanted{key}); err != nil || len(a.At) == 0 {
			t.Errorf("the first answer: %+v, %+v, %v", a, coverage, err)
		}
	}))
	if status, _ := download(t, s.nodes[1], key); status != http.StatusNotFound {
		t.Errorf("a node without the file says %d", status)
	}
	must(t, s.nodes[2].Stop())
}

// What a node has kept it has after a restart; a draft it has not.
func TestAnExtensionsDataOutlastsTheNode(t *testing.T) {
	c := nodeConfig(t)
	first := &shelf{}
	n := newNode(t, node.Options{Config: c, Extensions: []host.Extension{first}})
	start(t, n)
	data := random(100_000)
	key := upload(t, n, data)
	if _, err := first.h.Blobs().Create(5000); err != nil {
		t.Fatal(err)
	}
	must(t, n.Stop())
	again := newNode(t, node.Options{Config: c, Extensions: []host.Extension{&shelf{}}})
	start(t, again)
	if status, got := download(t, again, key); status != http.StatusOK || !bytes.Equal(got, data) {
		t.Errorf("after the restart: %d and %d bytes", status, len(got))
	}
	drafts, err := os.ReadDir(filepath.Join(c.Data, "blobs", "shelf", "drafts"))
	if err != nil || len(drafts) > 0 {
		t.Errorf("drafts are left: %v, %v", drafts, err)
	}
}

// Who may ask is checked at the door.
func TestQueriesOfExtensionsAreGuarded(t *testing.T) {
	s := newShelves(t, 1)
	c := connect(t, s.nodes[0])
	key := fmt.Sprintf("%064x", 5)
	ask := func(name string, options ...client.RequestOption) error {
		_, err := c.Ask(t.Context(), name, wanted{key}, new(holders), options...)
		return err
	}
	if err := ask("shelf.members"); err == nil {
		t.Error("a client may ask what is for members")
	}
	if err := ask("shelf.approved"); !errors.Is(err, client.CodeApprovalRequired) {
		t.Errorf("without an approval: %v", err)
	}
	if err := ask("shelf.approved", client.WithApproval(approve(t, c))); err != nil {
		t.Errorf("with one: %v", err)
	}
	key = "../../etc/passwd"
	if err := ask("shelf.find"); err == nil || !strings.Contains(err.Error(), "hexadecimal") {
		t.Errorf("a path as key: %v", err)
	}
}

// A damaged blob is refused by the receiver, a stream that is not whole too, and neither
// takes space.
func TestAStreamIsVerified(t *testing.T) {
	s := newShelves(t, 2)
	key := upload(t, s.nodes[0], random(50_000))
	path := filepath.Join(s.data[0], "blobs", "shelf", key[:2], key)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteAt([]byte{'x', 'y'}, 1000)
	must(t, err, file.Close())
	if _, err := s.copyTo(t, 0, 1, key); err == nil {
		t.Error("a damaged file was taken")
	}
	must(t, os.Truncate(path, 1000))
	if _, err := s.copyTo(t, 0, 1, key); err == nil {
		t.Error("half a file was taken")
	}
	for s.shelves[1].h.Blobs().Space().Used != 0 { // soon after the sender has the refusal
		must(t, s.nodes[1].Sync(t.Context()))
	}
	blob, _ := host.ParseKey(key)
	if err := s.shelves[0].h.Blobs().Verify(blob); !errors.Is(err, host.ErrDamaged) {
		t.Errorf("verifying: %v", err)
	}
}

// A body that comes slowly but steadily is read to its end; a head that does not come, and
// a body that stops, end the connection. See the limits of a server.
func TestASlowUploadLives(t *testing.T) {
	s := newShelves(t, 1)
	data := random(40_000)
	conn, err := net.Dial("tcp", s.nodes[0].Address())
	must(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /client/shelf/put HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(data))
	pause := time.NewTicker(100 * time.Millisecond)
	defer pause.Stop()
	for len(data) > 0 {
		part := min(4000, len(data))
		_, err := conn.Write(data[:part])
		must(t, err)
		data = data[part:]
		<-pause.C
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", resp, err)
	}
}

func ask(c *client.Client, t *testing.T, key string) error {
	_, err := c.Ask(t.Context(), "shelf.find", wanted{key}, new(holders))
	return err
}

func TestExtensionsThatCannotBe(t *testing.T) {
	for name, extensions := range map[string][]host.Extension{
		"nil": {nil}, "two of a name": {&shelf{}, &shelf{}}, "a bad name": {named("Bad Name")}, "the host's": {named("host")}, "the protocol's": {webNamed{"api"}},
	} {
		if _, err := node.New(node.Options{Config: nodeConfig(t), Extensions: extensions}); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// named is an extension that does nothing.
type named string

func (n named) Name() string     { return string(n) }
func (n named) Start(*host.Host) {}

type webNamed struct{ named }

func (webNamed) Routes(web.Runner) []web.Route { return nil }

// The owner sees an extension's status and numbers, and runs its commands.
func TestTheOwnerSeesExtensions(t *testing.T) {
	s := newShelves(t, 1)
	key := upload(t, s.nodes[0], []byte("abc"))
	c := connect(t, s.nodes[0])
	must(t, ask(c, t, key))
	owner := admin.NewClient(admin.ParseEndpoint("unix:"+filepath.Join(s.data[0], "admin.sock")), "")
	status, err := owner.Status(t.Context())
	must(t, err)
	if got := fmt.Sprint(status.Extensions["shelf"]); got != "map[polls:1]" {
		t.Errorf("the status is %s", got)
	}
	metrics, err := owner.Metrics(t.Context())
	must(t, err)
	for _, line := range []string{
		"spreadable_shelf_polls_total 1", "spreadable_shelf_files 1", "spreadable_shelf_space_used_bytes 3",
		"spreadable_shelf_space_limit_bytes 2e+09", "spreadable_shelf_keys_used_bytes 65",
		`spreadable_extension_served_total{extension="shelf",kind="query",name="find"} 1`, "spreadable_streams_refused_total 0",
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("no %q among the metrics", line)
		}
	}
	if out, err := owner.Command(t.Context(), "shelf", "list", nil); err != nil || out != key+"\n" {
		t.Errorf("list: %q, %v", out, err)
	}
	for _, bad := range [][]string{{"shelf", "list", "x"}, {"shelf", "unknown"}, {"unknown", "list"}} {
		if _, err := owner.Command(t.Context(), bad[0], bad[1], bad[2:]); err == nil {
			t.Errorf("%q: no error", bad)
		} else {
			t.Logf("%q: %v", bad, err)
		}
	}
}

// What an extension keeps in its bucket has a limit, which the owner sets and sees.
func TestKeysOfAnExtensionHaveALimit(t *testing.T) {
	for _, ephemeral := range []bool{false, true} {
		c, log := nodeConfig(t), bytes.Buffer{}
		c.ExtensionKeys = 70
		s := &shelf{}
		n := newNode(t, node.Options{
			Config: c, Extensions: []host.Extension{s}, Ephemeral: ephemeral, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		start(t, n)
		upload(t, n, []byte("abc"))
		resp, err := http.Post("http://"+n.Address()+"/client/shelf/put", "application/octet-stream", strings.NewReader("def"))
		must(t, err, resp.Body.Close())
		if resp.StatusCode == http.StatusOK {
			t.Error("a second key is taken")
		}
		must(t, n.Stop())
		if !strings.Contains(log.String(), "see the option extension_keys") {
			t.Error("the log does not say so")
		}
	}
}

// tripping is an extension whose route, query and answer panic.
type tripping struct {
	ask host.Ask[wanted, explosive]
}

// explosive is an answer that cannot be read.
type explosive struct{}

func (*explosive) UnmarshalJSON([]byte) error  { panic("unreadable") }
func (explosive) MarshalJSON() ([]byte, error) { panic("unwritable") }

func (*tripping) Name() string { return "tripping" }

func (x *tripping) Start(h *host.Host) {
	q := host.Query[wanted, explosive]{
		Name: "ask", Who: host.Clients(),
		Local: func(*wanted) (*explosive, error) { panic("no answer") },
		Merge: func(_ *wanted, a []host.Given[explosive]) *explosive { return a[0].Answer },
	}
	x.ask = q.Offer(h)
	q.Name, q.Local = "write", func(*wanted) (*explosive, error) { return &explosive{}, nil }
	q.Offer(h)
}

func (x *tripping) Routes(r web.Runner) []web.Route {
	return []web.Route{{Method: "GET", Path: "{what}", Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.PathValue("what") == "handler" {
			panic("in a handler")
		}
		err := r.Run(q.Context(), func(t *host.Task) {
			t.Offload(0, func() { panic("in offloaded work") })
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		}
	})}}
}

// A node outlives the panics of its extensions: each fails one request, is logged, and is
// counted.
func TestANodeOutlivesThePanicsOfAnExtension(t *testing.T) {
	var log bytes.Buffer
	c := nodeConfig(t)
	n := newNode(t, node.Options{
		Config: c, Extensions: []host.Extension{&tripping{}}, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	start(t, n)
	for path, want := range map[string]int{"handler": http.StatusInternalServerError, "procedure": http.StatusUnprocessableEntity} {
		resp, err := http.Get("http://" + n.Address() + "/tripping/" + path)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
	for _, query := range []string{"ask", "write"} {
		coverage, err := connect(t, n).Ask(t.Context(), "tripping."+query, wanted{}, new(holders))
		t.Logf("%s: %+v, %v", query, coverage, err)
		if err == nil && coverage.Answered > 0 {
			t.Errorf("%s has an answer", query)
		}
	}
	owner := admin.NewClient(admin.ParseEndpoint("unix:"+filepath.Join(c.Data, "admin.sock")), "")
	metrics, err := owner.Metrics(t.Context())
	must(t, err)
	if line := `spreadable_extension_panics_total{extension="tripping"} 2`; !strings.Contains(metrics, line+"\n") {
		t.Errorf("no %q among the metrics", line)
	}
	if _, err := owner.Command(t.Context(), "tripping", "list", nil); err == nil || !strings.HasSuffix(err.Error(), "has no commands") {
		t.Errorf("a command of an extension without any: %v", err)
	}
	must(t, n.Stop())
	for _, text := range []string{"in offloaded work", "no answer", "an extension panicked"} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log has no %q", text)
		}
	}
}
