package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"spreadable/extensions/music/audio/audiotest"
)

func read(data []byte) (*File, error) {
	return Read(bytes.NewReader(data), int64(len(data)), DefaultLimits)
}

func mustRead(t *testing.T, data []byte) *File {
	t.Helper()
	f, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var sound = audiotest.Frames(39, 1)

// Tags are no part of the audio, wherever they are: so the same recording is stored once.
func TestDifferentlyTaggedFilesHaveTheSameAudio(t *testing.T) {
	id3v1 := append([]byte("TAG"), make([]byte, 125)...)
	copy(id3v1[3:], "Old title")
	copy(id3v1[33:], "Old artist")
	ape := append([]byte("APETAGEX"), make([]byte, 24)...)
	binary.LittleEndian.PutUint32(ape[12:], 32)
	for name, file := range map[string][]byte{
		"no tag":         sound,
		"ID3v2":          join(audiotest.ID3("TPE1", "A", "TIT2", "T"), sound),
		"other ID3v2":    join(audiotest.ID3("TPE1", "A", "TIT2", "U", "TALB", "L"), sound),
		"two ID3v2":      join(audiotest.ID3("TPE1", "A"), audiotest.ID3("TIT2", "T"), sound),
		"with a picture": join(audiotest.ID3("APIC", string(audiotest.PNG(10))), sound),
		"ID3v1":          join(sound, id3v1),
		"APE":            join(sound, ape),
		"all":            join(audiotest.ID3("TIT2", "T"), sound, ape, id3v1),
		"padding":        join(audiotest.Header(100), make([]byte, 100+50), sound),
	} {
		f := mustRead(t, file)
		if got := file[f.Start:f.End]; !bytes.Equal(got, sound) {
			t.Errorf("%s: the audio is %d to %d of %d bytes", name, f.Start, f.End, len(file))
		}
	}
	if f := mustRead(t, join(sound, id3v1)); f.Tags.Title != "Old title" || f.Tags.Artist != "Old artist" {
		t.Errorf("ID3v1: %+v", f.Tags)
	}
}

func TestTagsAndQualityAreRead(t *testing.T) {
	picture := audiotest.PNG(20)
	f := mustRead(t, join(audiotest.ID3("TPE1", "An\tartist ", "TIT2", "Title", "TALB", "Album", "TYER", "1999",
		"TRCK", "3/12", "TCON", "(17)", "APIC", string(picture)), sound))
	want := Tags{Artist: "An artist", Title: "Title", Album: "Album", Genre: "Rock", Year: 1999, Track: 3}
	if f.Tags != want {
		t.Errorf("tags %+v", f.Tags)
	}
	if f.Cover == nil || f.Cover.Type != "image/png" || f.Cover.Width != 20 || !bytes.Equal(f.Cover.Data, picture) {
		t.Errorf("cover %+v", f.Cover)
	}
	if q := f.Quality; q.SampleRate != 44100 || q.BitRate != 128000 || q.Duration < 990*time.Millisecond || q.Duration > 1030*time.Millisecond {
		t.Errorf("quality %+v", q)
	}
	if err := Check(f.Quality, f.Tags); err != nil {
		t.Error(err)
	}
}

// Files of real encoders, which the library has for its own tests.
func TestFilesOfRealEncodersAreRead(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/dhowden/tag").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]Kind{
		"with_tags/sample.id3v11.mp3": MP3, "with_tags/sample.id3v22.mp3": MP3, "with_tags/sample.id3v23.mp3": MP3,
		"with_tags/sample.id3v24.mp3": MP3, "with_tags/sample.flac": FLAC, "with_tags/sample.ogg": Ogg,
		"with_tags/sample.multipage.ogg": Ogg, "with_tags/sample.m4a": M4A, "with_tags/sample.mp4": M4A,
		"without_tags/sample.mp3": MP3, "without_tags/sample.flac": FLAC, "without_tags/sample.ogg": Ogg,
		"without_tags/sample.m4a": M4A, "without_tags/sample.mp4": M4A,
	} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := read(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		q := f.Quality
		if f.Kind != kind || q.Duration < time.Second || q.Duration > 10*time.Minute || q.BitRate < 8000 {
			t.Errorf("%s: %s, %+v", name, f.Kind, q)
		}
		if tagged := strings.HasPrefix(name, "with_tags"); tagged != (f.Tags.Title != "") || tagged != (f.Tags.Artist != "") {
			t.Errorf("%s: %+v", name, f.Tags)
		}
	}
}

func TestWhatIsNoMusicIsRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte(strings.Repeat("no music ", 100)), "zeros": make([]byte, 1e6),
		"a picture": audiotest.PNG(100), "tags only": audiotest.ID3("TIT2", "T", "TPE1", "A"),
		"one header": {0xff, 0xfb, 0x90, 0x64}, "flac": []byte("fLaC and no more of it, really"),
		"ogg": []byte("OggS and no more of it, really, not even a page"), "mp4": []byte("\x00\x00\x00\x0cftypM4A "),
		"far away": join(make([]byte, syncSearch), sound),
	} {
		if f, err := read(data); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// heap is how many bytes f allocates.
func heap(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A small file costs little, whatever its fields claim.
func TestClaimsCostNothing(t *testing.T) {
	huge := []byte{0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}
	info := append([]byte{0, 0, 0, 34}, make([]byte, 34)...)
	flac := join([]byte("fLaC"), info, []byte{0x86, 0, 0, byte(len(huge))}, huge, []byte{0xff, 0xf8})
	comments := []byte{0x84, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	many := bytes.Repeat(append([]byte("TXXX\x00\x00\x00\x01\x00\x00"), 3), 300_000)
	for name, data := range map[string][]byte{
		"a picture of 4 GiB":    flac,
		"4 G comments":          join([]byte("fLaC"), info, comments, []byte{0xff, 0xf8}),
		"a tag of 256 MiB":      join(audiotest.Header(1<<28-1), sound),
		"a frame of 4 GiB":      join(audiotest.Header(20), []byte("TIT2\xff\xff\xff\xff\x00\x00"), make([]byte, 10), sound),
		"300,000 frames":        join(audiotest.Header(len(many)), many, sound),
		"atoms in atoms":        join([]byte("\x00\x00\x00\x0cftypM4A "), bytes.Repeat([]byte("\x00\x00\x10\x00moov"), 100_000)),
		"atoms of no bytes":     join([]byte("\x00\x00\x00\x0cftypM4A "), make([]byte, 1e6)),
		"many pages of nothing": bytes.Repeat([]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 100_000),
	} {
		start := time.Now()
		if used := heap(func() { _, _ = read(data) }); used > 64<<20 {
			t.Errorf("%s: %d bytes of heap for a file of %d", name, used, len(data))
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: takes %v", name, took)
		}
	}
}

func TestCoversAreLookedAt(t *testing.T) {
	picture := audiotest.PNG(10)
	if c := NewCover(picture, DefaultLimits); c == nil || c.Type != "image/png" {
		t.Errorf("a picture: %+v", c)
	}
	for name, data := range map[string][]byte{
		"none": nil, "a page": []byte("<html><script>alert(1)</script>"), "an SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"too large a file": append(bytes.Clone(picture), make([]byte, DefaultLimits.Cover)...),
		"too many pixels":  audiotest.PNG(maxSide + 1)[:100],
	} {
		if c := NewCover(data, DefaultLimits); c != nil {
			t.Errorf("%s is a cover: %+v", name, c)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(join(audiotest.ID3("TPE1", "A", "TIT2", "T", "TCON", "(1)", "APIC", string(audiotest.PNG(2))), audiotest.Frames(3, 0)))
	f.Add(join([]byte("fLaC"), []byte{0x80, 0, 0, 34}, make([]byte, 34), []byte{0xff, 0xf8}))
	f.Add([]byte("\x00\x00\x00\x0cftypM4A \x00\x00\x00\x18moov\x00\x00\x00\x08mvhd\x00\x00\x00\x08trak"))
	f.Add([]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x1e\x10"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := read(data)
		if err != nil {
			return
		}
		if file.Start < 0 || file.Start >= file.End || file.End > int64(len(data)) {
			t.Fatalf("the audio is %d to %d of %d bytes", file.Start, file.End, len(data))
		}
		if err := Check(file.Quality, file.Tags); err != nil {
			t.Fatal(err)
		}
	})
}
