//go:build interop

package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
	httptransport "spreadable/transport/http"
)

// The npm package's bundle for browsers, in a browser. The page is in testdata/page; it
// gets its task from the test, and tells the test what came of it.

// task is what a page has to do.
type task struct {
	Options map[string]any `json:"options"` // of the bundle's client
	// header by which the page logs in at its own origin first; "" for no login
	Login string `json:"login"`
	// to take, in order; each has the name of its approval
	Actions []string `json:"actions"`
}

// outcome is what the page tells.
type outcome struct {
	Worker string `json:"worker"`
	Error  string `json:"error"`
	Code   string `json:"code"`
	Taken  []struct {
		Action  string `json:"action"`
		Width   int    `json:"width"` // of the picture that the browser shows
		Success bool   `json:"success"`
		Again   string `json:"again"` // code of the refusal of a second use
	} `json:"taken"`
}

// page serves the page and talks to it.
type page struct {
	*httptest.Server
	result chan outcome
}

// newPage serves a page with a task. Solve answers questions; whatever else is asked goes
// to behind.
func newPage(do task, solve func(question) string, behind http.Handler) *page {
	p := &page{result: make(chan outcome, 1)}
	mux := http.NewServeMux()
	mux.Handle("/", behind)
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("testdata", "page", "index.html"))
	})
	mux.HandleFunc("GET /spreadable.client.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("node_modules", "spreadable", "dist", "client", "spreadable.client.js"))
	})
	mux.HandleFunc("POST /task", func(w http.ResponseWriter, _ *http.Request) { reply200(w, do) })
	mux.HandleFunc("POST /solve", func(w http.ResponseWriter, r *http.Request) {
		var q question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply200(w, solve(q))
	})
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		var o outcome
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			o.Error = err.Error()
		}
		p.result <- o
		reply200(w, true)
	})
	p.Server = httptest.NewServer(mux)
	return p
}

func reply200(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a page that has gone needs none
}

// browser finds Chromium. A machine without it fails the test: to skip would be to claim
// what was not tried.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: the tests need Chromium, in Debian the package chromium")
	return ""
}

// pageTimeout bounds the start of a browser on a busy machine, and a page's requests.
const pageTimeout = 90 * time.Second

// open lets a browser load the page and waits for what it tells.
func (p *page) open(t *testing.T) outcome {
	t.Helper()
	return browse(t, p.URL+"/page", p.result)
}

// browse lets a browser load a page and waits for what it tells.
func browse[T any](t *testing.T, page string, result <-chan T) (told T) {
	t.Helper()
	program := browser(t)
	home, err := os.MkdirTemp("", "spreadable-browser-")
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	cmd := exec.Command(program,
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-first-run", "--no-proxy-server", "--user-data-dir="+home, page)
	cmd.Env = append(cmd.Environ(), "TMPDIR="+home)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a browser is many processes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer os.RemoveAll(home)
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // unless they have ended
		if err := <-ended; err == nil {
			t.Log("the browser ended by itself")
		}
	}()
	select {
	case told = <-result:
	case err := <-ended:
		ended <- err
		t.Fatalf("the browser has ended: %v\n%s", err, output.String())
	case <-time.After(pageTimeout):
		t.Fatalf("the page says nothing within %v", pageTimeout)
	}
	return told
}

// expect checks that the page has worked with the node, and has taken all actions, each
// once.
func (o outcome) expect(t *testing.T, worker string, actions ...string) {
	t.Helper()
	if o.Error != "" {
		t.Fatalf("the page fails: %s (%s)", o.Error, o.Code)
	}
	if o.Worker != worker || len(o.Taken) != len(actions) {
		t.Fatalf("the page tells %+v, want %v at %s", o, actions, worker)
	}
	for i, taken := range o.Taken {
		picture := taken.Action == "captcha"
		if taken.Action != actions[i] || !taken.Success || picture != (taken.Width == 240) {
			t.Errorf("the page tells %+v, want %s", taken, actions[i])
		}
		if taken.Again != "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER" {
			t.Errorf("a second use of %s: %q", taken.Action, taken.Again)
		}
	}
}

// solver answers the questions of a network.
func (n *network) solver(t *testing.T) func(question) string {
	return func(q question) string {
		if q["action"] == "client" {
			text, _ := q["question"].(string)
			return text
		}
		return n.read(t, q)
	}
}

// TestBrowserIsApproved: a page of any site connects to a node of ours, with a password
// where there is one, and gets approvals from approvers of both kinds.
func TestBrowserIsApproved(t *testing.T) {
	for _, secret := range []struct{ name, username, password string }{{"open", "", ""}, {"closed", "user", "pa:ss"}} {
		t.Run(secret.name, func(t *testing.T) {
			n := mixed(t, secret.username, secret.password)
			node := n.of(false)
			settings := map[string]any{"address": node.address}
			if secret.username != "" {
				settings["auth"] = map[string]string{"username": secret.username, "password": secret.password}
			}
			actions := []string{"client", "captcha"}
			p := newPage(task{Options: settings, Actions: actions}, n.solver(t), http.NotFoundHandler())
			defer p.Close()
			p.open(t).expect(t, node.address, actions...)
		})
	}
}

// TestBrowserIsRefused: the page learns why.
func TestBrowserIsRefused(t *testing.T) {
	n := mixed(t, "user", "pa:ss")
	settings := map[string]any{"address": n.of(false).address, "auth": map[string]string{"username": "user", "password": "guess"}}
	p := newPage(task{Options: settings, Actions: []string{"client"}}, n.solver(t), http.NotFoundHandler())
	defer p.Close()
	if o := p.open(t); !strings.Contains(o.Error, "Authentication is required") {
		t.Errorf("the page tells %+v", o)
	}
}

// TestBrowserStaysLoggedIn: where page and node share an origin, a proxy being in front
// of both, the bundle needs no options. It finds the node by the address of the page, and
// the password, or our token in its place, in the cookie that the node has set when the
// page logged in.
func TestBrowserStaysLoggedIn(t *testing.T) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain cookie %t", plain), func(t *testing.T) {
			inner := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.31:%d", nettest.FreePort(t, ""))}
			login := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:pa:ss"))
			solve := func(q question) string { return fmt.Sprint(q["question"]) }
			p := newPage(task{Options: map[string]any{}, Login: login, Actions: []string{"client"}}, solve, httputil.NewSingleHostReverseProxy(inner))
			defer p.Close()
			outer := strings.TrimPrefix(p.URL, "http://")
			startBehindProxy(t, outer, inner.Host, plain)
			p.open(t).expect(t, outer, "client")
		})
	}
}

// startBehindProxy starts a node of ours that is a closed network by itself and listens
// elsewhere than where it is called.
func startBehindProxy(t *testing.T, address, listen string, plainCookie bool) {
	t.Helper()
	book := peer.NewBook(httptransport.DefaultBookLimit)
	self, err := book.Intern(peer.MustParse(address))
	if err != nil {
		t.Fatal(err)
	}
	n, err := httptransport.New(httptransport.Options{
		Config:  &core.Config{Book: book, Bootstrap: []core.Peer{self}, ManualSync: true},
		Address: peer.MustParse(address), Listen: listen, PlainCookie: plainCookie,
		Auth:           &httptransport.Credentials{Username: "user", Password: "pa:ss"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Handle("client", n.Protect("client", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// a page that has gone needs none
		_ = httptransport.WriteJSON(w, r, map[string]bool{"success": true}, nil)
	})))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(t.Context()) })
}
