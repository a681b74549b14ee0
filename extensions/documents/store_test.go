package documents_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/documents/schema"
)

func TestADocumentIsKeptByThreeAndReadEverywhere(t *testing.T) {
	w := newTown(t, 9, things())
	result, err := w.put(2, `{"id": "a", "n": 1}`)
	if err != nil || result.Key != `"a"` || result.Copies < 2 || result.Wanted != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	w.Run(time.Second)
	if got := w.holders("a"); len(got) != 3 {
		t.Errorf("holders: %v", got)
	}
	f := w.get(5, "a")
	for at := 1; at <= 9; at++ {
		w.expect(at, "a", `{"id":"a","n":1}`)
	}
	if f.Copies != 3 || f.Wanted != 3 || f.Version != result.Version || f.Coverage != (host.Coverage{Asked: 9, Answered: 9}) {
		t.Errorf("%+v", f)
	}
	w.expect(5, "b", "")
}

// Key 0, the empty text, null and missing fields are ordinary.
func TestUnusualKeysAndValuesAreOrdinary(t *testing.T) {
	w := newTown(t, 4, things())
	for _, tt := range []struct {
		key  any
		text string
	}{
		{0, `{"id":0,"n":null}`}, {"", `{"id":""}`}, {"0", `{"id":"0"}`}, {-1.5, `{"id":-1.5}`}, {"../../etc/passwd", `{"id":"../../etc/passwd"}`},
		{"a\x00b", `{"id":"a\u0000b"}`}, {1e21, `{"id":1e+21}`}, {"ключ", `{"big":12345678901234567890,"id":"ключ"}`},
	} {
		w.mustPut(1, tt.text)
		w.expect(3, tt.key, tt.text)
	}
	made := w.mustPut(1, `{"n": 1}`)
	if f := w.stored(2, made.Key); f.Document == nil {
		t.Errorf("a document without a key got %s, and is not there", made.Key)
	}
	w.mustPut(1, `{"id": -0}`)
	w.expect(2, 0, `{"id":-0}`)
	for _, text := range []string{
		`{"id": null}`, `{"id": true}`, `{"id": []}`, `[]`, `1`, ``, `{`, `{} {}`, `null`,
		`{"id": 9007199254740993}`, `{"id": 1e-999999}`, `{"id": "a", "n": 1e999}`, `{"id": "a", "n": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		if _, err := w.put(1, text); err == nil {
			t.Errorf("%.40s is taken", text)
		} else {
			t.Logf("%.40s: %v", text, err)
		}
	}
}

func (w *town) stored(at int, key string) (f documents.Found) {
	w.do(at, func(t *host.Task, s *documents.Store) { f, _ = s.Get(t, "things", key) })
	return f
}

func TestConditions(t *testing.T) {
	w := newTown(t, 9, things())
	first := w.mustPut(1, `{"id": 1, "n": 1}`)
	_, err := w.put(4, `{"id": 1, "n": 2}`, ifAbsent)
	expectError(t, "absent", err, documents.ErrExists)
	second, err := w.put(7, `{"id": 1, "n": 3}`, func(x *documents.Write) { x.IfVersion = first.Version })
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.put(2, `{"id": 1, "n": 4}`, func(x *documents.Write) { x.IfVersion = first.Version })
	expectError(t, "an old version", err, documents.ErrConflict)
	w.expect(5, 1, `{"id":1,"n":3}`)
	if second.Version.Compare(first.Version) <= 0 {
		t.Error("the second version is older")
	}
	_, err = w.put(2, `{"id": 2}`, func(x *documents.Write) { x.IfPresent = true })
	expectError(t, "present", err, documents.ErrMissing)
	expectError(t, "delete", w.remove(3, 2), documents.ErrMissing)
	if err := w.remove(3, 1); err != nil {
		t.Error(err)
	}
	if _, err := w.put(4, `{"id": 1, "n": 5}`, ifAbsent); err != nil {
		t.Errorf("what was deleted is not absent: %v", err)
	}
	w.expect(5, 1, `{"id":1,"n":5}`)
}

func TestFieldsAreChangedAndOthersStay(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": 1, "a": 1, "b": 12345678901234567890}`)
	change := func(key any, set string) (err error) {
		w.do(3, func(t *host.Task, s *documents.Store) {
			_, err = s.Change(t, documents.Write{Collection: "things", Key: documents.Key(key), Document: []byte(set)})
		})
		return err
	}
	if err := change(1, `{"a": null, "c": [1]}`); err != nil {
		t.Fatal(err)
	}
	w.expect(6, 1, `{"a":null,"b":12345678901234567890,"c":[1],"id":1}`)
	expectError(t, "what is not there", change(2, `{"a": 1}`), documents.ErrMissing)
	if err := change(1, `{"id": 2}`); err == nil {
		t.Error("the key was changed")
	}
}

// Defect of metastocle: functions of a field ran at each reader, and what they had made was
// written back, so that 100 became 96, 93 and 90. Here a setter runs when its field is
// written, and never again: not in copies, in reads, in repair or when others are changed.
func TestASetterRunsOnceForEachWrite(t *testing.T) {
	less := func(value any) any { return value.(float64) - 4 }
	o := things()
	o.Collections[0].Schema = &schema.Field{Type: "object", Fields: map[string]*schema.Field{
		"n":     {Type: "number", Set: less},
		"inner": {Type: "object", Fields: map[string]*schema.Field{"n": {Type: "number", Set: less}}},
		"list":  {Type: "list", Items: &schema.Field{Type: "number", Set: less}},
	}}
	w := newTown(t, 9, o)
	w.mustPut(1, `{"id": 1, "n": 100, "inner": {"n": 100}, "list": [100]}`)
	everywhere := func(text string) {
		t.Helper()
		for at := 1; at <= 9; at++ {
			w.expect(at, 1, text)
		}
	}
	everywhere(`{"id":1,"inner":{"n":96},"list":[96],"n":96}`)
	change := func(set string) {
		w.do(3, func(task *host.Task, s *documents.Store) {
			if _, err := s.Change(task, documents.Write{Collection: "things", Key: "1", Document: []byte(set)}); err != nil {
				t.Error(err)
			}
			if n, _, err := s.ChangeSome(task, documents.Select{Collection: "things", Filter: []byte(`{"id": 1}`), Set: []byte(set)}); n != 1 || err != nil {
				t.Errorf("%d changed, %v", n, err)
			}
		})
		w.Run(time.Second)
	}
	change(`{"m": 1}`)
	everywhere(`{"id":1,"inner":{"n":96},"list":[96],"m":1,"n":96}`)
	change(`{"n": 50}`)
	everywhere(`{"id":1,"inner":{"n":96},"list":[96],"m":1,"n":46}`)
	w.Host(uint32(w.holders(1)[0])).Crash(false)
	w.Run(5 * time.Minute)
	for _, at := range w.holders(1) {
		if w.Host(uint32(at)).Up {
			w.expect(at, 1, `{"id":1,"inner":{"n":96},"list":[96],"m":1,"n":46}`)
		}
	}
}

// Three adds of one key at once: one wins, the others are told.
func TestOfRivalsForAKeyOneWins(t *testing.T) {
	w := newTown(t, 9, things())
	won := 0
	texts := []string{`{"id":"k","by":2}`, `{"id":"k","by":5}`, `{"id":"k","by":8}`}
	for i, at := range []int{2, 5, 8} {
		w.Host(uint32(at)).Node.Go(func(task *host.Task) {
			_, err := w.stores[at].Put(task, documents.Write{Collection: "things", Document: []byte(texts[i]), IfAbsent: true})
			if err == nil {
				won++
			} else {
				expectError(t, "a loser", err, documents.ErrExists)
			}
		})
	}
	w.Run(30 * time.Second)
	if won != 1 {
		t.Errorf("%d have won", won)
	}
	f := w.get(1, "k")
	for at := 2; at <= 9; at++ {
		w.expect(at, "k", string(f.Document))
	}
	if got := w.holders("k"); len(got) != 3 {
		t.Errorf("holders: %v", got)
	}
}

// An update while a holder is away: all read the new version, also when it is back, and the
// next read after that brings it to the holder.
func TestAnUpdateWhileAHolderIsAway(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": "a", "n": 1}`)
	away := w.holders("a")[0]
	entry := away%9 + 1
	w.Host(uint32(away)).Up = false
	w.mustPut(entry, `{"id": "a", "n": 2}`)
	w.Host(uint32(away)).Revive()
	for at := 1; at <= 9; at++ {
		w.expect(at, "a", `{"id":"a","n":2}`)
	}
	w.Run(5 * time.Minute)
	w.get(entry, "a")
	w.Run(10 * time.Second)
	for _, at := range w.holders("a") {
		v, _ := w.stores[at].Has("things", `"a"`)
		if v != w.get(1, "a").Version {
			t.Errorf("node %d has an old version still", at)
		}
	}
}

// A deletion while a holder is away: it stays deleted, and a new document of the key is new.
func TestADeletionWhileAHolderIsAway(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": "a", "n": 1}`)
	away := w.holders("a")[0]
	entry := away%9 + 1
	w.Host(uint32(away)).Up = false
	if err := w.remove(entry, "a"); err != nil {
		t.Fatal(err)
	}
	w.Host(uint32(away)).Revive()
	for at := 1; at <= 9; at++ {
		w.expect(at, "a", "")
	}
	w.Run(time.Minute)
	if got := w.holders("a"); len(got) != 0 {
		t.Errorf("nodes %v have it still", got)
	}
	w.mustPut(away, `{"id": "a", "n": 2}`)
	w.expect(entry, "a", `{"id":"a","n":2}`)
}

// A holder that refuses is replaced, and the copies are made all the same.
func TestAFullNodeIsReplaced(t *testing.T) {
	o := things()
	o.Collections[0].Limit = 2
	w := newTown(t, 9, o)
	for i := range 6 { // 9 nodes, 2 documents each, 3 copies
		result := w.mustPut(i+1, `{"id": `+documents.Key(i)+`}`)
		if got := w.holders(i); len(got) != 3 || result.Wanted != 3 {
			t.Errorf("document %d is at %v", i, got)
		}
	}
	if _, err := w.put(1, `{"id": 6}`); err == nil {
		t.Error("a document more than all can keep")
	} else {
		t.Log(err)
	}
	w.mustPut(2, `{"id": 3, "n": 1}`) // no more documents than there were
}

func TestAFullNodeEvictsTheOldest(t *testing.T) {
	o := things()
	o.Collections[0].Limit, o.Collections[0].Evict = 2, true
	w := newTown(t, 1, o)
	for i := range 4 {
		w.mustPut(1, `{"id": `+documents.Key(i)+`}`)
	}
	w.mustPut(1, `{"id": 2, "n": 1}`)
	w.mustPut(1, `{"id": 4}`)
	var left []int
	for i := range 5 {
		if len(w.holders(i)) > 0 {
			left = append(left, i)
		}
	}
	if !slices.Equal(left, []int{2, 4}) {
		t.Errorf("left are %v", left)
	}
}

// What was read a short while ago costs a request to each holder, and is the newest all the
// same, wherever it was written and whichever holder has gone.
func TestWhereADocumentIsIsRemembered(t *testing.T) {
	w := newTown(t, 9, things())
	w.mustPut(1, `{"id": "a", "n": 1}`)
	w.get(5, "a")
	if queries, directs := w.questions(func() { w.get(5, "a") }); queries != 0 || directs != 3 {
		t.Errorf("%d questions and %d requests", queries, directs)
	}
	w.mustPut(7, `{"id": "a", "n": 2}`)
	w.expect(5, "a", `{"id":"a","n":2}`)
	away := w.holders("a")[0]
	w.Host(uint32(away)).Up = false
	if entry := away%9 + 1; entry != 5 {
		w.mustPut(entry, `{"id": "a", "n": 3}`)
		w.expect(5, "a", `{"id":"a","n":3}`)
	}
	if err := w.remove(away%9+1, "a"); err != nil {
		t.Fatal(err)
	}
	w.expect(5, "a", "")
}

// A node whose disk is full keeps what it has, refuses more, and lets itself be relieved of
// what is deleted.
func TestAFullDiskLosesNothing(t *testing.T) {
	for _, evict := range []bool{false, true} {
		o := things()
		o.Collections[0].Evict, o.Collections[0].MaxSize = evict, 1<<30
		w := newTown(t, 1, o)
		w.mustPut(1, `{"id":"a","n":1}`)
		w.Host(1).Disk().BucketOf("documents").Limit = 3000
		long := `{"id":"b","text":"` + strings.Repeat("x", 4000) + `"}`
		if _, err := w.put(1, long); err == nil {
			t.Error("more than there is space for")
		}
		{
			if _, err := w.put(1, `{"id":"a","text":"`+strings.Repeat("x", 4000)+`"}`); err == nil {
				t.Error("a longer version than there is space for")
			}
			w.expect(1, "a", `{"id":"a","n":1}`)
		}
		if f := w.get(1, "a"); f.Document != nil {
			if err := w.remove(1, "a"); err != nil {
				t.Error(err)
			}
		}
	}
}
