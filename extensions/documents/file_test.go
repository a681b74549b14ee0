package documents_test

import (
	"strings"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
)

const songs = `
max_skew: 30m
repair_rate: 2MiB
repair_every: 2h
repair_pause: 10s
collections:
  songs:
    key: title
    copies: auto
    acks: 1
    max_document: 8KiB
    limit: 1000
    max_size: 1GiB
    full: evict
    tombstones: 60d
    rights: {read: open, add: token, update: closed, delete: token}
    token: "a secret"
    schema:
      strict: true
      fields:
        title: {type: text, required: true, max: 100}
        year: {type: integer, min: 1900, nullable: true}
        genre: {type: text, values: [rock, jazz], default: rock}
        tags: {type: list, items: {type: text}}
  other:
`

func TestAFileOfCollections(t *testing.T) {
	o, err := documents.Parse("songs.yaml", []byte(songs))
	if err != nil {
		t.Fatal(err)
	}
	if o.MaxSkew != 30*time.Minute || o.RepairRate != 2<<20 || o.RepairEvery != 2*time.Hour || o.RepairPause != 10*time.Second || len(o.Collections) != 2 {
		t.Errorf("%+v", o)
	}
	c := o.Collections[1]
	rights := documents.Rights{Read: documents.Open, Add: documents.WithToken, Update: documents.Closed, Delete: documents.WithToken}
	if c.Name != "songs" || c.Key != "title" || c.Copies != "auto" || c.Acks != 1 || c.MaxDocument != 8<<10 || c.Limit != 1000 ||
		c.MaxSize != 1<<30 || !c.Evict || c.Tombstones != 60*24*time.Hour || c.Rights != rights || c.Token != "a secret" {
		t.Errorf("%+v", c)
	}
	w := newTown(t, 1, o)
	put := func(text string) (err error) {
		w.do(1, func(t *host.Task, s *documents.Store) {
			_, err = s.Put(t, documents.Write{Collection: "songs", Document: []byte(text)})
		})
		return err
	}
	if err := put(`{"title": "a", "year": null}`); err != nil {
		t.Error(err)
	}
	w.do(1, func(task *host.Task, s *documents.Store) {
		if f, _ := s.Get(task, "songs", `"a"`); string(f.Document) != `{"genre":"rock","title":"a","year":null}` {
			t.Errorf("%s", f.Document)
		}
	})
	for text, want := range map[string]string{
		`{"title": "b", "year": 5}`:                     "year: want at least 1900",
		`{"title": "b", "album": 5}`:                    `"album": there is no such field`,
		`{"title": "b", "tags": [5]}`:                   "tags: 0: want type text",
		`{"year": 1999}`:                                "title: it is required",
		`{"title": "` + strings.Repeat("x", 101) + `"}`: "title: want at most 100 characters",
	} {
		if err := put(text); want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestBadFilesOfCollections(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                          "collections: want 1 to 1000",
		"collections: {a b: }":                                      "name: want",
		"collection: {a: }":                                         "collection",
		"collections: {a: {copies: many}}":                          "want auto",
		"collections: {a: {acks: -1}}":                              "acks",
		"collections: {a: {max_document: 1GiB}}":                    "max_document",
		"collections: {a: {max_size: big}}":                         "want a size",
		"collections: {a: {full: maybe}}":                           "want refuse or evict",
		"collections: {a: {full: evict}}":                           "evict needs a limit",
		"collections: {a: {tombstones: 1s}}":                        "tombstones: want",
		"collections: {a: {tombstones: x}}":                         "want a time",
		"collections: {a: {rights: {add: all}}}":                    "want open, token, closed, owner or approval:KIND",
		"collections: {a: {key: a.b}}":                              "want the name of a field",
		"collections: {a: {limit: -1}}":                             "limit",
		"collections: {a: {schema: {type: list}}}":                  "documents are objects",
		"collections: {a: {schema: {strict: true}}}":                "has no field id",
		"collections: {a: {schema: {fields: {b: {type: string}}}}}": "want text, number",
		"collections: {a: }\nmax_skew: 1ms":                         "max_skew",
		"collections: {a: }\nrepair_rate: -5":                       "want a size",
	} {
		_, err := documents.Parse("bad.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bad.yaml") {
			t.Errorf("%q: %v, want %q", text, err, want)
		} else {
			t.Logf("%v", err)
		}
	}
	two := documents.Options{Collections: []documents.Collection{{Name: "a"}, {Name: "a"}}}
	if _, err := documents.New(two); err == nil {
		t.Error("two collections of a name")
	}
}
