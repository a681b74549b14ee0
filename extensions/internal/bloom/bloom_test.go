package bloom_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"spreadable/core/host"
	"spreadable/extensions/internal/bloom"
)

// key is the n-th of a sequence of keys.
func key(n int) host.Key {
	return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// A key of the set is never missed, through encoding too.
func TestAFilterMissesNoKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		planned := rapid.IntRange(0, 2000).Draw(t, "planned")
		wrong := rapid.Float64Range(0, 1).Draw(t, "wrong")
		count := rapid.IntRange(0, 1000).Draw(t, "count")
		f := bloom.New(planned, wrong)
		for i := range count {
			f.Add(key(i))
		}
		again, err := bloom.Decode(f.Encode())
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			if !again.May(key(i)) {
				t.Fatalf("key %d is missed", i)
			}
		}
	})
}

// The measured rate of keys that are found and are not there is the one that was wanted,
// within three standard deviations of the count.
func TestTheRateIsTheOneThatWasWanted(t *testing.T) {
	for _, wrong := range []float64{0.1, 0.01, 0.001} {
		const keys, asked = 5000, 400_000
		f := bloom.New(keys, wrong)
		for i := range keys {
			f.Add(key(i))
		}
		found := 0.0
		for i := range asked {
			if f.May(key(keys + i)) {
				found++
			}
		}
		want := wrong * asked
		t.Logf("wanted %g, measured %g, by its bits %g, %d bytes", wrong, found/asked, f.Rate(), len(f.Encode()))
		if math.Abs(found-want) > 3*math.Sqrt(want)+0.05*want { // k is a whole number: 5 %
			t.Errorf("at a rate of %g %g of %d are found", wrong, found, asked)
		}
		if math.Abs(f.Rate()/wrong-1) > 0.1 {
			t.Errorf("at a rate of %g the bits say %g", wrong, f.Rate())
		}
	}
}

// Whatever a liar sends is refused or is a filter of bounded size.
func FuzzDecode(f *testing.F) {
	full := bloom.New(10, 0.01)
	full.Add(key(1))
	f.Add(full.Encode())
	f.Add([]byte{})
	f.Add([]byte{200, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := bloom.Decode(text)
		if err != nil {
			return
		}
		got.May(key(1))
		if rate := got.Rate(); rate < 0 || rate > 1 {
			t.Errorf("a rate of %g", rate)
		}
		if !bytes.Equal(got.Encode(), text) {
			t.Error("encoded, it is another")
		}
	})
}
