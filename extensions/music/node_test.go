package music_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/client"
	"spreadable/config"
	"spreadable/core"
	"spreadable/extensions/captcha"
	"spreadable/extensions/files"
	"spreadable/extensions/music"
	"spreadable/extensions/music/audio"
	"spreadable/extensions/music/audio/audiotest"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// hall is a network of real nodes on loopback with a music store each.
type hall struct {
	t      testing.TB
	nodes  []*node.Node
	stores []*music.Store
	data   []string
}

func newHall(t testing.TB, count int, change ...func(*music.Options, *files.Options)) *hall {
	t.Helper()
	w := &hall{t: t}
	for i := range count {
		c := config.Defaults()
		c.Hostname = fmt.Sprintf("127.0.0.%d", 61+i)
		c.Port, c.Data = uint16(nettest.FreePort(t, c.Hostname)), filepath.Join(t.TempDir(), "data")
		c.SyncInterval, c.ServerTimeout, c.PingTimeout, c.Trusted = 3*time.Second, 2900*time.Millisecond, time.Second, true
		if i > 0 {
			c.Bootstrap = []string{w.nodes[0].Address()}
		}
		var o music.Options
		var below *files.Options // without routes of its own
		for _, c := range change {
			fresh := files.Defaults()
			if c(&o, &fresh); fresh.HostQuota > 0 {
				below = &fresh
			}
		}
		s, all, err := music.Extensions(o, nil, below)
		if err != nil {
			t.Fatal(err)
		}
		n, err := node.New(node.Options{Config: c, Extensions: all})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		go n.Run(context.WithoutCancel(t.Context())) // until the test stops it
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.nodes, w.stores, w.data = append(w.nodes, n), append(w.stores, s), append(w.data, c.Data)
	}
	for i := range w.nodes {
		nettest.Until(w.t, "all nodes reach all", func() bool {
			_, coverage := w.find(i, "x")
			return coverage.Answered == count || w.nodes[i].Sync(t.Context()) != nil
		})
	}
	return w
}

func (w *hall) url(at int, path string) string { return "http://" + w.nodes[at].Address() + path }

// request sends one and returns the answer with its body read. Redirects are followed.
func (w *hall) request(method, target string, body []byte, header ...string) (*http.Response, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v after %d bytes", method, target, err, len(data))
	}
	return resp, data
}

// call is POST /client/music/PATH.
func (w *hall) call(at int, path string, body []byte, answer any) (status int, code string) {
	w.t.Helper()
	resp, data := w.request("POST", w.url(at, "/client/music/"+path), body)
	if resp.StatusCode != http.StatusOK {
		var refused struct{ Code, Message string }
		if err := json.Unmarshal(data, &refused); err != nil || refused.Message == "" {
			w.t.Errorf("%s: status %d, %q", path, resp.StatusCode, data)
		}
		return resp.StatusCode, refused.Code
	}
	if answer != nil {
		if err := json.Unmarshal(data, answer); err != nil {
			w.t.Fatalf("%s: %v in %q", path, err, data)
		}
	}
	return resp.StatusCode, ""
}

func (w *hall) mustAdd(at int, file []byte) (added music.Added) {
	w.t.Helper()
	if status, code := w.call(at, "add", file, &added); status != http.StatusOK {
		w.t.Fatalf("status %d, %s", status, code)
	}
	return added
}

func (w *hall) find(at int, text string) ([]music.Hit, music.Coverage) {
	w.t.Helper()
	var a music.Answer
	w.call(at, "find", fmt.Appendf(nil, `{"text": %q}`, text), &a)
	return a.Songs, a.Coverage
}

// approval gets one of kind captcha for a node.
func (w *hall) approval(at int) string {
	w.t.Helper()
	c, err := client.Connect(w.t.Context(), client.Options{Addresses: []string{w.nodes[at].Address()}, WorkerChange: -1})
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	q, err := c.ApprovalQuestion(w.t.Context(), "captcha", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(q.Answer(w.solve(q)))
	if err != nil {
		w.t.Fatal(err)
	}
	return "approvalInfo=" + url.QueryEscape(string(text))
}

// solve reads a captcha as a person would, by asking its approvers what they have drawn.
func (w *hall) solve(q *client.Question) string {
	w.t.Helper()
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, approver := range q.Approvers {
		for _, n := range w.nodes {
			if n.Address() != approver {
				continue
			}
			err := n.Do(w.t.Context(), func(n *core.Node) {
				for _, row := range n.State().Approvals {
					if row.Key == q.Key {
						texts = append(texts, row.Answer)
					}
				}
			})
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	answer, err := pictures.ExpectedAnswer(texts)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// A song goes in at one node and is found and played at another, a part of it too.
func TestASongIsUploadedFoundAndPlayed(t *testing.T) {
	w := newHall(t, 4)
	picture, sound := audiotest.PNG(20), audiotest.Frames(100, 7)
	file := append(audiotest.ID3("TPE1", "queen", "TIT2", "bohemian rhapsody", "TALB", "Opera", "APIC", string(picture)), sound...)
	added := w.mustAdd(0, file)
	if added.Title != "Queen - Bohemian Rhapsody" || !added.Best || added.Copies < 2 || added.Size != int64(len(sound)) {
		t.Errorf("%+v", added)
	}
	for at := range w.nodes {
		songs, coverage := w.find(at, "rapsody")
		if len(songs) != 1 || songs[0].Audio != added.Audio || songs[0].Tags.Album != "Opera" || coverage.Answered != 4 {
			t.Fatalf("node %d finds %+v, %+v", at, songs, coverage)
		}
		resp, data := w.request("GET", w.url(at, "/music/audio/"+added.Audio+".mp3"), nil)
		if !bytes.Equal(data, sound) || resp.Header.Get("Content-Type") != "audio/mpeg" || resp.Header.Get("ETag") == "" {
			t.Errorf("node %d: %d bytes, %v", at, len(data), resp.Header)
		}
		resp, data = w.request("GET", w.url(at, "/music/audio/"+added.Audio), nil, "Range", "bytes=1000-1999")
		if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(data, sound[1000:2000]) {
			t.Errorf("node %d: a range has status %d and %d bytes", at, resp.StatusCode, len(data))
		}
		resp, data = w.request("GET", w.url(at, "/music/cover/"+added.Cover), nil)
		if !bytes.Equal(data, picture) || resp.Header.Get("Content-Type") != "image/png" {
			t.Errorf("node %d: a cover of %d bytes, %v", at, len(data), resp.Header)
		}
	}
}

// Defect of museria: every node rewrote the file that it kept, so copies differed. Here
// the audio never changes: other tags make another record of the same audio, which is
// stored once.
func TestTheAudioIsTheSameWithOtherTags(t *testing.T) {
	w := newHall(t, 3)
	sound := audiotest.Frames(50, 3)
	first := w.mustAdd(0, append(audiotest.ID3("TPE1", "A", "TIT2", "B"), sound...))
	second := w.mustAdd(1, append(audiotest.ID3("TPE1", "A", "TIT2", "B", "TALB", "Album"), sound...))
	if first.Audio != second.Audio || second.Tags.Album != "Album" {
		t.Errorf("%+v and %+v", first, second)
	}
	for at := range w.nodes {
		if songs, _ := w.find(at, "A B"); len(songs) != 1 || songs[0].Tags.Album != "Album" {
			t.Errorf("node %d finds %+v", at, songs)
		}
	}
}

// Defect of museria: an error while adding was thrown as undefined and ended as "route
// not found". Here each says what is wrong.
func TestABadUploadIsRefusedWithAReason(t *testing.T) {
	w := newHall(t, 1)
	good := audiotest.MP3("A", "B", 1)
	for name, c := range map[string]struct {
		path string
		file []byte
		code string
	}{
		"no bytes":                     {"add", nil, "ERR_MUSIC_LENGTH"},
		"no music":                     {"add", []byte(strings.Repeat("text ", 100)), "ERR_MUSIC_AUDIO"},
		"a page":                       {"add", []byte("<html><script>alert(1)</script>" + strings.Repeat(" ", 100)), "ERR_MUSIC_AUDIO"},
		"no tags":                      {"add", audiotest.Frames(10, 1), "ERR_MUSIC_TITLE"},
		"no artist":                    {"add", append(audiotest.ID3("TIT2", "B"), audiotest.Frames(10, 1)...), "ERR_MUSIC_TITLE"},
		"a long title":                 {"add", append(audiotest.ID3("TPE1", "A", "TIT2", strings.Repeat("x", 450)), audiotest.Frames(10, 1)...), "ERR_MUSIC_TITLE"},
		"a tag that claims to be huge": {"add", append(audiotest.Header(1<<28-1), good...), "ERR_MUSIC_TITLE"},
		"a strange priority":           {"add?priority=7", good, "ERR_MUSIC_PRIORITY"},
	} {
		status, code := w.call(0, c.path, c.file, nil)
		if status != http.StatusUnprocessableEntity || code != c.code {
			t.Errorf("%s: status %d, %q, want %q", name, status, code, c.code)
		}
	}
	if songs, _ := w.find(0, "A B"); len(songs) > 0 {
		t.Errorf("something is kept: %+v", songs)
	}
	nettest.Until(w.t, "nothing is left of them", func() bool {
		left, err := filepath.Glob(filepath.Join(w.data[0], "blobs", "*", "*", "?*"))
		return err == nil && len(slices.DeleteFunc(left, func(name string) bool { return len(filepath.Base(name)) != 64 })) == 0
	})
}

// Defect of museria: exported=1 and priority=1 skipped the captcha. Here no field of a
// request has the effect of an approval.
func TestPriorityTakesACaptcha(t *testing.T) {
	w := newHall(t, 4)
	file := audiotest.MP3("A", "B", 1)
	for _, path := range []string{
		"add?priority=1", "add?priority=1&exported=1&controlled=1", "add?exported=1&priority=1", "approved", "approved?priority=1&exported=1",
		"add?priority=1&approvalInfo=%7B%7D",
	} {
		if status, code := w.call(0, path, file, nil); status != http.StatusUnprocessableEntity || !strings.Contains(code, "APPROVAL") {
			t.Errorf("%s: status %d, %s", path, status, code)
		}
	}
	for _, path := range []string{"/api/node/add-song?exported=1&priority=1", "/client/documents/put", "/client/documents/add", "/client/files/put"} {
		if resp, _ := w.request("POST", w.url(0, path), file); resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	var added music.Added
	if status, code := w.call(0, "approved?"+w.approval(0), file, &added); status != http.StatusOK || added.Priority != music.Approved {
		t.Fatalf("with a captcha: status %d, %s, %+v", status, code, added)
	}
	if other := w.mustAdd(1, append(audiotest.ID3("TPE1", "A", "TIT2", "B"), audiotest.Frames(400, 2)...)); other.Best {
		t.Errorf("a longer file without captcha wins: %+v", other)
	}
	remove := fmt.Appendf(nil, `{"song": %q}`, added.Song)
	if status, code := w.call(2, "remove", remove, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a removal without captcha: status %d, %s", status, code)
	}
	var removed struct{ Removed int }
	if status, code := w.call(2, "remove?"+w.approval(2), remove, &removed); status != http.StatusOK || removed.Removed != 2 {
		t.Errorf("a removal with captcha: status %d, %s, %+v", status, code, removed)
	}
	nettest.Until(w.t, "its audio is removed too", func() bool {
		resp, _ := w.request("GET", w.url(3, "/music/audio/"+added.Audio), nil)
		return resp.StatusCode == http.StatusNotFound
	})
}

// Defect of museria: after a crash the cleaner removed songs whose record was not saved
// yet. Here a song that was acknowledged is there when its node is back, and nothing
// cleans.
func TestASongOutlastsARestart(t *testing.T) {
	w := newHall(t, 1)
	added := w.mustAdd(0, audiotest.MP3("A", "B", 1))
	w.nodes[0].Stop()
	c := config.Defaults()
	address := strings.Split(w.nodes[0].Address(), ":")
	c.Hostname, c.Data, c.Trusted = address[0], w.data[0], true
	fmt.Sscan(address[1], &c.Port)
	s, all, err := music.Extensions(music.Options{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(node.Options{Config: c, Extensions: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	go n.Run(context.WithoutCancel(t.Context()))
	if err := n.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.nodes[0], w.stores[0] = n, s
	if songs, _ := w.find(0, "A B"); len(songs) != 1 || songs[0].Audio != added.Audio {
		t.Errorf("after a restart: %+v", songs)
	}
	if resp, data := w.request("GET", w.url(0, "/music/audio/"+added.Audio), nil); resp.StatusCode != http.StatusOK || int64(len(data)) != added.Size {
		t.Errorf("its audio: status %d, %d bytes", resp.StatusCode, len(data))
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	w := newHall(t, 1)
	for path, body := range map[string]string{
		"find": `{"text": ""}`, "artist": `{`, "song": `{"text": "no title"}`, "find?": `{"text": "x", "limit": -1}`,
		"song?": `{"text": "` + strings.Repeat("x", 100_000) + `"}`,
	} {
		if status, code := w.call(0, path, []byte(body), nil); status != http.StatusUnprocessableEntity || code != "ERR_MUSIC_REQUEST" {
			t.Errorf("%s %.40s: status %d, %s", path, body, status, code)
		}
	}
	for _, path := range []string{"/music/audio/..%2f..%2fetc%2fpasswd", "/music/audio/x", "/music/cover/" + strings.Repeat("0", 63)} {
		if resp, _ := w.request("GET", w.url(0, path), nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	if resp, _ := w.request("GET", w.url(0, "/music/audio/"+strings.Repeat("0", 64)), nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("audio that is nowhere: status %d", resp.StatusCode)
	}
}

// What a node's owner allows is all that clients can do to it.
func TestUploadsAreLimited(t *testing.T) {
	w := newHall(t, 1, func(o *music.Options, _ *files.Options) {
		o.MaxSize, o.Cover, o.Tags, o.Kinds, o.Limit = 100_000, 100, 2000, []audio.Kind{audio.MP3}, 2
	})
	big := append(audiotest.ID3("TPE1", "A", "TIT2", "B"), audiotest.Frames(300, 1)...)
	if resp, _ := w.request("POST", w.url(0, "/client/music/add"), big); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large file: status %d", resp.StatusCode)
	}
	flac := append([]byte("fLaC\x80\x00\x00\x22"), make([]byte, 34)...)
	flac[18], flac[19], flac[20] = 0x0a, 0xc4, 0x42 // 44100 per second
	if status, code := w.call(0, "add", append(flac, 0xff, 0xf8, 0, 0), nil); status != http.StatusUnprocessableEntity || code != "ERR_MUSIC_AUDIO" {
		t.Errorf("another kind: status %d, %s", status, code)
	}
	long := append(audiotest.ID3("TPE1", "A", "TIT2", "B", "COMM", strings.Repeat("x", 3000)), audiotest.Frames(3, 1)...)
	if status, code := w.call(0, "add", long, nil); status != http.StatusUnprocessableEntity || code != "ERR_MUSIC_AUDIO" {
		t.Errorf("long tags: status %d, %s", status, code)
	}
	covered := append(audiotest.ID3("TPE1", "A", "TIT2", "B", "APIC", string(audiotest.PNG(40))), audiotest.Frames(3, 1)...)
	if added := w.mustAdd(0, covered); added.Cover != "" {
		t.Errorf("a large cover is kept: %+v", added)
	}
	w.mustAdd(0, audiotest.MP3("A", "Other", 2))
	if status, _ := w.call(0, "add", audiotest.MP3("A", "Third", 3), nil); status == http.StatusOK {
		t.Error("more songs are kept than the limit")
	}
	nettest.Until(w.t, "the file of the song that found no place is gone", func() bool {
		left, err := filepath.Glob(filepath.Join(w.data[0], "blobs", "files", "*", "?*"))
		return err == nil && len(slices.DeleteFunc(left, func(name string) bool { return len(filepath.Base(name)) != 64 })) == 2
	})
}

// Clients that send the same bytes at the same time do not take them from each other.
func TestTheSameFileIsUploadedByMany(t *testing.T) {
	w := newHall(t, 1)
	file := audiotest.MP3("A", "B", 1)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			resp, err := http.Post(w.url(0, "/client/music/add"), "audio/mpeg", bytes.NewReader(file))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if text, err := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
				t.Errorf("status %d, %s, %v", resp.StatusCode, text, err)
			}
		})
	}
	all.Wait()
	if left, err := filepath.Glob(filepath.Join(w.data[0], "blobs", "music", "*", "?*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// One host uploads no more in a day than the owner allows, by whatever route.
func TestAHostHasAQuota(t *testing.T) {
	file := audiotest.MP3("A", "B", 1)
	w := newHall(t, 1, func(_ *music.Options, o *files.Options) { o.HostQuota = files.Size(len(file)*3 - 1) })
	w.mustAdd(0, file)
	if resp, _ := w.request("POST", w.url(0, "/client/files/put"), file); resp.StatusCode != http.StatusOK {
		t.Errorf("a file: status %d", resp.StatusCode)
	}
	if status, code := w.call(0, "add", file, nil); status != http.StatusUnprocessableEntity || code != "ERR_FILES_QUOTA" {
		t.Errorf("a third upload: status %d, %s", status, code)
	}
}

// The copies of a song are visible.
func TestTheCopiesOfASongAreCounted(t *testing.T) {
	w := newHall(t, 4)
	w.mustAdd(0, append(audiotest.ID3("TPE1", "A", "TIT2", "B", "APIC", string(audiotest.PNG(20))), audiotest.Frames(10, 1)...))
	nettest.Until(w.t, "there are three copies of all", func() bool {
		var stat music.Stat
		w.call(3, "stat", []byte(`{"text": "A - B"}`), &stat)
		return stat.Wanted == 3 && stat.Records == 3 && stat.Audio == 3 && stat.Cover == 3 && stat.Versions == 1
	})
	if status, code := w.call(1, "stat", []byte(`{"text": "A - C"}`), nil); status != http.StatusUnprocessableEntity || code != "ERR_MUSIC_NONE" {
		t.Errorf("no song: status %d, %s", status, code)
	}
}

// A version that is not among the best is not kept, nor are its files.
func TestFilesOfVersionsThatLoseAreRemoved(t *testing.T) {
	w := newHall(t, 2)
	var last music.Added
	for i := range music.MaxVersions + 1 {
		file := append(audiotest.ID3("TPE1", "A", "TIT2", "B"), audiotest.Frames(100*(music.MaxVersions+2-i), byte(i))...)
		if last = w.mustAdd(0, file); last.Best != (i == 0) {
			t.Errorf("upload %d: %+v", i, last)
		}
	}
	worse := append(audiotest.ID3("TPE1", "A", "TIT2", "B"), audiotest.Frames(100, 99)...)
	w.mustAdd(1, worse)
	nettest.Until(w.t, "five versions have lost their files", func() bool {
		left := make(map[string]bool)
		for _, data := range w.data {
			found, _ := filepath.Glob(filepath.Join(data, "blobs", "files", "*", "?*"))
			for _, name := range found {
				if name = filepath.Base(name); len(name) == 64 {
					left[name] = true
				}
			}
		}
		return len(left) == music.MaxVersions
	})
}
