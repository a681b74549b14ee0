package music

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/host"
)

// someRecord is one of few songs, in one of few versions.
func someRecord(t *rapid.T) record {
	r := record{Format: format, Version: version(t)}
	r.Title = rapid.SampledFrom([]string{"Queen - Heroes", "Queen - Heroes (feat. B)", "Bowie - Heroes", "Queen - Other"}).Draw(t, "song")
	r.Song = strings.ToLower(r.Title[:strings.Index(r.Title+" (", " (")])
	r.ID = idOf(r.Song, &r.Version)
	return r
}

func someQuestion(t *rapid.T) *question {
	return &question{
		By:    rapid.SampledFrom([]by{bySimilar, byWords, byArtist, bySong}).Draw(t, "by"),
		Text:  rapid.SampledFrom([]string{"Queen - Heroes", "queen - heroes", "heroes", "queen"}).Draw(t, "text"),
		Least: 0.91, Limit: rapid.IntRange(1, 3).Draw(t, "limit"),
	}
}

// Answers merge to the same in any grouping and order, stay valid, and leave out nothing
// that fits.
func TestAnswersMergeInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := someQuestion(t)
		if q.check() != nil {
			return
		}
		var parts [3][]record
		for i := range parts {
			for range rapid.IntRange(0, 3).Draw(t, "records") {
				parts[i] = append(parts[i], someRecord(t))
			}
		}
		merge := func(answers ...*found) *found {
			var given []host.Given[found]
			for _, a := range answers {
				if a != nil {
					given = append(given, host.Given[found]{Answer: a})
				}
			}
			return mergeFound(q, given, math.MaxInt64)
		}
		a, b, c := settle(q, parts[0]), settle(q, parts[1]), settle(q, parts[2])
		left, right := merge(merge(a, b), c), merge(a, merge(c, b))
		if !reflect.DeepEqual(left, right) {
			t.Fatalf("%+v: %+v or %+v", q, left, right)
		}
		if err := validFound(q, left); err != nil {
			t.Fatal(err)
		}
		if n := len(bySongs(left.Versions)); n > q.Limit {
			t.Fatalf("%d songs, at most %d", n, q.Limit)
		}
	})
}

// What a liar answers is refused, or is as good as nothing.
func TestLiesAreNoAnswers(t *testing.T) {
	good := record{Format: format, Song: "a - b", Version: one(func(*Version) {}).Versions[0]}
	good.ID = idOf(good.Song, &good.Version)
	q := &question{By: byWords, Text: "a b", Limit: 1}
	if err := validFound(q, &found{[]record{good}}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*record){
		"another version under this name": func(r *record) { r.Audio = strings.Repeat("b", 64) },
		"a path":                          func(r *record) { r.Audio = "../../etc/passwd"; r.ID = idOf(r.Song, &r.Version) },
		"no key":                          func(r *record) { r.Song = ""; r.ID = idOf(r.Song, &r.Version) },
		"a later format":                  func(r *record) { r.Format++ },
		"a page as cover":                 func(r *record) { r.Cover, r.CoverType = r.Audio, "text/html"; r.ID = idOf(r.Song, &r.Version) },
	} {
		bad := good
		change(&bad)
		if validFound(q, &found{[]record{bad}}) == nil {
			t.Errorf("%s is an answer", name)
		}
	}
	many := &found{}
	for range q.Limit*perSong + 1 {
		many.Versions = append(many.Versions, good)
	}
	if validFound(q, many) == nil {
		t.Error("more than was asked for is an answer")
	}
	if f := settle(&question{By: byWords, Text: "else", Limit: 1}, []record{good}); f != nil {
		t.Errorf("what does not fit is found: %+v", f)
	}
}

// The owner sees that there are documents which this node passes over.
func TestUnreadableDocumentsAreCounted(t *testing.T) {
	s := &Store{count: counters{unreadable: new(host.Counter)}}
	changed := s.collection().Changed
	good := record{Format: format, Song: "a - b", Version: one(func(*Version) {}).Versions[0]}
	good.ID = idOf(good.Song, &good.Version)
	for _, r := range []record{good, {ID: "a later format", Format: format + 1}, {}} {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		changed(docKey(r.ID), time.Hour, text)
	}
	changed("no key", 0, nil)
	changed(docKey(good.ID), 0, nil)
	if got := s.count.unreadable.Value(); got != 3 {
		t.Errorf("%d documents are counted, want 3", got)
	}
}

// The shelf follows whatever the document store has, and passes over what is no record.
func FuzzShelf(f *testing.F) {
	good := record{Format: format, Song: "a - b", Version: one(func(*Version) {}).Versions[0]}
	good.ID = idOf(good.Song, &good.Version)
	text, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fmt.Sprintf("%q", good.ID), text)
	f.Add(`""`, []byte(`{}`))
	f.Fuzz(func(t *testing.T, key string, document []byte) {
		var s shelf
		s.changed(key, 0, document)
		s.changed(key, 0, document)
		if len(s.versions) > 1 || len(s.versions) != s.index.Len() || len(s.songs) != len(s.versions) {
			t.Fatalf("%q: %+v", document, s)
		}
		s.changed(key, 0, nil)
		if len(s.versions)+len(s.songs)+s.index.Len() != 0 {
			t.Fatalf("after %q has gone: %+v", document, s)
		}
	})
}
