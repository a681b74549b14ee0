//go:build interop

package interop

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spreadable/client"
	"spreadable/client/js"
	"spreadable/config"
	"spreadable/core/host"
	"spreadable/extensions/captcha"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/music"
	"spreadable/extensions/music/audio/audiotest"
	"spreadable/extensions/web"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// The JavaScript client with nodes of ours, in Node.js and in a browser. What it must do
// is in testdata/javascript/suite.mjs.

// kiosk is an extension with all kinds of routes.
type kiosk struct {
	h   *host.Host
	run web.Runner
}

type (
	which struct {
		Prefix string `json:"prefix"`
	}
	names struct {
		Names []string `json:"names"`
	}
)

func (*kiosk) Name() string { return "kiosk" }

func (k *kiosk) Start(h *host.Host) {
	k.h = h
	host.Query[which, names]{
		Name: "names", Who: host.Clients(),
		Local: func(q *which) (*names, error) {
			if name := h.Address(h.Self()); strings.HasPrefix(name, q.Prefix) {
				return &names{[]string{name}}, nil
			}
			return nil, nil
		},
		Merge: func(_ *which, answers []host.Given[names]) *names {
			all := &names{}
			for _, a := range answers {
				all.Names = append(all.Names, a.Answer.Names...)
			}
			return all
		},
	}.Offer(h)
}

func (k *kiosk) Routes(r web.Runner) []web.Route {
	k.run = r
	post := func(path, approval string, handle http.HandlerFunc) web.Route {
		return web.Route{Zone: web.Client, Method: "POST", Path: path, Approval: approval, Handler: handle}
	}
	done := func(w http.ResponseWriter, _ *http.Request) { reply200(w, map[string]bool{"done": true}) }
	return []web.Route{
		post("echo", "", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }),
		post("bytes", "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			all, _ := io.ReadAll(r.Body)
			w.Write(all)
		}),
		post("client", "client", done), post("captcha", "captcha", done),
		post("refuse", "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"code": "ERR_KIOSK_CLOSED", "message": "the kiosk is closed"}`)
		}),
		post("slow", "", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		{Method: "GET", Path: "page/{name}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.PathValue("name"), " ", r.FormValue("x"))
		})},
	}
}

// kiosks are the nodes of a network with this extension.
type kiosks []*kiosk

const fewNodes = 4

// startKiosks starts a network and waits until all its nodes reach all.
func startKiosks(t *testing.T) (kiosks, []string) {
	t.Helper()
	var all kiosks
	var addresses []string
	var stopping sync.WaitGroup
	end := make(chan struct{})
	t.Cleanup(func() {
		close(end) // each takes a while to leave
		stopping.Wait()
	})
	for i := range fewNodes {
		c := config.Defaults()
		c.Hostname, c.Port = fmt.Sprintf("127.0.0.%d", 41+i), uint16(nettest.FreePort(t, fmt.Sprintf("127.0.0.%d", 41+i)))
		c.Data, c.SyncInterval, c.Trusted = filepath.Join(t.TempDir(), "data"), 2*round, true
		c.ServerTimeout, c.PingTimeout = 2*serverTimeout, pingTimeout // pictures take a while
		if i > 0 {
			c.Bootstrap = addresses[:1]
		}
		k := &kiosk{}
		d := documents.Options{Collections: []documents.Collection{{Name: "things", Token: "secret"}}}
		_, stores, err := music.Extensions(music.Options{}, &d, &files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := node.New(node.Options{Config: c, Extensions: append(stores, k)})
		if err != nil {
			t.Fatal(err)
		}
		stopping.Go(func() {
			<-end
			n.Stop()
		})
		go n.Run(t.Context())
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, addresses = append(all, k), append(addresses, n.Address())
	}
	c, err := client.Connect(t.Context(), client.Options{Addresses: addresses[:1], WorkerChange: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	eventually(t, "all nodes reach all", 20, func() bool {
		for _, at := range addresses {
			var got names
			covered, err := c.Ask(t.Context(), "kiosk.names", which{}, &got, client.At(at))
			if err != nil || covered.Answered != fewNodes || len(got.Names) != fewNodes {
				return false
			}
		}
		return true
	})
	return all, addresses
}

// solve reads a captcha as a person would, by asking its approvers what they have drawn.
func (all kiosks) solve(t *testing.T, nodes []string, q *client.Question) (string, error) {
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		return "", err
	}
	var texts []string
	for _, approver := range q.Approvers {
		for i, address := range nodes {
			if address == approver {
				texts = append(texts, all[i].drawn(t, q.Key))
			}
		}
	}
	return pictures.ExpectedAnswer(texts)
}

// drawn is what this approver expects.
func (k *kiosk) drawn(t *testing.T, key string) (answer string) {
	err := k.run.Run(t.Context(), func(*host.Task) {
		for _, row := range k.h.Node().State().Approvals {
			if row.Key == key {
				answer = row.Answer
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	return answer
}

// verdict is what the suite tells.
type verdict struct {
	Checks   int      `json:"checks"`
	Failures []string `json:"failures"`
}

// serveSuite serves the client, the suite and what it asks for.
func serveSuite(t *testing.T) (origin string, told <-chan verdict) {
	t.Helper()
	all, addresses := startKiosks(t)
	result := make(chan verdict, 1)
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(filepath.Join("testdata", "javascript"))))
	mux.HandleFunc("GET /"+js.Name, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", js.Type)
		w.Write(js.Source)
	})
	mux.HandleFunc("POST /setup", func(w http.ResponseWriter, _ *http.Request) {
		dead := fmt.Sprintf("127.0.0.49:%d", nettest.FreePort(t, "127.0.0.49"))
		song := base64.StdEncoding.EncodeToString(audiotest.MP3("Queen", "Bohemian Rhapsody", 1))
		reply200(w, map[string]any{"nodes": addresses, "dead": dead, "song": song})
	})
	mux.HandleFunc("POST /solve", func(w http.ResponseWriter, r *http.Request) {
		q := new(client.Question)
		err := json.NewDecoder(r.Body).Decode(q)
		answer, unsolved := all.solve(t, addresses, q)
		if err = errors.Join(err, unsolved); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply200(w, answer)
	})
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		var v verdict
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			v.Failures = []string{err.Error()}
		}
		reply200(w, true)
		result <- v
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, result
}

// expect checks that all was tried and nothing failed.
func (v verdict) expect(t *testing.T) {
	t.Helper()
	for _, failure := range v.Failures {
		t.Error(failure)
	}
	if v.Checks < 15 {
		t.Errorf("only %d checks were made", v.Checks)
	}
}

// TestJavaScriptClientInNodeJS: the one file is a whole client for programs.
func TestJavaScriptClientInNodeJS(t *testing.T) {
	origin, told := serveSuite(t)
	dir := t.TempDir()
	for _, name := range []string{"suite.mjs", "run.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", "javascript", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, js.Name), js.Source, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "run.mjs"), origin).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	(<-told).expect(t)
}

// TestJavaScriptClientInABrowser: and for pages of any site.
func TestJavaScriptClientInABrowser(t *testing.T) {
	origin, told := serveSuite(t)
	browse(t, origin+"/page.html", told).expect(t)
}
