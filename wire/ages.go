package wire

import (
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The request for the ages of nodes. Npm nodes do not know it.

func writeAgesRequest(w *writer, b *message.AgesRequest) {
	w.raw(`{"of":`)
	w.strings(b.Of)
	w.raw(`}`)
}

// readAgesRequest reads a request. A list that cannot be read asks for nothing more than
// the slaves.
func readAgesRequest(f Fields) (Body, error) {
	of, _ := f.addresses("of")
	return func(in *Interner) any { return &message.AgesRequest{Of: in.set(of)} }, nil
}

func writeAges(w *writer, b *message.Ages) {
	w.raw(`{"began":`)
	w.millis(b.Began)
	w.raw(`,"seen":[`)
	for i, s := range b.Seen {
		w.comma(i)
		w.raw(`{"address":`)
		w.peer(s.Peer)
		w.raw(`,"first":`)
		w.millis(s.First)
		w.raw(`}`)
	}
	w.raw(`]}`)
}

func readAges(text []byte) (Body, error) {
	var shape struct {
		Began float64 `json:"began"` // milliseconds, as first
		Seen  []struct {
			Address string  `json:"address"`
			First   float64 `json:"first"`
		} `json:"seen"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	if len(shape.Seen) > maxList {
		return nil, malformed("ages of %d nodes", len(shape.Seen))
	}
	began, ok := timeOf(shape.Began)
	if !ok {
		return nil, malformed("a time of %g ms", shape.Began)
	}
	addresses, times := make([]peer.Address, 0, len(shape.Seen)), make([]time.Duration, 0, len(shape.Seen))
	for _, s := range shape.Seen {
		first, ok := timeOf(s.First)
		if address, err := peer.Parse(s.Address); err == nil && ok {
			addresses, times = append(addresses, address), append(times, first)
		}
	}
	return func(in *Interner) any {
		ages := &message.Ages{Began: began, Seen: make([]message.Sighting, 0, len(times))}
		for i, a := range addresses {
			if p := in.Peer(a); !p.IsZero() {
				ages.Seen = append(ages.Seen, message.Sighting{Peer: p, First: times[i]})
			}
		}
		return ages
	}, nil
}

// timeOf reads a time in milliseconds since the Unix epoch.
func timeOf(millis float64) (time.Duration, bool) {
	return fromMillis(millis), millis >= 0 && millis < maxMillis
}
