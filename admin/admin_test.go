package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// fake is a node with real bans and nothing else.
type fake struct {
	bans    map[string]Ban
	boot    []string
	broken  error
	leaving chan struct{}
}

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

func newFake() *fake { return &fake{bans: map[string]Ban{}, leaving: make(chan struct{}, 1)} }

func (f *fake) Status(context.Context) (*Status, error) {
	return &Status{Address: "localhost:4000", Root: "localhost:4000", NetworkSize: 1, Started: noon}, f.broken
}
func (f *fake) Structure(context.Context) (*Structure, error) {
	return &Structure{Address: "localhost:4000", Slaves: []string{"localhost:4001"}, Masters: []Master{{"localhost:4000", 1}}}, f.broken
}
func (f *fake) Members(context.Context) (*Members, error) {
	return &Members{Members: []Member{{Address: "localhost:4001", Backlink: "localhost:4000"}}, Masters: 1, Answered: 1}, f.broken
}
func (f *fake) Sync(context.Context) error { return f.broken }
func (f *fake) Bans(context.Context) ([]Ban, error) {
	list := []Ban{}
	for _, b := range f.bans {
		list = append(list, b)
	}
	return list, f.broken
}
func (f *fake) Ban(_ context.Context, address string) (*Ban, error) {
	b, found := f.bans[address]
	if !found {
		return nil, NotFound("%s is not banned", address)
	}
	return &b, nil
}
func (f *fake) AddBan(_ context.Context, address string, r BanRequest) (*Ban, error) {
	b := Ban{Address: address, Reason: r.Reason, Since: noon, Until: noon.Add(time.Duration(r.Seconds * float64(time.Second)))}
	f.bans[address] = b
	return &b, f.broken
}
func (f *fake) RemoveBan(ctx context.Context, address string) error {
	_, err := f.Ban(ctx, address)
	delete(f.bans, address)
	return err
}
func (f *fake) ClearBans(context.Context) (int, error) {
	n := len(f.bans)
	clear(f.bans)
	return n, f.broken
}
func (f *fake) Backup(_ context.Context, w io.Writer) error {
	if _, err := io.WriteString(w, strings.Repeat("state", 100_000)); err != nil {
		return err
	}
	return f.broken
}
func (f *fake) Reload(context.Context) (*Reloaded, error) {
	return &Reloaded{Changed: []string{"log_level"}, Restart: []string{"port"}}, f.broken
}
func (f *fake) Leave()                                      { f.leaving <- struct{}{} }
func (f *fake) Bootstrap(context.Context) ([]string, error) { return f.boot, f.broken }
func (f *fake) SetBootstrap(_ context.Context, list []string) error {
	f.boot = list
	return f.broken
}
func (f *fake) Answer(_ context.Context, key string) (*Answer, error) {
	if key != "k/1" {
		return nil, NotFound("no approval of the key %s", key)
	}
	return &Answer{"captcha", "192.0.2.1", "abc234"}, nil
}

// serve opens an endpoint and returns a client of it.
func serve(t *testing.T, e Endpoint, o HandlerOptions, token string) *Client {
	t.Helper()
	listener, err := Listen(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if e.Network == "tcp" {
		e.Address = listener.Addr().String()
	}
	server := &http.Server{Handler: NewHandler(o)}
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()
	client := NewClient(e, token)
	t.Cleanup(func() {
		client.Close()
		server.Close()
		<-ended
	})
	return client
}

func socketIn(dir string) Endpoint { return Endpoint{"unix", filepath.Join(dir, "admin.sock")} }

func check[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
	}
}

func TestTheEndpointPassesOnAllThatANodeSays(t *testing.T) {
	node, ctx := newFake(), t.Context()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a_metric 1\n") })
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: node, TestAnswers: true, Metrics: metrics}, "")
	status, err := c.Status(ctx)
	wantStatus, _ := node.Status(ctx)
	check(t, "status", status, err, wantStatus)
	structure, err := c.Structure(ctx)
	wantStructure, _ := node.Structure(ctx)
	check(t, "structure", structure, err, wantStructure)
	members, err := c.Members(ctx)
	wantMembers, _ := node.Members(ctx)
	check(t, "members", members, err, wantMembers)
	check(t, "sync", 0, c.Sync(ctx), 0)
	reloaded, err := c.Reload(ctx)
	check(t, "reload", reloaded, err, &Reloaded{Changed: []string{"log_level"}, Restart: []string{"port"}})
	check(t, "set bootstrap", 0, c.SetBootstrap(ctx, []string{"localhost:4002"}), 0)
	bootstrap, err := c.Bootstrap(ctx)
	check(t, "bootstrap", bootstrap, err, []string{"localhost:4002"})
	answer, err := c.Answer(ctx, "k/1")
	check(t, "answer", answer, err, &Answer{"captcha", "192.0.2.1", "abc234"})
	text, err := c.Metrics(ctx)
	check(t, "metrics", text, err, "a_metric 1\n")
	check(t, "leave", 0, c.Leave(ctx), 0)
	if len(node.leaving) != 1 {
		t.Error("the node was not told to leave")
	}
}

func TestBansAreMadeShownAndLifted(t *testing.T) {
	ctx := t.Context()
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: newFake()}, "")
	// brackets and colons survive the path
	const address = "[2001:0db8:0000:0000:0000:0000:0000:0005]:80"
	want := Ban{Address: address, Reason: "spam", Since: noon, Until: noon.Add(90 * time.Second)}
	ban, err := c.AddBan(ctx, address, BanRequest{90, "spam"})
	check(t, "add", ban, err, &want)
	ban, err = c.Ban(ctx, address)
	check(t, "show", ban, err, &want)
	list, err := c.Bans(ctx)
	check(t, "ls", list, err, []Ban{want})
	check(t, "rm", 0, c.RemoveBan(ctx, address), 0)
	var refused *Error
	if err := c.RemoveBan(ctx, address); !errors.As(err, &refused) || refused.Status != 404 || refused.Message != address+" is not banned" {
		t.Errorf("a second rm: %v", err)
	}
	if _, err := c.AddBan(ctx, address, BanRequest{Seconds: 1}); err != nil {
		t.Fatal(err)
	}
	n, err := c.ClearBans(ctx)
	check(t, "clear", n, err, 1)
	for _, seconds := range []float64{0, -1, 1e18} {
		if _, err := c.AddBan(ctx, address, BanRequest{Seconds: seconds}); !errors.As(err, &refused) || refused.Status != 400 {
			t.Errorf("a ban of %v s: %v", seconds, err)
		}
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: newFake()}, "")
	for _, body := range []any{map[string]any{"seconds": 1, "hours": 2}, "text", []int{1}, nil} {
		err := c.ask(t.Context(), http.MethodPut, banPath("localhost:1"), body, nil)
		if refused := (*Error)(nil); !errors.As(err, &refused) || refused.Status != 400 {
			t.Errorf("%v: %v", body, err)
		}
	}
}

func TestABackupIsWholeOrAnError(t *testing.T) {
	node := newFake()
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: node}, "")
	var whole bytes.Buffer
	if err := c.Backup(t.Context(), &whole); err != nil || whole.Len() != 500_000 {
		t.Errorf("%d bytes, %v", whole.Len(), err)
	}
	node.broken = errors.New("the disk is gone")
	if err := c.Backup(t.Context(), io.Discard); err == nil {
		t.Error("half a backup counts as one")
	}
}

func TestFailuresOfTheNodeReachTheOwner(t *testing.T) {
	node := newFake()
	node.broken = errors.New("the node is stopping")
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: node}, "")
	var refused *Error
	if _, err := c.Status(t.Context()); !errors.As(err, &refused) || refused.Status != 500 || refused.Message != "the node is stopping" {
		t.Errorf("%v", err)
	}
}

func TestAnswersAreForTestsOnly(t *testing.T) {
	c := serve(t, socketIn(nettest.ShortDir(t)), HandlerOptions{Node: newFake()}, "")
	var refused *Error
	if _, err := c.Answer(t.Context(), "k/1"); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("%v", err)
	}
	if _, err := c.Metrics(t.Context()); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("metrics: %v", err)
	}
}

func TestATCPEndpointWantsItsToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	token, err := MakeToken(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := MakeToken(path); err != nil || again != token || len(token) != 64 {
		t.Errorf("made again: %q, then %q, %v", token, again, err)
	}
	o := HandlerOptions{Node: newFake(), Token: token}
	if _, err := serve(t, Endpoint{"tcp", "127.0.0.1:0"}, o, token).Status(t.Context()); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", token[1:], token + "x"} {
		var refused *Error
		if _, err := serve(t, Endpoint{"tcp", "127.0.0.1:0"}, o, wrong).Status(t.Context()); !errors.As(err, &refused) || refused.Status != 401 {
			t.Errorf("token %q: %v", wrong, err)
		}
	}
}

func TestBadTokenFiles(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open")
	short := filepath.Join(t.TempDir(), "short")
	writable := filepath.Join(t.TempDir(), "writable")
	long := []byte(strings.Repeat("a", 64))
	if err := errors.Join(
		os.WriteFile(open, long, 0o644), os.Chmod(open, 0o644), os.WriteFile(short, []byte("abc"), 0o600),
		os.WriteFile(writable, long, 0o600), os.Chmod(writable, 0o620),
	); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{open: "chmod 600", writable: "mode 0620", short: "16 characters", "no/such/dir/token": "no such file"} {
		if _, err := MakeToken(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestASocketIsTheUsersAlone(t *testing.T) {
	e := socketIn(nettest.ShortDir(t))
	serve(t, e, HandlerOptions{Node: newFake()}, "")
	stat, err := os.Stat(e.Address)
	if err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", stat.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(e.Address)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := Listen(t.Context(), e); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second listener: %v", err)
	}
}

func TestASocketGoesWithItsNodeAndADeadOneIsReplaced(t *testing.T) {
	e := socketIn(nettest.ShortDir(t))
	first, err := Listen(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if _, err := os.Lstat(e.Address); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	dead, err := net.Listen("unix", e.Address)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	if _, err := NewClient(e, "").Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a dead socket: %v", err)
	}
	serve(t, e, HandlerOptions{Node: newFake()}, "")
}

func TestAFileThatIsNoSocketIsLeftAlone(t *testing.T) {
	e := socketIn(nettest.ShortDir(t))
	if err := os.WriteFile(e.Address, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), e); err == nil || !strings.Contains(err.Error(), "is not a socket") {
		t.Errorf("%v", err)
	}
	if data, err := os.ReadFile(e.Address); err != nil || string(data) != "mine" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestNoNodeThere(t *testing.T) {
	e := socketIn(nettest.ShortDir(t))
	_, err := NewClient(e, "").Status(t.Context())
	if !errors.Is(err, ErrNotRunning) || err.Error() != e.String()+": no node is running there (no such file or directory)" {
		t.Errorf("%v", err)
	}
}

// Whatever listens there, if it is not a node the error says so in one line.
func TestAStrangerAtTheEndpoint(t *testing.T) {
	for _, status := range []int{200, 404, 500} {
		e := socketIn(nettest.ShortDir(t))
		listener, err := Listen(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "<html>\n")
		})}
		go server.Serve(listener)
		_, err = NewClient(e, "").Status(t.Context())
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

func TestEndpointsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"unix:a/b.sock", "unix:/run/x", "127.0.0.1:4100", "[::1]:1"} {
		if got := ParseEndpoint(text).String(); got != text {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}

func TestSettled(t *testing.T) {
	for name, test := range map[string]struct {
		status Status
		want   bool
	}{
		"registered":           {Status{Address: "a", Root: "r", Registered: true}, true},
		"alone in its own":     {Status{Address: "a", Root: "a", NetworkSize: 1}, true},
		"no root":              {Status{Address: "a", NetworkSize: 1}, false},
		"outside":              {Status{Address: "a", Root: "r", NetworkSize: 1}, false},
		"root without a place": {Status{Address: "a", Root: "a", NetworkSize: 2, Slaves: 1}, false},
	} {
		if got := test.status.Settled(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
