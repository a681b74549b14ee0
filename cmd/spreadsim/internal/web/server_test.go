package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spreadable/cmd/spreadsim/internal/web"
	"spreadable/sim"
	"spreadable/sim/film"
	"spreadable/sim/scenario"
)

// small records a run of a few nodes.
func small(t *testing.T) []byte {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte("name: small\nnodes: 9\nduration: 60s\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	recorder := film.New(film.Options{})
	if _, err := sim.Run(s, sim.Options{Film: recorder}); err != nil {
		t.Fatal(err)
	}
	return recorder.Film()
}

func start(t *testing.T, s *web.Server, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// fetch sends a request.
func fetch(t *testing.T, url, host, last string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Last-Event-ID", last)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// events puts the data of server-sent events together.
func events(t *testing.T, text string) (data []byte, ended bool) {
	t.Helper()
	in := bufio.NewScanner(strings.NewReader(text))
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		line, isData := strings.CutPrefix(in.Text(), "data: ")
		switch {
		case in.Text() == "event: end":
			return data, true
		case isData:
			part, err := base64.StdEncoding.DecodeString(line)
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, part...)
		}
	}
	return data, false
}

// A film comes whole, whether the browser was there from the begin, came late, or has
// lost the connection in between.
func TestEventsAreTheFilm(t *testing.T) {
	whole := small(t)
	show := web.NewShow("small", nil)
	s, err := web.New(show)
	url := start(t, s, err) + "/shows/0/events"
	early := make(chan string)
	go func() {
		_, _, text := fetch(t, url, "", "")
		early <- text
	}()
	half := 0
	for b, err := range film.Blocks(whole) {
		if err != nil {
			t.Fatal(err)
		}
		if half += b.Size(); half > len(whole)/2 {
			break
		}
	}
	show.Add(whole[:half])
	show.Add(whole[half:])
	show.End()
	_, _, late := fetch(t, url, "", "")
	_, _, rest := fetch(t, url, "", fmt.Sprint(half))
	for name, got := range map[string]struct {
		text string
		want []byte
	}{"early": {<-early, whole}, "late": {late, whole}, "again": {rest, whole[half:]}} {
		data, ended := events(t, got.text)
		if !bytes.Equal(data, got.want) || !ended {
			t.Errorf("%s: %d bytes, ended %t; want %d bytes", name, len(data), ended, len(got.want))
		}
	}
}

// What other sites could ask through a browser is refused; the page may use nothing but
// its own server.
func TestOnlyOwnPagesAreServed(t *testing.T) {
	show := web.NewShow("<small>", nil)
	show.End()
	s, err := web.New(show)
	url := start(t, s, err)
	for host, want := range map[string]int{"": 200, "localhost:80": 200, "[::1]:80": 200, "10.1.2.3": 200, "evil.example": 403, "localhost.evil.example:80": 403} {
		if code, _, _ := fetch(t, url+"/", host, ""); code != want {
			t.Errorf("host %q: %d, want %d", host, code, want)
		}
	}
	_, head, page := fetch(t, url+"/", "", "")
	policy := head.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "script-src 'self' 'unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, outside := range []string{"http://", "https://", "src=\"//"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page names another server: %s", outside)
		}
	}
	for path, want := range map[string]int{
		"/assets/page.js": 200, "/assets/vendor/uPlot.esm.js": 200, "/assets/report.css": 200, "/assets/vendor/LICENSE": 200,
		"/assets/none.js": 404, "/assets/../server.go": 404, "/assets/index.html": 404, "/shows/1/events": 404, "/shows/x/events": 404,
		"/shows/0/nodes/1?at=1": 404, "/nothing": 404,
	} {
		if code, _, _ := fetch(t, url+path, "", ""); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	resp, err := http.Post(url+"/", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

// A saved page holds the film, whatever the run is called.
func TestSavedPageHoldsTheFilm(t *testing.T) {
	whole := small(t)
	show := web.NewShow(`a"></script><b>`, nil)
	show.Add(whole)
	s, err := web.New(show)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := s.Save(&page); err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(page.String(), `data-name="a&#34;&gt;&lt;/script&gt;&lt;b&gt;">`)
	text, _, _ := strings.Cut(after, "</script>")
	if !ok {
		t.Fatal("the page has no film of that name")
	}
	data, err := film.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil || !bytes.Equal(data, whole) {
		t.Errorf("the film in the page has %d bytes, want %d: %v", len(data), len(whole), err)
	}
}

// A run is repeated only for a node and a time that it can have, one at a time, and not
// for a browser that has gone.
func TestTelling(t *testing.T) {
	tell := func(ctx context.Context, node int, at time.Duration) (any, error) {
		switch {
		case node == 7:
			return nil, errors.New("it broke")
		case node > 7:
			return nil, web.ErrUnknownNode
		}
		return []string{fmt.Sprint(node, " ", at)}, nil
	}
	s, err := web.New(web.NewShow("small", tell))
	url := start(t, s, err) + "/shows/0/nodes/"
	for path, want := range map[string]int{"3?at=1.5": 200, "7?at=1": 500, "8?at=1": 404, "x?at=1": 404, "3": 400, "3?at=-1": 400, "3?at=NaN": 400, "3?at=1e300": 400} {
		code, _, body := fetch(t, url+path, "", "")
		if code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
		if want == 200 && body != "[\"3 1.5s\"]\n" {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// Of a sweep, one run or two are shown; others are refused with a line that says why.
func TestChoosing(t *testing.T) {
	opened := 0
	s, err := web.NewChooser(func(w io.Writer) error { _, err := io.WriteString(w, "choose"); return err },
		func(key string) (*web.Show, error) {
			if len(key) != 2 {
				return nil, errors.New("there is no such run")
			}
			opened++
			show := web.NewShow("run "+key, nil)
			show.End()
			return show, nil
		})
	url := start(t, s, err)
	if _, _, body := fetch(t, url+"/", "", ""); body != "choose" {
		t.Errorf("the page is %q", body)
	}
	_, _, body := fetch(t, url+"/shows?show=aa&show=bb", "", "")
	var list []struct{ ID, Name string }
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 2 || list[1].ID != "bb" || list[1].Name != "run bb" {
		t.Errorf("the shows are %s, %v", body, err)
	}
	for range 3 {
		if code, _, _ := fetch(t, url+"/shows/aa/events", "", ""); code != 200 {
			t.Errorf("the events have %d", code)
		}
	}
	if opened != 2 {
		t.Errorf("%d runs were opened, want 2", opened)
	}
	for query, want := range map[string]string{"?show=a": "no such run", "?show=aa&show=bb&show=cc": "choose one run"} {
		if code, _, body := fetch(t, url+"/"+query, "", ""); code != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", query, code, body, want)
		}
	}
	for i := range 20 { // each may hold a film: only the latest are kept
		fetch(t, fmt.Sprintf("%s/shows?show=%02d", url, i), "", "")
	}
	before := opened
	fetch(t, url+"/shows?show=aa", "", "")
	if opened != before+1 {
		t.Error("a run of long ago is still kept")
	}
}
