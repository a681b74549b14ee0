package selection

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
)

// mostHashes is how many hashes a Distinct keeps: an estimate has a standard error of
// 1/sqrt(mostHashes-2), some 1.6 %.
const mostHashes = 4096

// Distinct counts documents of which there are several copies. It keeps the smallest
// hashes of their keys: so long as that are all, the count is exact; above it is the
// estimate of Bar-Yossef et al. (2002), of k minimum values. Counts merge in any grouping
// and order, and a key counts once. The zero value is empty.
type Distinct struct{ hashes []uint64 } // sorted, each once

// Add counts a key.
func (d *Distinct) Add(key string) {
	h := fnv.New64a()
	h.Write([]byte(key))
	hash := spread(h.Sum64())
	i, known := slices.BinarySearch(d.hashes, hash)
	if known || i == mostHashes {
		return
	}
	d.hashes = slices.Insert(d.hashes, i, hash)
	d.hashes = d.hashes[:min(len(d.hashes), mostHashes)]
}

// spread makes all bits of a hash depend on all of its bits (the finalizer of SplitMix64):
// those of FNV are not evenly spread for short keys.
func spread(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Union counts what any of them counts.
func Union(all ...*Distinct) *Distinct {
	u := &Distinct{}
	for _, d := range all {
		u.hashes = append(u.hashes, d.hashes...)
	}
	slices.Sort(u.hashes)
	u.hashes = slices.Compact(u.hashes)
	u.hashes = u.hashes[:min(len(u.hashes), mostHashes)]
	return u
}

// Count is how many keys were counted, and whether that is exact.
func (d *Distinct) Count() (count int, exact bool) {
	if len(d.hashes) < mostHashes {
		return len(d.hashes), true
	}
	share := float64(d.hashes[mostHashes-1]) / (1 << 64)
	return int(float64(mostHashes-1)/share + 0.5), false
}

// Empty reports whether nothing was counted.
func (d *Distinct) Empty() bool { return len(d.hashes) == 0 }

// MarshalText implements encoding.TextMarshaler.
func (d *Distinct) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 8*len(d.hashes))
	for _, h := range d.hashes {
		raw = binary.BigEndian.AppendUint64(raw, h)
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

var errDistinct = errors.New("not a count")

// UnmarshalText implements encoding.TextUnmarshaler. It takes only what MarshalText gives.
func (d *Distinct) UnmarshalText(text []byte) error {
	if len(text) > base64.StdEncoding.EncodedLen(8*mostHashes) {
		return errDistinct
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, bytes.Clone(text))
	if err != nil || len(raw)%8 != 0 {
		return errDistinct
	}
	d.hashes = nil
	for ; len(raw) > 0; raw = raw[8:] {
		h := binary.BigEndian.Uint64(raw)
		if n := len(d.hashes); n == mostHashes || n > 0 && d.hashes[n-1] >= h {
			return errDistinct
		}
		d.hashes = append(d.hashes, h)
	}
	return nil
}
