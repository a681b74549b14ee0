package music_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	client "spreadable/client/music"
	"spreadable/extensions/music/audio/audiotest"
)

// What the Go client adds at one node it reads at another, and it takes no wrong bytes.
func TestTheGoClientAddsFindsAndReads(t *testing.T) {
	w := newHall(t, 3)
	dir := t.TempDir()
	path := filepath.Join(dir, "song.mp3")
	if err := os.WriteFile(path, audiotest.MP3("Queen", "Bohemian Rhapsody", 4), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := client.New(client.Options{Addresses: []string{"127.0.0.60:1", w.nodes[0].Address()}}) // the first is dead
	if err != nil {
		t.Fatal(err)
	}
	added, err := here.AddFile(t.Context(), path, client.Wish{Priority: -1})
	if err != nil || added.Title != "Queen - Bohemian Rhapsody" || added.Priority != -1 {
		t.Fatalf("%+v, %v", added, err)
	}
	there, err := client.New(client.Options{Addresses: []string{w.nodes[2].Address()}})
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() (*client.Found, error){
		"find":   func() (*client.Found, error) { return there.Find(t.Context(), "rhapsody", 5) },
		"by":     func() (*client.Found, error) { return there.By(t.Context(), "queen", 5) },
		"titled": func() (*client.Found, error) { return there.Titled(t.Context(), "Queen - Bohemian Rapsody", 5) },
	} {
		found, err := ask()
		if err != nil || len(found.Songs) != 1 || found.Coverage.Answered != 3 {
			t.Fatalf("%s: %+v, %v", name, found, err)
		}
		to := filepath.Join(dir, name)
		if err := there.AudioFile(t.Context(), &found.Songs[0], to); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(to); err != nil || !bytes.Equal(data, audiotest.Frames(39, 4)) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	wrong := added.Hit
	wrong.Audio = added.Audio[:63] + "z"
	if err := there.AudioFile(t.Context(), &wrong, filepath.Join(dir, "wrong")); err == nil {
		t.Error("audio that is nowhere is read")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_, err = here.Add(t.Context(), bytes.NewReader([]byte("no music")), 8, client.Wish{})
	if said := new(client.Error); !errors.As(err, &said) || said.Code != "ERR_MUSIC_AUDIO" {
		t.Errorf("no music: %v", err)
	}
	if _, err := here.Add(t.Context(), bytes.NewReader(audiotest.MP3("A", "B", 1)), int64(len(audiotest.MP3("A", "B", 1))), client.Wish{Priority: 1}); err == nil {
		t.Error("priority 1 without approval")
	}
	if _, err := client.New(client.Options{}); err == nil {
		t.Error("a client without addresses")
	}
}
