package documents_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"spreadable/client"
	"spreadable/client/documents"
	"spreadable/config"
	"spreadable/core/host"
	store "spreadable/extensions/documents"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// startNode runs a network of one node with the store.
func startNode(ctx context.Context, o store.Options) (n *node.Node, err error) {
	s, err := store.New(o)
	if err != nil {
		return nil, err
	}
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		return nil, err
	}
	c := config.Defaults()
	c.Hostname, c.Port = "127.0.0.1", uint16(ports[0])
	if n, err = node.New(node.Options{Config: c, Ephemeral: true, Extensions: []host.Extension{s}}); err != nil {
		return nil, err
	}
	go n.Run(context.WithoutCancel(ctx)) // until Stop
	return n, n.Ready(ctx)
}

func collections() store.Options {
	all := store.Rights{Update: store.Open, Delete: store.Open}
	owner := store.Rights{Add: store.Owner, Update: store.Owner, Delete: store.Owner}
	return store.Options{Collections: []store.Collection{
		{Name: "songs", Key: "title", Rights: all}, {Name: "guarded", Token: "secret"}, {Name: "pages", Rights: owner}, {Name: "default"},
		{Name: "guests", Rights: store.Rights{Add: store.ByApproval + "client"}},
		{Name: "hidden", Rights: store.Rights{Read: store.WithToken, Add: store.Closed}},
	}}
}

func connect(t *testing.T) *client.Client {
	t.Helper()
	n, err := startNode(t.Context(), collections())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	c, err := client.Connect(t.Context(), client.Options{Addresses: []string{n.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type song struct {
	Title string `json:"title"`
	Year  int    `json:"year"`
}

func TestOneDocument(t *testing.T) {
	songs := documents.Open(connect(t), "songs", "")
	ctx := t.Context()
	added, err := songs.Add(ctx, song{"Help!", 1964})
	if err != nil || string(added.Key) != `"Help!"` || added.Copies != 1 {
		t.Fatalf("%+v, %v", added, err)
	}
	if _, err := songs.Add(ctx, song{"Help!", 1964}); !errors.Is(err, documents.CodeExists) {
		t.Errorf("again: %v", err)
	}
	if _, err := songs.PutIf(ctx, song{"Help!", 1965}, added.Version); err != nil {
		t.Error(err)
	}
	if _, err := songs.PutIf(ctx, song{"Help!", 1966}, added.Version); !errors.Is(err, documents.CodeConflict) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := songs.Change(ctx, "Help!", map[string]bool{"live": true}); err != nil {
		t.Error(err)
	}
	var got song
	if d, err := songs.Get(ctx, "Help!", &got); err != nil || got.Year != 1965 || d.Copies != 1 || !strings.Contains(string(d.Document), `"live":true`) {
		t.Errorf("%+v, %+v, %v", d, got, err)
	}
	if _, err := songs.Delete(ctx, "Help!"); err != nil {
		t.Error(err)
	}
	if _, err := songs.Get(ctx, "Help!", nil); !errors.Is(err, documents.CodeMissing) {
		t.Errorf("after its deletion: %v", err)
	}
}

func TestManyDocuments(t *testing.T) {
	songs := documents.Open(connect(t), "songs", "")
	ctx := t.Context()
	var lines strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&lines, "{\"title\": %d, \"year\": %d}\n", i, 1900+i%100)
	}
	lines.WriteString("\n[]\nnonsense\n")
	var refused []documents.Refused
	count, err := songs.Import(ctx, strings.NewReader(lines.String()), false, func(r documents.Refused) { refused = append(refused, r) })
	if err != nil || count != 1200 || len(refused) != 2 || refused[0].Line+refused[1].Line != 1202+1203 {
		t.Fatalf("%d, %v, %v", count, refused, err)
	}
	var out strings.Builder
	if count, err = songs.Export(ctx, documents.Query{}, &out); err != nil || count != 1200 || strings.Count(out.String(), "\n") != 1200 {
		t.Errorf("%d exported, %v", count, err)
	}
	seen := 0
	for d, err := range songs.Find(ctx, documents.Query{Filter: json.RawMessage(`{"year": {"$gte": 1950}}`), Sort: []string{"-year"}, Limit: 550}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; len(d.Version) == 0 {
			t.Error("no version")
		}
	}
	if seen != 550 {
		t.Errorf("%d found", seen)
	}
	if n, exact, err := songs.Count(ctx, json.RawMessage(`{"year": 1950}`)); n != 12 || !exact || err != nil {
		t.Errorf("%d, %v, %v", n, exact, err)
	}
	if n, more, err := songs.ChangeWhere(ctx, json.RawMessage(`{"year": 1950}`), map[string]int{"year": 1}); n != 12 || more || err != nil {
		t.Errorf("%d, %v, %v", n, more, err)
	}
	if n, more, err := songs.DeleteWhere(ctx, json.RawMessage(`{"year": {"$gt": 1}}`)); n != 1000 || !more || err != nil {
		t.Errorf("%d, %v, %v", n, more, err)
	}
	if _, _, err := songs.DeleteWhere(ctx, nil); err == nil {
		t.Error("all are deleted")
	}
	checked := 0
	err = songs.Check(ctx, nil, func(d documents.Document) {
		if d.Copies == 1 && d.Wanted == 1 {
			checked++
		}
	})
	if err != nil || checked != 200 {
		t.Errorf("%d checked, %v", checked, err)
	}
	list, err := songs.GetMany(ctx, []json.RawMessage{[]byte(`50`), []byte(`150`), []byte(`"none"`)})
	if err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	stat, err := songs.Stat(ctx, []json.RawMessage{[]byte(`50`)})
	if err != nil || len(stat) != 1 || stat[0].Copies != 1 || stat[0].Wanted != 1 || stat[0].Document != nil {
		t.Errorf("%+v, %v", stat, err)
	}
}

// Every operation asks for its right.
func TestRights(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	hidden, stranger, friend := documents.Open(c, "hidden", ""), documents.Open(c, "guarded", "wrong"), documents.Open(c, "guarded", "secret")
	if _, err := stranger.Add(ctx, map[string]int{"id": 1}); err != nil {
		t.Error(err)
	}
	try := func(who *documents.Collection) map[string]error {
		all := make(map[string]error)
		_, all["put"] = who.Put(ctx, map[string]int{"id": 1})
		_, all["change"] = who.Change(ctx, 1, map[string]int{"n": 1})
		_, _, all["change some"] = who.ChangeWhere(ctx, json.RawMessage(`{"n": 1}`), map[string]int{"n": 2})
		_, _, all["delete some"] = who.DeleteWhere(ctx, json.RawMessage(`{"n": 5}`))
		_, all["delete"] = who.Delete(ctx, 1)
		return all
	}
	for what, err := range try(stranger) {
		if !errors.Is(err, documents.CodeToken) {
			t.Errorf("%s with a wrong token: %v", what, err)
		}
	}
	for what, err := range try(friend) {
		if err != nil {
			t.Errorf("%s with the token: %v", what, err)
		}
	}
	for what, err := range try(documents.Open(c, "default", "")) { // no token fits where there is none
		if !errors.Is(err, documents.CodeClosed) {
			t.Errorf("%s by default: %v", what, err)
		}
	}
	reads := make(map[string]error)
	_, reads["get"] = hidden.Get(ctx, 1, nil)
	_, reads["many"] = hidden.GetMany(ctx, []json.RawMessage{[]byte(`1`)})
	_, reads["stat"] = hidden.Stat(ctx, []json.RawMessage{[]byte(`1`)})
	_, _, reads["count"] = hidden.Count(ctx, nil)
	_, reads["export"] = hidden.Export(ctx, documents.Query{}, &strings.Builder{})
	_, reads["add"] = hidden.Add(ctx, map[string]int{"id": 1})
	for what, err := range reads {
		if !errors.Is(err, documents.CodeClosed) {
			t.Errorf("%s where it is closed: %v", what, err)
		}
	}
}

func TestAnOwnersDocuments(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	mine := documents.Owned(c, "pages", "id", ed25519.NewKeyFromSeed(make([]byte, 32)))
	for _, text := range []string{"one", "<two> & more"} {
		if _, err := mine.Put(ctx, "home", map[string]string{"text": text}); err != nil {
			t.Fatal(err)
		}
	}
	var page struct{ ID, Text string }
	pages := documents.Open(c, "pages", "")
	if _, err := pages.Get(ctx, mine.Key("home"), &page); err != nil || page.Text != "<two> & more" || page.ID != mine.Key("home") {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := pages.Put(ctx, page); err == nil {
		t.Error("another writes it")
	}
	if _, err := pages.Delete(ctx, page.ID); err == nil {
		t.Error("another deletes it")
	}
	if _, _, err := pages.DeleteWhere(ctx, json.RawMessage(`{"text": {"$exists": true}}`)); err == nil {
		t.Error("another deletes it by a filter")
	}
	if _, err := mine.Delete(ctx, "home"); err != nil {
		t.Error(err)
	}
	if _, err := pages.Get(ctx, mine.Key("home"), nil); !errors.Is(err, documents.CodeMissing) {
		t.Errorf("after its deletion: %v", err)
	}
	if _, err := mine.Put(ctx, "home", []int{1}); err == nil {
		t.Error("a list is a document")
	}
}

// What needs an approval is done once for one.
func TestAnApproval(t *testing.T) {
	c := connect(t)
	guests := documents.Open(c, "guests", "")
	if _, err := guests.Add(t.Context(), map[string]int{"id": 1}); err == nil || !strings.Contains(err.Error(), "approved/client/") {
		t.Errorf("without an approval: %v", err)
	}
	q, err := c.ApprovalQuestion(t.Context(), "client", nil)
	if err != nil {
		t.Fatal(err)
	}
	approval, _ := json.Marshal(q.Answer(q.Text))
	post := func(info string) int {
		path := "http://" + c.Worker() + "/client/documents/approved/client/add?approvalInfo=" + url.QueryEscape(info)
		resp, err := http.Post(path, "application/json", strings.NewReader(`{"collection": "guests", "document": {"id": 1}}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if first, again, none := post(string(approval)), post(string(approval)), post("{}"); first != 200 || again == 200 || none == 200 {
		t.Errorf("statuses %d, %d and %d", first, again, none)
	}
	if _, err := guests.Get(t.Context(), 1, nil); err != nil {
		t.Error(err)
	}
}

// What is no request is refused in one line, whatever it is.
func TestBadRequests(t *testing.T) {
	c := connect(t)
	for endpoint, body := range map[string]any{
		"documents/get":   map[string]any{"collection": "songs"},
		"documents/find":  map[string]any{"collection": "songs", "limit": 1 << 30},
		"documents/put":   map[string]any{"collection": "songs", "document": "x"},
		"documents/add":   map[string]any{"collection": "songs", "documents": make([]int, 1001)},
		"documents/stat":  map[string]any{"collection": "songs", "keys": make([]int, 1001)},
		"documents/count": map[string]any{"collection": "../songs"}, "documents/change": map[string]any{"collection": 5},
		"documents/delete": map[string]any{"collection": "songs", "keys": []any{nil}},
	} {
		err := c.Request(t.Context(), endpoint, body, nil)
		if e := (*client.Error)(nil); !errors.As(err, &e) || e.Status < 400 || e.Status > 422 || !strings.HasPrefix(string(e.Code), "ERR_DOCUMENTS_") {
			t.Errorf("%s: %v", endpoint, err)
		} else {
			t.Logf("%s: %v", endpoint, err)
		}
	}
}

// Keep songs in a network, and find them again.
func Example() {
	ctx := context.Background()
	n, err := startNode(ctx, collections()) // a network of one node, for the example
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop()

	c, err := client.Connect(ctx, client.Options{Addresses: []string{n.Address()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	songs := documents.Open(c, "songs", "")
	for _, s := range []song{{"Help!", 1965}, {"Yesterday", 1965}, {"Let It Be", 1970}} {
		if _, err := songs.Add(ctx, s); err != nil {
			fmt.Println(err)
		}
	}
	for d, err := range songs.Find(ctx, documents.Query{Filter: json.RawMessage(`{"year": 1965}`), Sort: []string{"-title"}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(d.Document))
	}
	// Output:
	// {"title":"Yesterday","year":1965}
	// {"title":"Help!","year":1965}
}

// A request that can be read in two ways is refused, and so is a condition that is none:
// otherwise it would change more than its client means.
func TestAChangeIsNeverWiderThanMeant(t *testing.T) {
	c := connect(t)
	songs := documents.Open(c, "songs", "")
	added, err := songs.Add(t.Context(), song{"Help!", 1964})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := songs.PutIf(t.Context(), song{"Help!", 1}, documents.Version{}); err == nil {
		t.Error("a document was replaced under the version of no document")
	}
	for endpoint, bodies := range map[string][]string{
		"put": {
			`{"collection": "songs", "document": {"title": "Help!"}, "ifVersion": ""}`,
			`{"collection": "songs", "document": {"title": "Help!"}, "ifVersion": "00000000000000000000000000000000"}`,
			`{"collection": "songs", "documents": [{"title": "Help!"}], "ifVersion": "00000000000000000000000000000001"}`,
		},
		"change": {`{"collection": "songs", "key": "x", "filter": {"year": 1964}, "set": {"year": 1}}`},
		"delete": {
			`{"collection": "songs", "key": "x", "filter": {"year": 1964}}`, `{"collection": "songs", "key": "x", "keys": ["Help!"]}`,
			`{"collection": "songs", "keys": ["Help!"], "ifVersion": "00000000000000000000000000000001"}`,
			`{"collection": "songs", "filter": {"year": 1964}, "ifVersion": "00000000000000000000000000000001"}`,
		},
	} {
		for _, body := range bodies {
			err := c.Request(t.Context(), "documents/"+endpoint, json.RawMessage(body), nil)
			if !errors.Is(err, client.Code("ERR_DOCUMENTS_REQUEST")) {
				t.Errorf("%s %s: %v", endpoint, body, err)
			}
		}
	}
	var found song
	if d, err := songs.Get(t.Context(), "Help!", &found); err != nil || found.Year != 1964 || d.Version != added.Version {
		t.Errorf("%+v, %v", found, err)
	}
}
