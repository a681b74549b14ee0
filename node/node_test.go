package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/client"
	"spreadable/config"
	"spreadable/core"
	"spreadable/node"
	"spreadable/store"
)

func TestAHandlerServesClients(t *testing.T) {
	n := newNode(t, node.Options{Config: nodeConfig(t)})
	must(t, n.Handle("greet", say("hello")), n.HandleApproved("Greet-Approved", "client", say("welcome")))
	start(t, n)
	c := connect(t, n)
	if word := hear(t, c, "greet"); word != "hello" {
		t.Errorf("the handler says %q", word)
	}
	if err := c.Request(t.Context(), "greet-approved", nil, nil); !errors.Is(err, client.CodeApprovalRequired) {
		t.Errorf("without an approval: %v", err)
	}
	if word := hear(t, c, "greet-approved", client.WithApproval(approve(t, c))); word != "welcome" {
		t.Errorf("the approved handler says %q", word)
	}
}

// After a restart with the same data directory a node has its bans and its place again.
func TestANodeStartedAgainKnowsWhatItKnew(t *testing.T) {
	options := node.Options{Config: nodeConfig(t)}
	first := newNode(t, options)
	start(t, first)
	if _, err := first.AddBan(t.Context(), "192.0.2.7:80", admin.BanRequest{Seconds: 60, Reason: "too loud"}); err != nil {
		t.Fatal(err)
	}
	must(t, first.Sync(t.Context()), first.Stop())

	second := newNode(t, options)
	must(t, second.Handle("greet", say("hello again")))
	start(t, second)
	if ban, err := second.Ban(t.Context(), "192.0.2.7:80"); err != nil || ban.Reason != "too loud" {
		t.Errorf("the ban is %v, %v", ban, err)
	}
	if status, err := second.Status(t.Context()); err != nil || status.Root != second.Address() {
		t.Errorf("the network is forgotten: %v, %v", status, err)
	}
	if word := hear(t, connect(t, second), "greet"); word != "hello again" {
		t.Errorf("the handler says %q", word)
	}
}

// meet syncs nodes until, at one time, each sees all and reaches all.
func meet(t *testing.T, nodes []*node.Node) {
	t.Helper()
	for whole := false; !whole; {
		for _, n := range nodes {
			must(t, n.Sync(t.Context()))
		}
		whole = true
		for _, n := range nodes {
			status, err := n.Status(t.Context())
			must(t, err)
			members, err := n.Members(t.Context())
			must(t, err)
			whole = whole && status.NetworkSize == len(nodes) && len(members.Members) == len(nodes)
		}
	}
}

func TestSeveralNodesLiveInOneProcess(t *testing.T) {
	var network []*node.Node
	for i := range 3 {
		c := nodeConfig(t)
		if i > 0 {
			c.Bootstrap = []string{network[0].Address()}
		}
		n := newNode(t, node.Options{Config: c})
		must(t, n.Handle("who", say(fmt.Sprint("node ", i))))
		start(t, n)
		network = append(network, n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	meet(t, network)
	for i, n := range network {
		if word := hear(t, connect(t, n), "who"); word != fmt.Sprint("node ", i) {
			t.Errorf("node %d says %q", i, word)
		}
	}
	members, err := network[2].Members(ctx)
	if err != nil || len(members.Members) != len(network) {
		t.Errorf("members: %v, %v", members, err)
	}
}

// count is a query that finds out how many nodes answer.
type count struct{}

func (count) Name() string       { return "count" }
func (count) Answer(any) any     { return 1.0 }
func (count) Merge(a, b any) any { return a.(float64) + b.(float64) }

func TestAQueryIsServedToClients(t *testing.T) {
	n := newNode(t, node.Options{Config: nodeConfig(t), Queries: []core.Query{count{}}})
	start(t, n)
	must(t, n.Sync(t.Context()))
	var answer struct{ Result int }
	must(t, connect(t, n).Request(t.Context(), "count", nil, &answer))
	if answer.Result != 1 {
		t.Errorf("%d nodes answer", answer.Result)
	}
}

func TestAdmitIsAskedLast(t *testing.T) {
	asked := make(chan string, 10)
	n := newNode(t, node.Options{Config: nodeConfig(t), Admit: func(r *http.Request) error {
		asked <- r.URL.Path
		return errors.New("not today")
	}})
	must(t, n.Handle("greet", say("hello")))
	start(t, n)
	refused := new(client.Error)
	if err := connect(t, n).Request(t.Context(), "greet", nil, nil); !errors.As(err, &refused) || refused.Status != 403 || refused.Message != "not today" {
		t.Errorf("the request ends with %v", err)
	}
	if path := <-asked; path != "/client/greet" {
		t.Errorf("asked about %s", path)
	}
}

func TestNewRefusesBadOptionsAndOpensNothing(t *testing.T) {
	approval := core.NewClientApproval(core.DefaultTerms())
	for name, c := range map[string]struct {
		change func(*node.Options)
		want   string
	}{
		"a value out of range":   {func(o *node.Options) { o.Config.SyncInterval = 0 }, "sync_interval: want a duration"},
		"an unknown word":        {func(o *node.Options) { o.Config.Registration = "fast" }, "registration: want one of directed, original"},
		"a bad address":          {func(o *node.Options) { o.Config.Bootstrap = []string{"nowhere"} }, "bootstrap: "},
		"values that clash":      {func(o *node.Options) { o.Config.ServerTimeout = time.Hour }, "server_timeout"},
		"a period too short":     {func(o *node.Options) { o.Config.SyncPeriod = time.Millisecond }, "sync_period"},
		"no certificate":         {func(o *node.Options) { o.Config.HTTPS, o.Config.TLSCert, o.Config.TLSKey = "on", "none", "none" }, "tls_cert none"},
		"no authorities":         {func(o *node.Options) { o.Config.TLSCA = "none" }, "tls_ca: "},
		"no password file":       {func(o *node.Options) { o.Config.Username, o.Config.PasswordFile = "u", "none" }, "password_file: none"},
		"a captcha of one":       {func(o *node.Options) { o.Config.CaptchaLength = 1 }, "captcha_length"},
		"two approvals":          {func(o *node.Options) { o.Approvals = []core.ApprovalKind{approval} }, `two approvals are named "client"`},
		"no approval":            {func(o *node.Options) { o.Approvals = []core.ApprovalKind{nil} }, "an approval that is nil"},
		"no query":               {func(o *node.Options) { o.Queries = []core.Query{nil} }, "a query that is nil"},
		"two queries":            {func(o *node.Options) { o.Queries = []core.Query{count{}, count{}} }, "taken by a query"},
		"a level without a log":  {func(o *node.Options) { o.Log, o.Level = nil, new(slog.LevelVar) }, "a level without a log"},
		"a door open to anybody": {func(o *node.Options) { o.Config.Admin = "0.0.0.0:4100" }, "not a loopback address"},
	} {
		o := node.Options{Config: nodeConfig(t)}
		c.change(&o)
		_, err := node.New(o)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, c.want)
		}
		if _, err := os.Stat(o.Config.Data); err == nil {
			t.Errorf("%s: there is a data directory", name)
		}
	}
}

func TestNewKeepsTheCallersConfigurationAsItIs(t *testing.T) {
	c := config.Defaults()
	c.Hostname = "127.0.0.1"
	for _, port := range []uint16{4791, 4792} {
		c.Port = port
		n := newNode(t, node.Options{Config: c, Ephemeral: true})
		if want := fmt.Sprint("127.0.0.1:", port); n.Address() != want {
			t.Errorf("the address is %s, want %s", n.Address(), want)
		}
	}
}

func TestHandleRefusesNamesThatAreTakenOrMakeNoSense(t *testing.T) {
	n := newNode(t, node.Options{Config: nodeConfig(t), Queries: []core.Query{count{}}})
	must(t, n.Handle("greet", say("hello")))
	for name, want := range map[string]string{
		"": "want a name", "a/b": "want a name", "..": "want a name", strings.Repeat("a", 101): "want a name",
		"GREET": "taken by a handler", "count": "taken by a query", "get-available-node": "taken by the protocol",
	} {
		if err := n.Handle(name, say("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", name, err, want)
		}
	}
	if err := n.Handle("nothing", nil); err == nil {
		t.Error("a nil handler is taken")
	}
	if err := n.HandleApproved("sing", "song", say("")); err == nil || !strings.Contains(err.Error(), `no approval "song"`) {
		t.Errorf("an unknown approval: %v", err)
	}
	start(t, n)
	if err := n.Handle("late", say("")); !errors.Is(err, node.ErrUsed) {
		t.Errorf("after Run: %v", err)
	}
}

func TestRunEndsWithItsContextAndLogsTheCause(t *testing.T) {
	var log bytes.Buffer
	n := newNode(t, node.Options{Config: nodeConfig(t), Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "1.2"})
	ctx, end := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	must(t, n.Ready(t.Context()))
	end(errors.New("it is late"))
	must(t, <-ended)
	for _, want := range []string{`msg="node started"`, "version=1.2", `msg=leaving reason="it is late"`, "msg=left"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in:\n%s", want, log.String())
		}
	}
	if err := n.Run(t.Context()); !errors.Is(err, node.ErrUsed) {
		t.Errorf("a second Run: %v", err)
	}
}

func TestStopWaitsAndMayBeCalledByMany(t *testing.T) {
	c := nodeConfig(t)
	n := newNode(t, node.Options{Config: c})
	start(t, n)
	var stopping sync.WaitGroup
	for range 3 {
		stopping.Go(func() {
			if err := n.Stop(); err != nil {
				t.Error(err)
			}
			// The port and the data are free, at once and for each.
			if conn, err := net.Dial("tcp", n.Address()); err == nil {
				conn.Close()
				t.Error("it still listens")
			}
		})
	}
	stopping.Wait()
	data, err := store.Open(c.Data, store.Options{})
	must(t, err)
	must(t, data.Close())
	left := ours()
	for begin := time.Now(); len(left) > 0 && time.Since(begin) < 10*time.Second; left = ours() {
		runtime.Gosched() // one that has said that it ends may still be about to
	}
	if len(left) > 0 {
		t.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
	}
}

// ours are the goroutines with code of the node on their stacks.
func ours() []string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return slices.DeleteFunc(strings.Split(string(stacks), "\n\n"), func(stack string) bool {
		return !strings.Contains(stack, "spreadable/node.(") && !strings.Contains(stack, "spreadable/transport/")
	})
}

func TestStopBeforeRunMakesItReturnAtOnce(t *testing.T) {
	c := nodeConfig(t)
	n := newNode(t, node.Options{Config: c})
	must(t, n.Stop(), n.Stop(), n.Run(t.Context()))
	if _, err := os.Stat(c.Data); err == nil {
		t.Error("there is a data directory")
	}
	if err := n.Ready(t.Context()); !errors.Is(err, node.ErrNotRunning) {
		t.Errorf("ready: %v", err)
	}
}

func TestRunReturnsWhatCannotBeOpened(t *testing.T) {
	first := nodeConfig(t)
	start(t, newNode(t, node.Options{Config: first}))
	for what, change := range map[string]func(*config.Config){
		"in use by another node": func(c *config.Config) { c.Data = first.Data },
		"address already in use": func(c *config.Config) { c.Port = first.Port },
		"admin endpoint":         func(c *config.Config) { c.Admin = "unix:" + filepath.Join(first.Data, "none", "s") },
	} {
		c := nodeConfig(t)
		change(c)
		n := newNode(t, node.Options{Config: c})
		err := n.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("Run returns %v, want %s", err, what)
		}
		if ready, stop := n.Ready(t.Context()), n.Stop(); ready != err || stop != err {
			t.Errorf("Ready returns %v, Stop %v, want %v", ready, stop, err)
		}
	}
}

func TestANodeThatDoesNotRunSaysSo(t *testing.T) {
	n := newNode(t, node.Options{Config: nodeConfig(t)})
	check := func(when string) {
		t.Helper()
		_, status := n.Status(t.Context())
		_, bans := n.Bans(t.Context())
		for _, err := range []error{status, bans, n.Backup(t.Context(), io.Discard), n.Do(t.Context(), func(*core.Node) {})} {
			if !errors.Is(err, node.ErrNotRunning) {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	check("before")
	start(t, n)
	must(t, n.Backup(t.Context(), io.Discard), n.Stop())
	check("after")
}

func TestAnEphemeralNodeTouchesNoDisk(t *testing.T) {
	c := nodeConfig(t)
	n := newNode(t, node.Options{Config: c, Ephemeral: true})
	start(t, n)
	if err := n.Backup(t.Context(), io.Discard); err == nil {
		t.Error("there is something to back up")
	}
	must(t, n.Stop())
	if _, err := os.Stat(c.Data); err == nil {
		t.Error("there is a data directory")
	}
}

func TestReloadTakesWhatARunningNodeCan(t *testing.T) {
	c := nodeConfig(t)
	next, level := c.Clone(), new(slog.LevelVar)
	next.LogLevel, next.Blacklist, next.MaxFails = "error", []string{"192.0.2.1"}, 3
	n := newNode(t, node.Options{
		Config: c, Reload: func() (*config.Config, error) { return next, nil }, Log: slog.New(slog.DiscardHandler), Level: level,
	})
	start(t, n)
	changed, err := n.Reload(t.Context())
	must(t, err)
	if !slices.Equal(changed.Changed, []string{"blacklist", "log_level"}) || !slices.Equal(changed.Restart, []string{"max_fails"}) {
		t.Errorf("changed %v", changed)
	}
	if level.Level() != slog.LevelError {
		t.Errorf("the level is %v", level)
	}
	next.Whitelist = []string{"not an address at all"}
	if _, err := n.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "whitelist") {
		t.Errorf("a bad configuration: %v", err)
	}
}

// What a reload brings for a port or a host name waits for a restart, and with it the
// default of bootstrap, which is the node's own address.
func TestAReloadLeavesTheNodesOwnAddressAsItIs(t *testing.T) {
	c := nodeConfig(t)
	next := c.Clone()
	next.Port, next.PublicPort, next.Bootstrap = c.Port+1, 0, nil
	n := newNode(t, node.Options{Config: c, Reload: func() (*config.Config, error) { return next.Clone(), nil }})
	start(t, n)
	changed, err := n.Reload(t.Context())
	must(t, err)
	if len(changed.Changed) > 0 || !slices.Contains(changed.Restart, "port") {
		t.Errorf("changed %v", changed)
	}
	status, err := n.Status(t.Context())
	must(t, err)
	if !slices.Equal(status.Bootstrap, []string{n.Address()}) {
		t.Errorf("the node bootstraps from %v, want itself", status.Bootstrap)
	}
}

// A host that guesses the password of a closed network is seen in the list of bans, and
// need not wait when the owner says so.
func TestLimitedLoginsAreListedAndLifted(t *testing.T) {
	c := nodeConfig(t)
	c.Username, c.Password = "user", "right"
	n := newNode(t, node.Options{Config: c})
	start(t, n)
	login := func(password string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.Address()+"/status", nil)
		must(t, err)
		r.SetBasicAuth("user", password)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	for range 11 {
		login("wrong")
	}
	const host = "127.0.0.1:0"
	bans, err := n.Bans(t.Context())
	must(t, err)
	if len(bans) != 1 || bans[0].Address != host || bans[0].Reason != "authentication" || !bans[0].LoginsOnly {
		t.Fatalf("the bans are %+v", bans)
	}
	status, err := n.Status(t.Context())
	must(t, err)
	if got := login("right"); status.Bans != 0 || status.LimitedLogins != 1 || got != http.StatusTooManyRequests {
		t.Errorf("%d bans, %d limited, and the right password gets %d", status.Bans, status.LimitedLogins, got)
	}
	for _, address := range []string{host, "127.0.0.1:4000"} {
		if ban, err := n.Ban(t.Context(), address); err != nil || ban.Address != host || !ban.LoginsOnly {
			t.Errorf("what holds for %s is %+v, %v", address, ban, err)
		}
	}
	for name, lift := range map[string]func(){
		"rm":    func() { must(t, n.RemoveBan(t.Context(), host)) },
		"clear": func() { _, err := n.ClearBans(t.Context()); must(t, err) },
	} {
		for range 11 {
			login("wrong")
		}
		lift()
		if got := login("right"); got != http.StatusOK {
			t.Errorf("%s: once the limit is lifted the right password gets %d", name, got)
		}
	}
}
