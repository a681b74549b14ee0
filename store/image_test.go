package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"spreadable/core/state"
)

// sample is a state file of some pages, branches among them, and what is in it.
func sample(t testing.TB) (file []byte, saved state.State) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &state.Changes{Whole: true}
	for i := range c.Sections {
		c.Sections[i] = true
	}
	c.State.Self = "10.0.0.1:4000"
	for i := range 200 { // long enough for a value on several pages
		c.State.Masters = append(c.State.Masters, state.Master{Address: fmt.Sprintf("10.0.1.%d:4000", i), Size: 3, Seen: time.Duration(i)})
	}
	own := state.Branch{Name: "10.0.2.1:4000", Head: "10.0.2.2:4000", Size: 7}
	c.State.Tree = state.Tree{Network: "10.0.2.3:4000", Path: []state.Branch{own}, Lists: [][]state.Branch{{own}}}
	for i := range 150 { // enough for branches
		c.State.Keys = append(c.State.Keys, state.Key{Key: fmt.Sprintf("key %03d", i), Approvers: []string{"10.0.0.1:4000"}, Until: time.Hour})
	}
	for range 3 {
		// several transactions leave pages that are not in use any more
		c.State.SyncCount++
		if err := s.Save(c); err != nil {
			t.Fatal(err)
		}
	}
	cache, err := s.Cache("a", CacheOptions{})
	if err == nil {
		err = cache.Set("key", []byte("value"))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if file, err = os.ReadFile(filepath.Join(dir, stateName)); err != nil {
		t.Fatal(err)
	}
	return file, c.State
}

func inspectBytes(file []byte) (*found, error) {
	return inspect(bytes.NewReader(file), int64(len(file)))
}

// Our own reading of a file finds what bbolt wrote.
func TestImageReadsWhatBoltWrote(t *testing.T) {
	file, saved := sample(t)
	f, err := inspectBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	if f.schema != schemaVersion || !f.hasState || !reflect.DeepEqual(f.saved, saved) {
		t.Errorf("got %+v\nwant %+v", f, saved)
	}
}

// No flipped bit outside the meta pages passes unless it hits nothing that is in use:
// what passes is the whole state.
func TestImageNoticesEveryBit(t *testing.T) {
	const flips = 1000
	file, saved := sample(t)
	random := rand.New(rand.NewPCG(3, 4))
	passed := 0
	file = file[:96<<10]
	for range flips {
		bit := 2*os.Getpagesize()*8 + random.IntN(64<<10*8)
		file[bit/8] ^= 1 << (bit % 8)
		f, err := inspectBytes(file)
		file[bit/8] ^= 1 << (bit % 8)
		switch {
		case err == nil && !reflect.DeepEqual(f.saved, saved):
			t.Fatalf("bit %d of byte %d passes and makes another state", bit%8, bit/8)
		case err == nil:
			passed++
		case !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer):
			t.Fatalf("bit %d of byte %d: %v", bit%8, bit/8, err)
		}
	}
	if passed == 0 || passed == flips {
		t.Errorf("%d of %d flipped bits passed: none of them, or all, hit what is in use", passed, flips)
	}
}

// A file is refused wherever it ends.
func TestImageNoticesWhereAFileEnds(t *testing.T) {
	file, _ := sample(t)
	m, err := readImage(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	end := int(m.pages * m.pageSize)
	if _, err := inspectBytes(file[:end]); err != nil {
		t.Errorf("what lies behind the last page in use is missed: %v", err)
	}
	for at := 0; at < end; at += 97 {
		if _, err := inspectBytes(file[:at]); err == nil {
			t.Fatalf("a file that ends at %d of %d bytes passes", at, end)
		}
	}
}

// The next version's program takes this one's state over in one transaction, or not at
// all.
func TestMigration(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	move := func(w *writer) error {
		return errors.Join(w.put(nodeBucket, []byte("place"), []byte(`{"Backlink":"a"}`)), w.delete(cacheBucket, []byte("old")))
	}
	fail := func(*writer) error { return errors.New("no way") }
	steps := slices.Concat(migrations, []func(*writer) error{move})
	want := fmt.Sprintf("migrate from version %d: no way", schemaVersion+1)
	if err := s.migrate(schemaVersion, append(steps, fail)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if saved, ok, err := s.Load(); ok || err != nil {
		t.Errorf("half a migration left %+v, %v", saved, err)
	}
	if err := s.migrate(schemaVersion, steps); err != nil {
		t.Fatal(err)
	}
	if saved, _, err := s.Load(); err != nil || saved.Backlink != "a" {
		t.Errorf("the migration left %+v, %v", saved, err)
	}
	if _, err := inspectFile(s.db.Path()); !errors.Is(err, ErrNewer) {
		t.Errorf("the older program says %v", err)
	}
}

// After a write that failed it is not known what is on disk, and nothing more is written.
func TestNoWriteAfterAFailedOne(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(w *writer) error { return w.put(nodeBucket, []byte("place"), []byte(`{}`)) }
	s.broken = errors.New("disk full")
	if err := s.update(put); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}

// FuzzImage: whatever a file holds, reading it ends, with the whole state or an error,
// and takes no more memory than it is large. What passes is fit for bbolt.
func FuzzImage(f *testing.F) {
	file, _ := sample(f)
	f.Add(uint32(0), []byte{})
	f.Add(uint32(8192), []byte{0, 1, 2})
	f.Add(uint32(16), []byte{0xED, 0xDA, 0x0C, 0xED})
	f.Add(uint32(12290), bytes.Repeat([]byte{255}, 100))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		bad := bytes.Clone(file[:96<<10])
		copy(bad[int(at)%len(bad):], patch)
		found, err := inspectBytes(bad)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(path, 0o600, boltOptions())
		if err != nil {
			t.Fatalf("bbolt does not open what passes: %v", err)
		}
		defer db.Close()
		s := &Store{db: db}
		saved, _, err := s.Load()
		if err != nil || !reflect.DeepEqual(saved, found.saved) {
			t.Fatalf("bbolt finds something else: %v", err)
		}
	})
}

// FuzzRecord: a record is refused, or it is a part of a state that makes the same record
// again.
func FuzzRecord(f *testing.F) {
	file, _ := sample(f)
	m, err := readImage(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		f.Fatal(err)
	}
	n := 0
	err = m.walk(func(bucket, key, value []byte) error {
		if n++; n < 20 {
			f.Add(string(bucket), string(key), value)
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("node", "fails", []byte(`{"Fails":[{"Address":"a:1","Count":1}],"Delays":null}`))
	f.Add("node", "network", []byte(`{"Self":null}`))
	f.Add("approvals", "key", []byte(`{"Action":"client","Client":"192.0.2.1","Info":"x","Key":"key","Wrong":1}`))
	f.Add("uses", "\x00\x03key192.0.2.1:0", []byte(`{"Key":"key","Host":"192.0.2.1:0"}`))
	f.Fuzz(func(t *testing.T, bucket, key string, value []byte) {
		var saved state.State
		if readRecord(&saved, []byte(bucket), []byte(key), value) != nil {
			return
		}
		again := state.State{}
		for section, name := range sections {
			if name == "" {
				continue
			}
			record, err := json.Marshal(sectionRecord(state.Section(section), &saved))
			if err != nil {
				t.Fatal(err)
			}
			if err := readRecord(&again, nodeBucket, []byte(name), record); err != nil {
				t.Fatalf("%s of its own making: %v", record, err)
			}
		}
		again.Approvals, again.Uses, again.Keys = saved.Approvals, saved.Uses, saved.Keys
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", saved) {
			t.Fatalf("read %+v, again %+v", saved, again)
		}
	})
}
