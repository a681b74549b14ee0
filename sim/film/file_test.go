package film_test

import (
	"bytes"
	"errors"
	"testing"

	"spreadable/sim/film"
)

// whole is a film of a run without nodes.
func whole(t testing.TB, e film.End) []byte {
	t.Helper()
	r := film.New(film.Options{})
	r.Begin(film.Setting{Name: "none", Seed: "7"}, empty{}, 1)
	r.Now(0)
	r.End(e)
	var b bytes.Buffer
	if err := film.Encode(&b, r.Film()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// empty is a world without hosts; no other method of it is called.
type empty struct{ film.World }

func (empty) Hosts() int { return 0 }

// A film that was written is read back; half of one is refused.
func TestFilesHoldWholeFilms(t *testing.T) {
	file := whole(t, film.End{Fingerprint: "00ff"})
	data, err := film.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	s, err := film.SettingOf(data)
	if err != nil || s.Name != "none" || s.Seed != "7" {
		t.Errorf("setting is %+v, %v", s, err)
	}
	length := 0
	for b := range film.Blocks(data) {
		length += b.Size()
	}
	if length != len(data) {
		t.Errorf("its blocks have %d bytes, want all %d", length, len(data))
	}
	for length := range file {
		if _, err := film.Decode(bytes.NewReader(file[:length])); err == nil {
			t.Fatalf("%d bytes of %d are taken for a film", length, len(file))
		}
	}
	var cut bytes.Buffer
	if err := film.Encode(&cut, data[:len(data)-3]); err != nil {
		t.Fatal(err)
	}
	if _, err := film.Decode(&cut); !errors.Is(err, film.ErrNoFilm) {
		t.Errorf("a film without an end: %v", err)
	}
}

// Whatever a file holds, reading it ends with a film or an error.
func FuzzDecode(f *testing.F) {
	f.Add(whole(f, film.End{}))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, file []byte) {
		data, err := film.Decode(bytes.NewReader(file))
		if err != nil {
			return
		}
		if _, err := film.SettingOf(data); err != nil {
			t.Error(err)
		}
	})
}

// Whatever bytes there are, the blocks of it lie within.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte("H\x02{}Z\x02{}"))
	f.Add([]byte("H\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		length := 0
		for b, err := range film.Blocks(data) {
			if err != nil {
				return
			}
			if length += b.Size(); length > len(data) { // a length may be written with more bytes than it needs
				t.Fatalf("%d bytes in blocks of %d", length, len(data))
			}
		}
	})
}
