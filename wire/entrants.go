package wire

import (
	"encoding/hex"
	"net/netip"
	"time"

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
	if b.Level > 0 {
		w.raw(`,"level":`)
		w.int(int64(b.Level))
	}
	if b.Hosts {
		w.raw(`,"hosts":true`)
	}
	if d := b.Draw; d != nil {
		w.raw(`,"action":`)
		w.string(d.Action)
		w.raw(`,"group":`)
		w.string(d.Group.String())
		if d.Salt != (draw.Salt{}) {
			w.raw(`,"salt":`)
			w.string(hex.EncodeToString(d.Salt[:]))
		}
		if d.Client.IsValid() {
			w.raw(`,"client":`)
			w.ip(d.Client)
		}
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
	level, hosts, byHost := f.whole("level"), f.flag("hosts"), readDraw(f, started)
	return func(*Interner) any {
		return &message.EntrantsRequest{Level: level, StartedAt: started, Limit: limit, Hosts: hosts, Draw: byHost}
	}, nil
}

// readDraw reads what the hashes of a draw by host depend on; nil without a group, which
// every draw by host has. A salt that cannot be read is none: the sender has spoilt its
// own draw.
func readDraw(f Fields, start time.Duration) *draw.Draw {
	text, _ := f.text("group", maxGroup)
	group, err := draw.ParseGroup(text)
	if err != nil {
		return nil
	}
	d := &draw.Draw{Action: f.Action(), Start: start, Client: f.ip("client"), Group: group}
	text, _ = f.text("salt", hex.EncodedLen(len(d.Salt)))
	if salt, err := hex.DecodeString(text); err == nil && len(salt) == len(d.Salt) {
		d.Salt = draw.Salt(salt)
	}
	return d
}

// maxGroup bounds the text of a group, in bytes.
const maxGroup = 16

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
	if len(b.IPs) > 0 && len(b.IPs) == len(b.Slaves) {
		w.raw(`,"ips":[`)
		for i, ip := range b.IPs {
			w.comma(i)
			if ip.IsValid() {
				w.ip(ip)
			} else {
				w.raw(`""`)
			}
		}
		w.raw(`]`)
	}
	w.raw(`}`)
}

func readEntrants(text []byte) (Body, error) {
	var shape struct {
		Slaves    []string `json:"slaves"`
		NpmSlaves bool     `json:"npmSlaves"`
		IPs       []string `json:"ips"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	if len(shape.Slaves) > maxList {
		return nil, malformed("%d entrants", len(shape.Slaves))
	}
	slaves := make([]peer.Address, 0, len(shape.Slaves))
	ips := make(map[string]netip.Addr) // by address
	for i, text := range shape.Slaves {
		a, err := peer.Parse(text)
		if err != nil {
			continue
		}
		slaves = append(slaves, a)
		if i < len(shape.IPs) {
			if ip, err := peer.ParseIP(shape.IPs[i]); err == nil {
				ips[a.String()] = ip
			}
		}
	}
	return func(in *Interner) any {
		e := &message.Entrants{Slaves: in.set(slaves), NpmSlaves: shape.NpmSlaves}
		if len(ips) > 0 {
			e.IPs = make([]netip.Addr, len(e.Slaves))
			for i, p := range e.Slaves {
				e.IPs[i] = ips[in.Book.Text(p)]
			}
		}
		return e
	}, nil
}
