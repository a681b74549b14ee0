package music_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/music"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// What a hostile client sends to documents, files and music over HTTP. Whatever it is, no
// node panics, answers with a status of 500 or above for the fault of the client, or takes
// long; and what was there before is there afterwards.

// fort is two nodes with all three stores, whose routes are open.
type fort struct {
	t       *testing.T
	address string
	node    *node.Node
	log     record
}

// record keeps what a node logs.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func newFort(t *testing.T) *fort {
	t.Helper()
	w := &fort{t: t}
	var nodes []*node.Node
	for i := range 2 {
		c := config.Defaults()
		c.Hostname = fmt.Sprintf("127.0.0.%d", 81+i)
		c.Port, c.Data = uint16(nettest.FreePort(t, c.Hostname)), filepath.Join(t.TempDir(), "data")
		c.SyncInterval, c.ServerTimeout, c.PingTimeout, c.Trusted = 3*time.Second, 2900*time.Millisecond, time.Second, true
		if i > 0 {
			c.Bootstrap = []string{nodes[0].Address()}
		}
		open := documents.Rights{Update: documents.Open, Delete: documents.Open}
		docs := &documents.Options{Collections: []documents.Collection{
			{Name: "open", Rights: open}, {Name: "locked", Token: "secret", Rights: documents.Rights{Add: documents.WithToken}},
			{Name: "owned", Rights: documents.Rights{Add: documents.Owner, Update: documents.Owner, Delete: documents.Owner}},
			{Name: "shut", Rights: documents.Rights{Read: documents.Closed, Add: documents.Closed}},
		}}
		blobs := files.Defaults()
		blobs.MaxSize = 1 << 20
		_, all, err := music.Extensions(music.Options{MaxSize: 1 << 20}, docs, &blobs)
		if err != nil {
			t.Fatal(err)
		}
		n, err := node.New(node.Options{
			Config: c, Extensions: all,
			Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		go n.Run(context.WithoutCancel(t.Context())) // until the test stops it
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	nettest.Until(t, "both know both", func() bool {
		status, err := nodes[0].Status(t.Context())
		return err == nil && status.NetworkSize == 2
	})
	w.node, w.address = nodes[0], nodes[0].Address()
	return w
}

// attack is a request of a hostile client.
type attack struct {
	name, method, path string
	body               string
	header             [2]string
}

// values are what stands in the place of each field of a request for documents.
func values() map[string]string {
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	within := func(n int, open, in, end string) string { return strings.Repeat(open, n) + in + strings.Repeat(end, n) }
	return map[string]string{
		"null": "null", "a number": "1", "a text": `"x"`, "an object": "{}", "a list": "[]", "true": "true", "half": "0.5", "NaN": "NaN",
		"infinity": "Infinity", "a huge number": "1e999", "many digits": strings.Repeat("9", 100_000), "a negative number": "-1",
		"the least": "-9223372036854775808", "the most": "9223372036854775807", "more than the most": "9223372036854775808",
		"deep lists": within(100_000, "[", "", "]"), "deep objects": within(50_000, `{"a":`, "1", "}"), "rather deep": within(200, `{"a":`, "1", "}"),
		"a path": `"../../../../etc/passwd"`, "a zero byte": `"a\u0000b"`, "a raw zero byte": "\"a\x00b\"", "invalid UTF-8": "\"a\xff\xfeb\"",
		"half a surrogate": `"\ud800"`, "a long text": `"` + strings.Repeat("x", 1<<20) + `"`, "a null list": "[null]", "many lists": many(100_000, "[]"),
		"many objects": many(100_000, "{}"), "many numbers": many(100_000, "1"), "many texts": many(2000, `"k"`),
		"an unknown operator": `{"$where": "1"}`, "a filter of 10,000 terms": `{"$or": ` + many(10_000, `{"a": 1}`) + `}`,
		"a deep filter": within(10_000, `{"$not":`, "{}", "}"), "a slow pattern": `{"text": {"$rx": "(a+)+(a+)+(a+)+$b"}}`,
		"a large pattern": `{"text": {"$rx": "((((a{100}){100}){100}){100}){100}"}}`, "a broken pattern": `{"text": {"$rx": "(["}}`,
		"a long pattern": `{"text": {"$rx": "` + strings.Repeat("a", 1<<20) + `"}}`, "a long list": `{"a": {"$in": ` + many(100_000, "1") + `}}`,
		"a prototype": `{"__proto__": 1, "constructor.prototype": 2}`, "an endless path": `{"` + strings.Repeat("a.", 100_000) + `": 1}`,
	}
}

// documentAttacks replace each field of requests that would be good.
func documentAttacks() (list []attack) {
	document := `"document": {"id": "new"}`
	for operation, good := range map[string][]string{
		"add":    {document, `"token": ""`, `"documents": []`, `"version": ""`, `"signature": ""`},
		"put":    {document, `"ifPresent": false`, `"ifVersion": null`},
		"change": {`"key": "x"`, `"set": {"a": 1}`, `"filter": null`, `"ifVersion": null`},
		"delete": {`"key": null`, `"keys": null`, `"filter": null`},
		"get":    {`"key": null`, `"keys": null`}, "stat": {`"keys": ["x"]`},
		"find":  {`"filter": {"a": 1}`, `"sort": null`, `"fields": null`, `"offset": 0`, `"limit": 1`, `"after": ""`},
		"count": {`"filter": {"a": 1}`},
	} {
		good = append([]string{`"collection": "open"`}, good...)
		path := "/client/documents/" + operation
		for what, value := range values() {
			list = append(list, attack{name: what, method: "POST", path: path, body: value})
			for i, field := range good {
				name, _, _ := strings.Cut(field, ":")
				bad := slices.Clone(good)
				bad[i] = name + ": " + value
				if name == `"documents"` {
					bad[1] = `"token": ""`
				}
				list = append(list, attack{name: what + " as " + name, method: "POST", path: path, body: "{" + strings.Join(bad, ", ") + "}"})
			}
		}
	}
	return list
}

// fileAttacks are those of the file store.
func fileAttacks() (list []attack) {
	const put, body = "/client/files/put", "bytes of a file"
	zeros := strings.Repeat("0", 64)
	query := func(name string, values ...string) {
		for _, v := range values {
			list = append(list, attack{name: name + " " + v, method: "PUT", path: put + "?" + name + "=" + url.QueryEscape(v), body: body})
		}
	}
	query("copies", "-1", "0", "1e9", "99999999999999999999", "999%", "NaN%", "-5%", "r--1", "auto auto", "\x00", "11", "65535")
	query("acks", "-1", "0", "1e9", "99999999999999999999", "x", "\x00", "11")
	query("name", "../../etc/passwd", "a/b", "a\x00b", "a\r\nSet-Cookie: x", "\xff\xfe", strings.Repeat("x", 10_000), "..", "\u202egnp.exe")
	query("owner", "x", zeros[1:], zeros+"0", strings.Repeat("g", 64), "../"+zeros[3:])
	query("key", "x", zeros, strings.Repeat("G", 64), "../../"+zeros[6:])
	for _, key := range []string{
		"x", zeros[1:], zeros + "0", strings.Repeat("G", 64), "..", "..%2f..%2fetc%2fpasswd", "%00", "%ff", zeros + "%00", zeros + "/..", strings.Repeat("0", 7000),
	} {
		for _, path := range []string{"/files/", "/client/files/links/", "/client/files/stat/", "/music/audio/", "/music/cover/"} {
			list = append(list, attack{name: "key " + key, method: "GET", path: path + key})
		}
	}
	for _, text := range []string{
		"", "null", "[]", "1", "{", `{"key": 1}`, `{"key": "x"}`, `{"key": "` + zeros + `"}`, `{"key": "` + zeros + `", "token": 1}`,
		`{"key": "` + zeros + `", "token": "` + strings.Repeat("x", 1<<20) + `"}`, `{"key": "` + zeros + `", "token": "wrong"}`,
		`{"key": "` + zeros + `", "expires": 1e999}`, `{"key": "` + zeros + `", "expires": -9223372036854775808, "signature": "AAAA"}`,
		`{"key": "` + zeros + `", "signature": "` + strings.Repeat("A", 1<<20) + `"}`, `{"key": "` + zeros + `", "all": true}`,
		strings.Repeat("[", 100_000), "\xff", "\x00",
	} {
		list = append(list, attack{name: "remove " + text, method: "POST", path: "/client/files/remove", body: text})
	}
	return list
}

// musicAttacks are those of the music store.
func musicAttacks() (list []attack) {
	values := []string{
		"", "null", "[]", "1", "{", `{"text": 1}`, `{"text": ""}`, `{"text": null}`, `{"text": "x", "limit": -1}`, `{"text": "x", "limit": 1e999}`,
		`{"text": "x", "limit": 0.5}`, `{"text": "x", "limit": 9223372036854775807}`, `{"text": "x", "limit": "1"}`, `{"text": "\u0000"}`, `{"text": " - "}`,
		"{\"text\": \"\xff\xfe\"}", `{"text": "` + strings.Repeat("x ", 500_000) + `"}`, `{"text": "` + strings.Repeat("a - b ft. ", 10_000) + `"}`,
		`{"text": "` + strings.Repeat("\u0301", 100_000) + `"}`, `{"text": "` + strings.Repeat("9", 1000) + ` - 1"}`, `{"text": "..\/..\/etc\/passwd - x"}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"text":`, 50_000), "\xff", "\x00",
	}
	for _, path := range []string{"find", "artist", "song", "stat", "remove"} {
		for _, text := range values {
			list = append(list, attack{name: path + " " + text, method: "POST", path: "/client/music/" + path, body: text})
		}
	}
	for _, info := range []string{"", "null", "1", "{}", "[]", `{"action":"captcha"}`, `{"action":"captcha","approvers":["127.0.0.1:1"],"key":"x","answer":"x","startedAt":1e999}`, strings.Repeat("[", 5000), "\x00", "\xff"} {
		q := "?approvalInfo=" + url.QueryEscape(info)
		list = append(list, attack{name: "remove by approval " + info, method: "POST", path: "/client/music/remove" + q, body: `{"song": "a - b"}`},
			attack{name: "add by approval " + info, method: "POST", path: "/client/music/approved" + q, body: "audio"})
	}
	for _, priority := range []string{"", "0", "1", "-1", "2", "-2", "1e9", "99999999999999999999", "x", "%00", "1&priority=0"} {
		list = append(list, attack{name: "priority " + priority, method: "POST", path: "/client/music/add?priority=" + priority, body: "no audio"})
	}
	for what, body := range map[string]string{
		"nothing": "", "zeros": strings.Repeat("\x00", 1<<20), "ones": strings.Repeat("\xff", 1<<20), "frames": strings.Repeat("\xff\xfb\x90\x00", 1<<18), "a page": "<script>",
		"an endless tag": "ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + strings.Repeat("\x00", 1000), "a tag within itself": strings.Repeat("ID3\x03\x00\x00\x00\x00\x00\x01", 50_000),
		"an Ogg without end": strings.Repeat("OggS\x00\x02"+strings.Repeat("\xff", 300), 1000), "a FLAC": "fLaC\x04\xff\xff\xff" + strings.Repeat("\xff", 1000),
		"atoms of no size": strings.Repeat("\x00\x00\x00\x08ftypM4A \x00\x00\x00\x00", 10_000), "an atom of all": "\x00\x00\x00\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xff", "too large": strings.Repeat("x", 1<<20+1),
	} {
		list = append(list, attack{name: "audio " + what, method: "POST", path: "/client/music/add", body: body})
	}
	return list
}

// otherAttacks are of all stores: other methods, headers that lie, and bodies over limits.
func otherAttacks() (list []attack) {
	paths := []string{"/client/documents/add", "/client/documents/find", "/client/files/put", "/client/files/remove", "/client/files/stat/x", "/client/music/add", "/client/music/find", "/files/x", "/music/audio/x", "/music/"}
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			list = append(list, attack{name: method, method: method, path: path})
		}
		for _, h := range [][2]string{
			{"Content-Type", "multipart/form-data"}, {"Content-Encoding", "gzip"}, {"Content-Encoding", "x"}, {"Expect", "200-ok"}, {"Range", "bytes=-1"},
			{"Range", "bytes=9223372036854775807-"}, {"Range", "bytes=" + strings.Repeat("0-0,", 5000)}, {"If-Range", "x"}, {"X-Forwarded-For", "127.0.0.1"}, {"Authorization", "Basic x"},
		} {
			for _, method := range []string{"GET", "POST"} {
				list = append(list, attack{name: method + " with " + h[0] + " " + h[1], method: method, path: path, body: "{}", header: h})
			}
		}
		list = append(list, attack{name: "9 MiB", method: "POST", path: path, body: strings.Repeat(" ", 9<<20)})
	}
	return list
}

func TestNoClientHarmsTheStores(t *testing.T) {
	w := newFort(t)
	text := strings.Repeat("a", 4000) // what slow patterns are slow with
	for i := range 100 {
		w.expect("POST", "/client/documents/add", fmt.Sprintf(`{"collection": "open", "document": {"id": "kept %d", "text": %q}}`, i, text), 200, "")
	}
	w.expect("PUT", "/client/files/put", "the bytes that stay", 200, "")
	all := slices.Concat(documentAttacks(), fileAttacks(), musicAttacks(), otherAttacks())
	refused := 0
	for _, a := range all {
		began := time.Now()
		status, answer, err := w.send(a)
		took := time.Since(began)
		name := fmt.Sprintf("%s %.80q: %.100q", a.method, a.path, a.name)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case status >= 500:
			t.Errorf("%s: status %d: %.200s", name, status, answer)
		case took > 30*time.Second: // it hangs
			t.Errorf("%s: it takes %v", name, took)
		case strings.HasPrefix(a.path, "/client/documents/") && a.method == "POST" && !json.Valid([]byte(a.body)) && status < 400:
			t.Errorf("%s: what is no JSON is answered with status %d: %.200s", name, status, answer)
		}
		if status >= 400 {
			refused++
		}
	}
	t.Logf("%d attacks, %d refused", len(all), refused)
	w.expect("POST", "/client/documents/count", `{"collection": "open", "filter": {"id": {"$sw": "kept "}}}`, 200, `"count":100`)
	w.expect("GET", "/files/"+keyOf("the bytes that stay"), "", 200, "the bytes that stay")
	w.expect("POST", "/client/music/find", `{"text": "x"}`, 200, `"answered":2`)
	if log := w.log.String(); strings.Contains(log, "panic") {
		t.Errorf("the log has a panic: %.5000s", log[strings.Index(log, "panic"):])
	}
}

func keyOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// What has to be refused, and how.
func TestWhatClientsMayNotIsRefused(t *testing.T) {
	w := newFort(t)
	w.expect("POST", "/client/documents/add", `{"collection": "open", "document": {"id": "kept"}}`, 200, "")
	w.expect("PUT", "/client/files/put", "the bytes that stay", 200, "")
	key := keyOf("the bytes that stay")
	documents := func(operation, body, code string) {
		t.Helper()
		w.expect("POST", "/client/documents/"+operation, body, 422, "ERR_DOCUMENTS_"+code)
	}
	for _, everything := range []string{`{}`, `null`, `{"$and": []}`, `{"$not": {"$or": []}}`} {
		w.expect("POST", "/client/documents/delete", `{"collection": "open", "filter": `+everything+`}`, 422, "ERR_DOCUMENTS_")
		w.expect("POST", "/client/documents/change", `{"collection": "open", "set": {"a": 1}, "filter": `+everything+`}`, 422, "ERR_DOCUMENTS_")
	}
	documents("delete", `{"collection": "open"}`, "KEY")
	documents("add", `{"collection": "locked", "document": {"id": 1}}`, "TOKEN")
	documents("add", `{"collection": "locked", "token": "Secret", "document": {"id": 1}}`, "TOKEN")
	documents("delete", `{"collection": "locked", "token": "", "key": 1}`, "TOKEN")
	documents("find", `{"collection": "shut"}`, "CLOSED")
	documents("count", `{"collection": "music"}`, "CLOSED")
	documents("add", `{"collection": "music", "document": {"id": 1}}`, "CLOSED")
	documents("add", `{"collection": "owned", "document": {"id": 1}}`, "OWNER")
	documents("get", `{"collection": "../open", "key": 1}`, "COLLECTION")
	documents("get", `{"collection": "open", "key": ["kept"]}`, "KEY")
	documents("get", `{"collection": "open", "keys": [`+strings.Repeat(`1,`, 1000)+`1]}`, "QUESTION")
	documents("find", `{"collection": "open", "offset": -1}`, "QUERY")
	documents("find", `{"collection": "open", "limit": 9223372036854775807}`, "QUERY")
	w.expect("POST", "/client/files/remove", `{"key": "`+key+`", "token": "wrong"}`, 403, "")
	w.expect("PUT", "/client/files/put?key="+strings.Repeat("0", 64), "x", 400, "the bytes have the key")
	w.expect("PUT", "/client/files/put", strings.Repeat("x", 1<<20+1), 413, "")
	w.expect("GET", "/files/..%2f..%2fetc%2fpasswd", "", 400, "")
	w.expect("POST", "/client/music/add?priority=1", "x", 422, "ERR_MUSIC_APPROVAL")
	w.expect("POST", "/client/music/add", strings.Repeat("x", 1<<20+1), 413, "")
	w.expect("POST", "/client/documents/find", `{"collection": "open", "token": "`+strings.Repeat("x", 9<<20)+`"}`, 413, "")
	w.expect("POST", "/client/documents/get", `{"collection": "open", "key": "kept"}`, 200, `{"id":"kept"}`)
	w.expect("GET", "/files/"+key, "", 200, "the bytes that stay")
}

// Bodies that are not what their head says: they end early, come never, or have no length.
func TestBodiesThatDoNotComeAreGivenUp(t *testing.T) {
	w := newFort(t)
	var wait sync.WaitGroup
	for _, path := range []string{"PUT /client/files/put", "POST /client/music/add", "POST /client/documents/add"} {
		for what, rest := range map[string]string{
			"one that ends early": "Content-Length: 1000\r\n\r\nshort", "one of no length": "\r\n", "one of a negative length": "Content-Length: -1\r\n\r\n",
			"one of exabytes": "Content-Length: 9223372036854775807\r\n\r\nx", "one of two lengths": "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
			"one in bad chunks": "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx", "one that never comes": "Content-Length: 100000\r\n\r\n",
		} {
			wait.Go(func() {
				status := w.raw(path+" HTTP/1.1\r\nHost: x\r\n"+rest, what == "one that ends early")
				empty := what == "one of no length" && path == "PUT /client/files/put" // a file of no bytes
				if status >= 500 || status > 0 && status < 400 && !empty {
					t.Errorf("%s, %s: status %d", path, what, status)
				}
			})
		}
	}
	wait.Wait()
	w.expect("PUT", "/client/files/put", "all is well", 200, "")
	if log := w.log.String(); strings.Contains(log, "panic") {
		t.Errorf("the log has a panic: %s", log)
	}
}

// raw sends bytes, ends its side or not, and returns the status that comes, or 0 if the
// node ends the connection without one.
func (w *fort) raw(text string, end bool) (status int) {
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Error(err)
		return 0
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, text); err != nil {
		w.t.Error(err)
	}
	if end {
		conn.(*net.TCPConn).CloseWrite()
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		w.t.Errorf("the node waits for %.60q", text)
	}
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// expect sends a request and fails unless its answer has a status and a text.
func (w *fort) expect(method, path, body string, status int, text string) {
	w.t.Helper()
	got, answer, err := w.send(attack{method: method, path: path, body: body})
	if err != nil || got != status || !strings.Contains(answer, text) {
		w.t.Errorf("%s %.80s %.100q: %v, status %d %.200q, want %d %q", method, path, body, err, got, answer, status, text)
	}
}

// send sends an attack and returns the status and the answer.
func (w *fort) send(a attack) (int, string, error) {
	req, err := http.NewRequestWithContext(w.t.Context(), a.method, "http://"+w.address+a.path, strings.NewReader(a.body))
	if err != nil {
		return 0, "", err
	}
	if a.header[0] != "" {
		req.Header.Set(a.header[0], a.header[1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}
