package wire

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"spreadable/core/peer"
)

// TestWritingIsThatOfJSON compares texts and numbers with encoding/json, written and
// counted.
func TestWritingIsThatOfJSON(t *testing.T) {
	numbers := rapid.OneOf(
		rapid.Float64(), rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) }),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-7, 1e21, 1 << 53, -1 << 53, 0.1}),
	)
	bytes := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
	texts := rapid.OneOf(rapid.String(), bytes)
	rapid.Check(t, func(t *rapid.T) {
		x, text := numbers.Draw(t, "number"), texts.Draw(t, "text")
		want, err := json.Marshal([]any{x, text})
		if err != nil {
			t.Fatal(err)
		}
		write := func(w *writer) {
			w.raw(`[`)
			w.number(x)
			w.raw(`,`)
			w.string(text)
			w.raw(`]`)
		}
		w, counter := writer{}, NewSizes(peer.NewBook(0), "").count(peer.Peer{})
		write(&w)
		write(counter)
		if string(w.text) != string(want) || counter.bytes != len(want) {
			t.Fatalf("%s of %d bytes, want %s of %d", w.text, counter.bytes, want, len(want))
		}
	})
}
