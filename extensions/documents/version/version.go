// Package version orders the writes of documents. A Version is the time of a hybrid logical
// clock (Kulkarni et al., 2014: physical time, and a counter for what it does not tell
// apart) with random bits behind it. So any two writes differ, also of one node that has
// lost its memory between them, and all nodes agree which is the newer one. No clock is
// trusted for itself: a write is later than all that its writer has read, whatever the
// clocks say.
package version

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// Size is how many bytes a Version has.
const Size = 16

// Version is 48 bits of milliseconds since the Unix epoch, 16 bits of a counter, and 64
// random bits. The zero value is older than all others and
// stands for a document that was never written.
type Version [Size]byte

// of is the version of a time, in ticks of Clock, and random bits.
func of(ticks, random uint64) (v Version) {
	binary.BigEndian.PutUint64(v[:8], ticks)
	binary.BigEndian.PutUint64(v[8:], random)
	return v
}

// Parse reads what String writes.
func Parse(text string) (v Version, err error) {
	if len(text) != 2*Size {
		return v, fmt.Errorf("a version has %d hexadecimal digits", 2*Size)
	}
	if _, err := hex.Decode(v[:], []byte(text)); err != nil {
		return Version{}, fmt.Errorf("a version has %d hexadecimal digits", 2*Size)
	}
	return v, nil
}

// String is the version as 32 hexadecimal digits. Texts have the order of their versions.
func (v Version) String() string { return hex.EncodeToString(v[:]) }

// MarshalText implements encoding.TextMarshaler; the zero value is empty.
func (v Version) MarshalText() ([]byte, error) {
	if v.IsZero() {
		return nil, nil
	}
	return []byte(v.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Version) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	*v, err = Parse(string(text))
	return err
}

// Compare is negative if v is older than w, 0 if they are the same write, else positive.
func (v Version) Compare(w Version) int { return bytes.Compare(v[:], w[:]) }

// IsZero reports whether v is that of no write.
func (v Version) IsZero() bool { return v == Version{} }

// Time is when the write was made by the clocks of its time, since the Unix epoch.
func (v Version) Time() time.Duration {
	return time.Duration(v.ticks()>>counterBits) * time.Millisecond
}

func (v Version) ticks() uint64 { return binary.BigEndian.Uint64(v[:8]) }

// counterBits are the bits of a tick below the milliseconds.
const counterBits = 16

// Clock gives versions to the writes of one node. It is not safe for concurrent use.
type Clock struct {
	random func() uint64
	last   uint64 // ticks
}

// NewClock returns the clock of a node, with its source of random bits.
func NewClock(random func() uint64) *Clock { return &Clock{random: random} }

// Next is the version of a write at a time by the node's wall clock, since the Unix epoch.
// It is later than all before it, and than the version that the write replaces.
func (c *Clock) Next(wall time.Duration, replaced Version) Version {
	ticks := max(uint64(max(0, wall).Milliseconds())<<counterBits, c.last+1)
	c.last = ticks
	// A clock that is ahead does not drag this one along: only this write follows it.
	return of(max(ticks, replaced.ticks()+1), c.random())
}

// Ahead is how far a version is ahead of a wall clock, at least 0.
func (v Version) Ahead(wall time.Duration) time.Duration { return max(0, v.Time()-wall) }
