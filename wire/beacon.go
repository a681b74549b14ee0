package wire

import (
	"encoding/hex"
	"encoding/json"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The request for the values of turns. Npm nodes do not know it.

func (w *writer) secret(s message.Secret) { w.string(hex.EncodeToString(s[:])) }

// secretOf reads a secret; one that cannot be read is none.
func secretOf(text string) (s message.Secret) {
	if bytes, err := hex.DecodeString(text); err == nil && len(bytes) == len(s) {
		s = message.Secret(bytes)
	}
	return s
}

// revealShape is a reveal on the wire.
type revealShape struct {
	Address string `json:"address"`
	Value   string `json:"value"`
}

func writeBeaconRequest(w *writer, b *message.BeaconRequest) {
	w.raw(`{"turn":`)
	w.millis(b.Turn)
	if b.Commit != (message.Secret{}) {
		w.raw(`,"commit":`)
		w.secret(b.Commit)
	}
	if b.Reveal != (message.Secret{}) {
		w.raw(`,"reveal":`)
		w.secret(b.Reveal)
	}
	if len(b.Echo) > 0 {
		w.raw(`,"echo":[`)
		for i, r := range b.Echo {
			w.comma(i)
			w.raw(`{"address":`)
			w.peer(r.Peer)
			w.raw(`,"value":`)
			w.secret(r.Value)
			w.raw(`}`)
		}
		w.raw(`]`)
	}
	w.raw(`}`)
}

// readBeaconRequest reads a request. What cannot be read is not told.
func readBeaconRequest(f Fields) (Body, error) {
	turn, ok := f.Millis("turn")
	if !ok {
		turn = 0
	}
	most := hex.EncodedLen(len(message.Secret{}))
	commit, _ := f.text("commit", most)
	reveal, _ := f.text("reveal", most)
	var shapes []revealShape
	if json.Unmarshal(f["echo"], &shapes) != nil || len(shapes) > maxList {
		shapes = nil
	}
	addresses, values := make([]peer.Address, 0, len(shapes)), make([]message.Secret, 0, len(shapes))
	for _, s := range shapes {
		if a, err := peer.Parse(s.Address); err == nil {
			addresses, values = append(addresses, a), append(values, secretOf(s.Value))
		}
	}
	return func(in *Interner) any {
		b := &message.BeaconRequest{Turn: turn, Commit: secretOf(commit), Reveal: secretOf(reveal)}
		for i, a := range addresses {
			if p := in.Peer(a); !p.IsZero() {
				b.Echo = append(b.Echo, message.Reveal{Peer: p, Value: values[i]})
			}
		}
		return b
	}, nil
}

func writeBeacon(w *writer, b *message.Beacon) {
	w.raw(`{"value":`)
	if b.Value == (message.Secret{}) {
		w.raw(`""`)
	} else {
		w.secret(b.Value)
	}
	w.raw(`}`)
}

func readBeacon(text []byte) (Body, error) {
	var shape struct {
		Value string `json:"value"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	return func(*Interner) any { return &message.Beacon{Value: secretOf(shape.Value)} }, nil
}
