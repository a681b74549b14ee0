package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/dhowden/tag"
)

// readMP3 reads MPEG audio with tags before and behind it.
func (f *File) readMP3(file io.ReaderAt, limits Limits) error {
	size := f.End
	tags := make([][]byte, 0, 1) // ID3v2, as they are in the file
	for range 4 {                // more than one is rare
		n := id3Size(part(file, f.Start, 10))
		if n == 0 || f.Start+n > f.End {
			break
		}
		if n > limits.Tags {
			return fmt.Errorf("%w: %d bytes, at most %d", ErrTooMuch, n, limits.Tags)
		}
		tags = append(tags, part(file, f.Start, n))
		f.Start += n
	}
	f.cutEnd(file)
	if err := f.readFrames(file); err != nil {
		return err
	}
	for _, t := range tags {
		f.readID3(t, limits)
	}
	if last := part(file, size-128, 128); f.Tags == (Tags{}) && last != nil {
		f.take(safely(func() (tag.Metadata, error) { return tag.ReadID3v1Tags(bytes.NewReader(last)) }), limits)
	}
	return nil
}

// id3Size is the size of an ID3v2 tag by its header, with header and footer; 0 for none.
func id3Size(head []byte) int64 {
	if len(head) < 10 || string(head[:3]) != "ID3" {
		return 0
	}
	n := int64(10)
	if head[5]&0x10 != 0 {
		n += 10 // the footer
	}
	return n + int64(synchsafe(head[6:10]))
}

// synchsafe is a number of 28 bits in four bytes.
func synchsafe(b []byte) (n int) {
	for _, x := range b {
		n = n<<7 | int(x&0x7f)
	}
	return n
}

// cutEnd leaves out the tags behind the audio: ID3v1 and APEv2.
func (f *File) cutEnd(file io.ReaderAt) {
	if last := part(file, f.End-128, 3); string(last) == "TAG" && f.End-128 >= f.Start {
		f.End -= 128
	}
	footer := part(file, f.End-32, 32)
	if footer == nil || string(footer[:8]) != "APETAGEX" {
		return
	}
	size := int64(binary.LittleEndian.Uint32(footer[12:]))
	if flags := binary.LittleEndian.Uint32(footer[20:]); flags&(1<<31) != 0 {
		size += 32 // the header
	}
	if size >= 32 && f.End-size >= f.Start {
		f.End -= size
	}
}

// readID3 reads one ID3v2 tag.
func (f *File) readID3(raw []byte, limits Limits) {
	raw = unsynchronized(raw)
	f.take(safely(func() (tag.Metadata, error) {
		return tag.ReadID3v2Tags(newBounded(bytes.NewReader(raw), 0, int64(len(raw)), limits.Tags))
	}), limits)
}

// unsynchronized undoes the zeros that were put after 0xff bytes, so that the library
// does not do it byte by byte. (ID3v2.4, section 6.1.)
func unsynchronized(raw []byte) []byte {
	const flag = 0x80
	if raw[5]&flag == 0 {
		return raw
	}
	plain := append([]byte{}, raw[:10]...)
	plain = append(plain, bytes.ReplaceAll(raw[10:], []byte{0xff, 0}, []byte{0xff})...)
	plain[5] &^= flag
	n := len(plain) - 10
	for i := range 4 {
		plain[9-i] = byte(n>>(7*i)) & 0x7f
	}
	return plain
}

// safely runs a reader of the library. It panics for some malformed tags: these are
// unreadable, as others are.
func safely(read func() (tag.Metadata, error)) (m tag.Metadata) {
	defer func() {
		if recover() != nil {
			m = nil
		}
	}()
	m, err := read()
	if err != nil {
		return nil
	}
	return m
}

// take takes over what the library has read, where nothing is yet. Genres are left as
// they are if they are long: to expand their numbers takes quadratic time.
func (f *File) take(m tag.Metadata, limits Limits) {
	if m == nil {
		return
	}
	defer func() { _ = recover() }() // the library's getters trust types of values
	t := Tags{Artist: m.Artist(), Title: m.Title(), Album: m.Album(), AlbumArtist: m.AlbumArtist(), Composer: m.Composer()}
	t.Year = m.Year()
	t.Track, _ = m.Track()
	t.Disc, _ = m.Disc()
	if f.Tags == (Tags{}) {
		f.Tags = t
	}
	if f.Cover == nil {
		if picture := m.Picture(); picture != nil {
			f.Cover = NewCover(picture.Data, limits)
		}
	}
	if f.Tags.Genre == "" && shortGenre(m) {
		f.Tags.Genre = m.Genre()
	}
}

func shortGenre(m tag.Metadata) bool {
	for _, name := range []string{"TCON", "TCO", "genre", "\xa9gen"} {
		if text, _ := m.Raw()[name].(string); len(text) > 100 {
			return false
		}
	}
	return true
}

// frame is the header of an MPEG audio frame. (ISO/IEC 11172-3, section 2.4.1.3, and
// 13818-3.)
type frame struct {
	size       int64 // in bytes, header included
	samples    int   // for each channel
	sampleRate int
	bitRate    int // bits per second
	mono       bool
	first      bool // of version 1
}

// bitRates are those of layers 1, 2 and 3 of version 1, and of layers 1, and 2 and 3, of
// versions 2 and 2.5, in kbit/s.
var bitRates = [5][15]int{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// readFrame reads a header; false if it is none.
func readFrame(b []byte) (h frame, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return h, false
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3) // 3 is version 1, 2 is 2, 0 is 2.5
	rate, sampling := b[2]>>4, b[2]>>2&3
	if version == 1 || layer == 4 || rate == 0 || rate == 15 || sampling == 3 {
		return h, false
	}
	table := layer - 1
	h.first = version == 3
	h.sampleRate = []int{44100, 48000, 32000}[sampling]
	if !h.first {
		table = min(layer, 2) + 2
		h.sampleRate /= 2
	}
	if version == 0 {
		h.sampleRate /= 2
	}
	h.bitRate = bitRates[table][rate] * 1000
	h.mono = b[3]>>6 == 3
	h.samples = 1152
	padding := int64(b[2] >> 1 & 1)
	switch {
	case layer == 1:
		h.samples = 384
		h.size = (int64(12*h.bitRate/h.sampleRate) + padding) * 4
		return h, true
	case layer == 3 && !h.first:
		h.samples = 576
	}
	h.size = int64(h.samples/8*h.bitRate/h.sampleRate) + padding
	return h, true
}

const (
	syncSearch = 64 << 10 // bytes after the tags in which the first frame must begin
	firstRow   = 3        // frames in a row that must be there
)

// readFrames finds the first frames and reads the quality. The audio begins with them.
func (f *File) readFrames(file io.ReaderAt) error {
	head := make([]byte, min(syncSearch, f.End-f.Start))
	n, _ := file.ReadAt(head, f.Start)
	head = head[:n]
	for i := range head {
		if h, ok := f.row(file, head[i:], f.Start+int64(i)); ok {
			f.Start += int64(i)
			f.measure(part(file, f.Start, min(h.size, f.End-f.Start)), h)
			return nil
		}
	}
	return ErrNoAudio
}

// row checks that some frames follow each other. The end of the file may cut the row off
// after its first frame.
func (f *File) row(file io.ReaderAt, head []byte, offset int64) (first frame, ok bool) {
	first, ok = readFrame(head)
	at := offset + first.size
	if !ok || at > f.End {
		return first, false
	}
	for range firstRow - 1 {
		if at == f.End {
			return first, true
		}
		h, ok := readFrame(part(file, at, 4))
		if !ok || h.sampleRate != first.sampleRate || at+h.size > f.End {
			return first, false
		}
		at += h.size
	}
	return first, true
}

// measure reads the quality from the first frame, which says in most files how many
// there are. (The tag of Xing, and LAME.)
func (f *File) measure(first []byte, h frame) {
	f.Quality.SampleRate = h.sampleRate
	side := 17 // bytes between header and tag, by version and channels
	switch {
	case h.first && !h.mono:
		side = 32
	case !h.first && h.mono:
		side = 9
	}
	if at := 4 + side; len(first) >= at+12 {
		name, flags := string(first[at:at+4]), binary.BigEndian.Uint32(first[at+4:])
		if (name == "Xing" || name == "Info") && flags&1 != 0 {
			frames := int64(binary.BigEndian.Uint32(first[at+8:]))
			f.Quality.Duration = samples(frames*int64(h.samples), h.sampleRate)
			// A frame has at least some bytes: more of them than fit are a lie.
			if frames > 0 && frames <= (f.End-f.Start)/minFrame {
				return
			}
		}
	}
	f.Quality.BitRate = h.bitRate
	f.Quality.Duration = time.Duration(float64(f.End-f.Start) * 8 / float64(h.bitRate) * float64(time.Second))
}

// minFrame is the size of the smallest frame, in bytes: 8 kbit/s at 24 kHz.
const minFrame = 24

// samples is how long so many take.
func samples(n int64, rate int) time.Duration {
	if n < 0 || rate <= 0 {
		return 0
	}
	return time.Duration(min(float64(n)/float64(rate), (2*maxDuration).Seconds()) * float64(time.Second))
}
