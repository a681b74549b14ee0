package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"spreadable/client"
)

// seen is a request as it arrived.
type seen struct {
	path   string
	header http.Header
	body   map[string]any
}

// record keeps the latest request; it is read after the answer to it.
func record(into *seen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*into = seen{path: r.URL.Path, header: r.Header}
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &into.body)
		_, _ = io.WriteString(w, `{}`)
	}
}

func TestRequestsAreThoseOfClients(t *testing.T) {
	var got seen
	s := startStub(t).on("", record(&got))
	c := connect(t, client.Options{Addresses: []string{s.address}})
	before := time.Now().UnixMilli()
	err := c.Request(t.Context(), "/add-link/", struct {
		Title   string `json:"title"`
		Big     uint64 `json:"big"`
		Timeout int    `json:"timeout"`
	}{"a", 1<<53 + 1, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.path != "/client/add-link" || got.body["title"] != "a" {
		t.Errorf("got %+v", got)
	}
	timeout, _ := got.body["timeout"].(float64)
	timestamp, _ := got.body["timestamp"].(float64)
	if timeout < 9000 || timeout > 10_000 || int64(timestamp) < before || int64(timestamp) > time.Now().UnixMilli() {
		t.Errorf("timeout %v ms, timestamp %v", timeout, timestamp)
	}
	for name, want := range map[string]string{
		"Client-Version": "spreadable-0.3", "Content-Type": "application/json", "Authorization": "", "Original-Address": "",
		"Node-Version": "", "Idempotency-Key": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	var body string
	s := startStub(t).on("", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body = string(text)
		_, _ = io.WriteString(w, `{}`)
	})
	c := connect(t, client.Options{Addresses: []string{s.address}})
	if err := c.Request(t.Context(), "x", map[string]uint64{"big": 1<<53 + 1}, nil); err != nil || !strings.Contains(body, "9007199254740993") {
		t.Errorf("sent %s, %v", body, err)
	}
}

func TestOptionsChangeTheHeaders(t *testing.T) {
	var got seen
	s := startStub(t).on("", record(&got))
	c := connect(t, client.Options{Addresses: []string{s.address}, IgnoreVersion: true, Auth: &client.Credentials{Username: "user", Password: "pa:ss"}})
	if err := c.Request(t.Context(), "x", nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, present := got.header["Client-Version"]; present {
		t.Error("a version is sent in spite of IgnoreVersion")
	}
	if got.header.Get("Authorization") != "Basic dXNlcjpwYTpzcw==" {
		t.Errorf("authorization is %q", got.header.Get("Authorization"))
	}
	c = connect(t, client.Options{Addresses: []string{s.address}, Version: "museria-0.1"})
	if err := c.Request(t.Context(), "x", nil, nil); err != nil || got.header.Get("Client-Version") != "museria-0.1" {
		t.Errorf("version is %q, %v", got.header.Get("Client-Version"), err)
	}
}

func TestCredentialsStayOutOfTexts(t *testing.T) {
	secret := client.Credentials{Username: "user", Password: "pa:ss"}
	if strings.Contains(secret.String()+secret.LogValue().String(), "pa:ss") {
		t.Error("the password is told")
	}
}

func TestRequestRefusesBadArguments(t *testing.T) {
	c := connect(t, client.Options{Addresses: []string{startStub(t).address}})
	for name, ask := range map[string]func() error{
		"empty":       func() error { return c.Request(t.Context(), "", nil, nil) },
		"out":         func() error { return c.Request(t.Context(), "../api/node/structure", nil, nil) },
		"dots":        func() error { return c.Request(t.Context(), "a/./b", nil, nil) },
		"a list":      func() error { return c.Request(t.Context(), "x", []int{1}, nil) },
		"no JSON":     func() error { return c.Request(t.Context(), "x", map[string]any{"a": make(chan int)}, nil) },
		"bad address": func() error { return c.Request(t.Context(), "x", nil, nil, client.At("nonsense")) },
		"no time":     func() error { return c.Request(t.Context(), "x", nil, nil, client.Within(0)) },
	} {
		if e := new(client.Error); ask() == nil || errors.As(ask(), &e) {
			t.Errorf("%s: error is %v, want one of the arguments", name, ask())
		}
	}
}

func TestErrorsTellWhatTheNodeSaid(t *testing.T) {
	html := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		status  int
		code    client.Code
		message string
	}{
		{"refusal", says(422, `{"message":"wrong answer","code":"ERR_SPREADABLE_WRONG_APPROVAL_ANSWER"}`), 422, client.CodeWrongAnswer, "wrong answer"},
		{"refusal with another status", says(500, `{"message":"m","code":"ERR_MUSERIA_X"}`), 500, "ERR_MUSERIA_X", "m"},
		{"without a code", says(401, `{"message":"Authentication is required"}`), 401, "", "Authentication is required"},
		{"no JSON", says(500, `oops`), 500, "", "500 Internal Server Error"},
		{"JSON of another type", html(422, `{"message":"m","code":"ERR_X"}`), 422, "", "422"},
		{"a proxy's page", html(502, "<html>"), 502, "", "502 Bad Gateway"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/client/y", http.StatusTemporaryRedirect)
		}, 307, "", "307"},
		{"success that is no JSON", html(200, "<html>"), 200, "", "malformed answer"},
		{"success that does not fit", says(200, `{"n":"text"}`), 200, "", "malformed answer"},
		{"success that is too long", says(200, `{"x":"`+strings.Repeat("x", 1000)+`"}`), 200, "", "more than 500 bytes"},
		{"control characters", says(403, `{"message":"a\u001b[2Jb"}`), 403, "", "a [2Jb"},
	} {
		s := startStub(t).on("/client/x", tt.answer).on("", says(200, `{}`))
		c := connect(t, client.Options{Addresses: []string{s.address}, MaxAnswer: 500})
		var out struct{ N int }
		err := c.Request(t.Context(), "x", nil, &out)
		var e *client.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error is %v", tt.name, err)
			continue
		}
		if e.Status != tt.status || e.Code != tt.code || e.Address != s.address || e.Endpoint != "x" {
			t.Errorf("%s: error is %+v", tt.name, e)
		}
		contains(t, err, tt.message, s.address)
		if tt.code != "" && !errors.Is(err, tt.code) || errors.Is(err, client.CodeInvalidAction) {
			t.Errorf("%s: errors.Is goes by something else than the code", tt.name)
		}
		if s.asked.Load() != 1 {
			t.Errorf("%s: asked %d times", tt.name, s.asked.Load())
		}
	}
}

func TestSchemaErrorsHaveManyCodes(t *testing.T) {
	for code, want := range map[client.Code]bool{
		client.CodeInvalidInformation: true, "ERR_SPREADABLE_VALIDATE_SCHEMA_STRICT": true, client.CodeWrongAnswer: false, "": false,
	} {
		if got := client.IsSchema(&client.Error{Code: code}); got != want {
			t.Errorf("%q: %t", code, got)
		}
	}
	if client.IsSchema(nil) {
		t.Error("no error is one of form")
	}
}

func TestATimeoutEndsARequest(t *testing.T) {
	s, other := startStub(t).on("/client/slow", hangs), startStub(t)
	c := connect(t, client.Options{Addresses: []string{s.address, other.address}, Timeout: 20 * time.Millisecond})
	other.on("/client/slow", hangs)
	err := c.Request(t.Context(), "slow", nil, nil, client.Repeatable())
	if !errors.Is(err, client.CodeTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if all := s.asked.Load() + other.asked.Load(); all != 1 {
		t.Errorf("asked %d times", all)
	}
	c = connect(t, client.Options{Addresses: []string{s.address}})
	if err := c.Request(t.Context(), "slow", nil, nil, client.Within(20*time.Millisecond)); !errors.Is(err, client.CodeTimeout) {
		t.Errorf("within: error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.on("/client/slow", func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hangs(w, r)
	})
	if err := c.Request(ctx, "slow", nil, nil); !errors.Is(err, context.Canceled) || errors.Is(err, client.CodeTimeout) {
		t.Errorf("canceled: error is %v", err)
	}
}

// twoStubs returns a client of two stubs: the one that it works with, and the other.
func twoStubs(t *testing.T) (c *client.Client, first, second *stub) {
	t.Helper()
	first, second = startStub(t), startStub(t)
	c = connect(t, client.Options{Addresses: []string{first.address, second.address}})
	if c.Worker() == second.address {
		first, second = second, first
	}
	first.on("", says(200, `{"who":"first"}`))
	second.on("", says(200, `{"who":"second"}`))
	return c, first, second
}

func TestRequestsGoElsewhereIfNoNodeHasSeenThem(t *testing.T) {
	c, first, second := twoStubs(t)
	first.server.Close()
	var answer struct{ Who string }
	if err := c.Request(t.Context(), "x", nil, &answer); err != nil || answer.Who != "second" {
		t.Errorf("answer is %+v, %v", answer, err)
	}
	second.server.Close()
	err := c.Request(t.Context(), "x", nil, &answer)
	if !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("error is %v", err)
	}
	contains(t, err, first.address, second.address)
}

func TestRequestsAreNotSentTwiceUnlessTheyMay(t *testing.T) {
	for name, failure := range map[string]http.HandlerFunc{"broken off": breaksOff, "internal error": says(500, `{"message":"m"}`)} {
		c, first, second := twoStubs(t)
		first.on("/client/x", failure)
		err := c.Request(t.Context(), "x", nil, nil)
		if e := new(client.Error); !errors.As(err, &e) || first.asked.Load() != 1 || second.asked.Load() != 0 || c.Worker() != first.address {
			t.Errorf("%s: error is %v, asked %d and %d times", name, err, first.asked.Load(), second.asked.Load())
		}
		var answer struct{ Who string }
		err = c.Request(t.Context(), "x", nil, &answer, client.Repeatable())
		if err != nil || answer.Who != "second" || c.Worker() != second.address {
			t.Errorf("%s, repeatable: answer is %+v, %v", name, answer, err)
		}
	}
}

func TestRefusalsAreFinal(t *testing.T) {
	for _, answer := range []http.HandlerFunc{says(422, `{"message":"m","code":"ERR_X"}`), says(500, `{"message":"m","code":"ERR_X"}`), says(403, `{"message":"m"}`)} {
		c, first, second := twoStubs(t)
		first.on("/client/x", answer)
		if err := c.Request(t.Context(), "x", nil, nil, client.Repeatable()); err == nil || first.asked.Load() != 1 || second.asked.Load() != 0 {
			t.Errorf("error is %v, asked %d and %d times", err, first.asked.Load(), second.asked.Load())
		}
	}
}

func TestAttemptsHaveAnEnd(t *testing.T) {
	s := startStub(t).on("/client/x", breaksOff)
	c := connect(t, client.Options{Addresses: []string{s.address}})
	err := c.Request(t.Context(), "x", nil, nil, client.Repeatable())
	// Net/http by itself repeats a request that breaks off on a connection used before.
	if asked := s.asked.Load(); err == nil || asked < 3 || asked > 6 {
		t.Errorf("error is %v, asked %d times", err, asked)
	}
}

func TestOneNodeMayBeNamed(t *testing.T) {
	c, first, second := twoStubs(t)
	var answer struct{ Who string }
	if err := c.Request(t.Context(), "x", nil, &answer, client.At(second.address)); err != nil || answer.Who != "second" || c.Worker() != first.address {
		t.Errorf("answer is %+v, %v", answer, err)
	}
	second.server.Close()
	if err := c.Request(t.Context(), "x", nil, &answer, client.At(second.address), client.Repeatable()); err == nil || first.asked.Load() != 0 {
		t.Errorf("error is %v, the other was asked %d times", err, first.asked.Load())
	}
}
