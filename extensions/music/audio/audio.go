package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// Kind is a format of files.
type Kind string

// The kinds.
const (
	MP3  Kind = "mp3"
	FLAC Kind = "flac"
	Ogg  Kind = "ogg"
	M4A  Kind = "m4a"
)

// Type is the media type.
func (k Kind) Type() string {
	switch k {
	case MP3:
		return "audio/mpeg"
	case FLAC:
		return "audio/flac"
	case Ogg:
		return "audio/ogg"
	case M4A:
		return "audio/mp4"
	}
	return ""
}

// Kinds are all.
func Kinds() []Kind { return []Kind{MP3, FLAC, Ogg, M4A} }

// File is what is known of a music file.
type File struct {
	Kind Kind
	// Start and End are where the audio begins and ends, in bytes of the file.
	Start, End int64
	Quality    Quality
	Tags       Tags
	Cover      *Cover // nil for none
}

// Quality says how well a file sounds. What is not known is 0.
type Quality struct {
	Duration   time.Duration `json:"duration"`   // to the millisecond
	SampleRate int           `json:"sampleRate"` // per second
	BitRate    int           `json:"bitRate"`    // bits per second, on average
}

// Tags are what a file says of its song.
type Tags struct {
	Artist      string `json:"artist,omitempty"`
	Title       string `json:"title,omitempty"`
	Album       string `json:"album,omitempty"`
	AlbumArtist string `json:"albumArtist,omitempty"`
	Composer    string `json:"composer,omitempty"`
	Genre       string `json:"genre,omitempty"`
	Year        int    `json:"year,omitempty"`
	Track       int    `json:"track,omitempty"`
	Disc        int    `json:"disc,omitempty"`
}

// MaxTag is the longest tag, in bytes. More of it is cut off.
const MaxTag = 500

// ErrNoAudio says that a file is of no kind that is read here.
var ErrNoAudio = errors.New("the file is no mp3, flac, ogg or m4a")

// Read reads a file of so many bytes. Tags that cannot be read are as if they were not
// there; audio that cannot be played is an error.
func Read(file io.ReaderAt, size int64, limits Limits) (*File, error) {
	head := make([]byte, 12)
	if n, err := file.ReadAt(head, 0); n < len(head) {
		return nil, errors.Join(ErrNoAudio, ignoreEOF(err))
	}
	f := &File{End: size}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("fLaC")):
		f.Kind, err = FLAC, f.readFLAC(file, limits)
	case bytes.HasPrefix(head, []byte("OggS")):
		f.Kind, err = Ogg, f.readOgg(file, limits)
	case string(head[4:8]) == "ftyp":
		f.Kind, err = M4A, f.readMP4(file, limits)
	default:
		f.Kind, err = MP3, f.readMP3(file, limits)
	}
	if err != nil {
		return nil, err
	}
	if seconds := f.Quality.Duration.Seconds(); f.Quality.BitRate == 0 && seconds > 0 {
		f.Quality.BitRate = int(float64(f.End-f.Start) * 8 / seconds)
	}
	f.Quality.Duration = f.Quality.Duration.Truncate(time.Millisecond)
	f.Tags.tidy()
	return f, f.Quality.check()
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// The most that is believed.
const (
	maxDuration   = 24 * time.Hour
	maxSampleRate = 768_000
	maxBitRate    = 50_000_000
)

// check says what is wrong with a quality.
func (q Quality) check() error {
	if q.Duration < 0 || q.Duration > maxDuration || q.SampleRate < 0 || q.SampleRate > maxSampleRate ||
		q.BitRate < 0 || q.BitRate > maxBitRate {
		return fmt.Errorf("no audio has %v, %d samples and %d bits per second", q.Duration, q.SampleRate, q.BitRate)
	}
	return nil
}

// Check says what is wrong with a quality and tags that another node has told.
func Check(q Quality, t Tags) error {
	if err := q.check(); err != nil {
		return err
	}
	tidy := t
	tidy.tidy()
	if tidy != t {
		return errors.New("tags with invisible runes, or too long")
	}
	return nil
}

// tidy leaves out what no tag has.
func (t *Tags) tidy() {
	for _, text := range []*string{&t.Artist, &t.Title, &t.Album, &t.AlbumArtist, &t.Composer, &t.Genre} {
		*text = tidyText(*text)
	}
	for _, number := range []*int{&t.Year, &t.Track, &t.Disc} {
		if *number < 0 || *number > 9999 {
			*number = 0
		}
	}
}

func tidyText(text string) string {
	if len(text) > 4*MaxTag {
		text = text[:4*MaxTag]
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > MaxTag {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:MaxTag], ""))
	}
	return text
}
