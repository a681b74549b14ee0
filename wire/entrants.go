package wire

import (
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// The request for the entrants of a draw. Npm nodes do not know it.

func writeEntrantsRequest(w *writer, b *message.EntrantsRequest) {
	w.raw(`{"startedAt":`)
	w.millis(b.StartedAt)
	w.raw(`,"limit":`)
	w.string(b.Limit.String())
	if b.Hosts {
		w.raw(`,"hosts":true`)
	}
	w.raw(`}`)
}

// readEntrantsRequest reads a request. Without a start it is for no period that there is,
// and without a limit nothing is below it.
func readEntrantsRequest(f Fields) (Body, error) {
	started, ok := f.Millis("startedAt")
	if !ok {
		started = 0
	}
	text, _ := f.text("limit", maxKey)
	limit, _ := draw.ParseHash(text)
	hosts := f.flag("hosts")
	return func(*Interner) any {
		return &message.EntrantsRequest{StartedAt: started, Limit: limit, Hosts: hosts}
	}, nil
}

// writeEntrants writes an answer. Most masters have no slave below the limit, so what says
// nothing is left out.
func writeEntrants(w *writer, b *message.Entrants) {
	w.raw(`{`)
	if len(b.Slaves) > 0 {
		w.raw(`"slaves":`)
		w.strings(b.Slaves)
	}
	if b.NpmSlaves {
		if len(b.Slaves) > 0 {
			w.raw(`,`)
		}
		w.raw(`"npmSlaves":true`)
	}
	w.raw(`}`)
}

func readEntrants(text []byte) (Body, error) {
	var shape struct {
		Slaves    []string `json:"slaves"`
		NpmSlaves bool     `json:"npmSlaves"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	if len(shape.Slaves) > maxList {
		return nil, malformed("%d entrants", len(shape.Slaves))
	}
	slaves := make([]peer.Address, 0, len(shape.Slaves))
	for _, text := range shape.Slaves {
		if a, err := peer.Parse(text); err == nil {
			slaves = append(slaves, a)
		}
	}
	return func(in *Interner) any {
		return &message.Entrants{Slaves: in.set(slaves), NpmSlaves: shape.NpmSlaves}
	}, nil
}
