package wire

import (
	"spreadable/core/message"
	"spreadable/core/peer"
)

// How nodes find a master and register there: interview, provide, register.

// Npm nodes add their address to some answers, and their schemas allow it there.

func writeInterview(w *writer, b *message.Interview) {
	w.raw(`{"summary":`)
	w.node(b.Address)
	w.raw(`}`)
}

func readInterview(text []byte) (Body, error) {
	var shape struct {
		Summary *nodeShape `json:"summary"`
		Address string     `json:"address"`
	}
	if err := strict(text, &shape); err != nil {
		return nil, err
	}
	if shape.Summary == nil {
		return nil, malformed("no summary")
	}
	a, err := addressOf(shape.Summary.Address)
	return func(in *Interner) any { return &message.Interview{Address: in.Peer(a)} }, err
}

func writeProvide(w *writer, b *message.ProvideRequest) {
	w.raw(`{"target":`)
	w.peer(b.Target)
	if b.Places {
		w.raw(`,"places":true`)
	}
	if !b.Lost.IsZero() {
		w.raw(`,"lost":`)
		w.peer(b.Lost)
	}
	w.raw(`,`)
	w.budget()
}

func readProvide(f Fields) (Body, error) {
	target, places, lost := f.address("target"), f.flag("places"), f.address("lost")
	return func(in *Interner) any {
		b := &message.ProvideRequest{Target: in.Peer(target), Places: places}
		b.Lost, _ = in.Book.Find(lost.String()) // only of one that we know it matters
		return b
	}, nil
}

func writeProvision(w *writer, b *message.Provision) {
	w.raw(`{"results":[`)
	for i := range b.Results {
		r := &b.Results[i]
		w.comma(i)
		w.raw(`{"address":`)
		w.peer(r.Address)
		w.raw(`,"networkSize":`)
		w.int(int64(r.NetworkSize))
		w.raw(`,"candidates":`)
		w.nodes(r.Spares)
		w.raw(`}`)
	}
	w.raw(`],"syncLifetime":`)
	w.millis(b.Lifetime)
	w.raw(`,"networkSize":`)
	w.int(int64(b.NetworkSize))
	w.raw(`}`)
}

type provisionShape struct {
	Results []struct {
		Address     string      `json:"address"`
		NetworkSize float64     `json:"networkSize"`
		Candidates  []nodeShape `json:"candidates"`
	} `json:"results"`
	SyncLifetime float64 `json:"syncLifetime"`
	NetworkSize  float64 `json:"networkSize"`
	Address      string  `json:"address"`
}

// placeAddresses is a place whose addresses are not interned yet.
type placeAddresses struct {
	master peer.Address
	size   int
	spares []peer.Address
}

func readProvision(text []byte) (Body, error) {
	var shape provisionShape
	if err := strict(text, &shape); err != nil {
		return nil, err
	}
	if shape.Results == nil || len(shape.Results) > maxList {
		return nil, malformed("%d results", len(shape.Results))
	}
	if !(shape.SyncLifetime >= 0 && shape.SyncLifetime < maxMillis) {
		return nil, malformed("a sync lifetime of %g ms", shape.SyncLifetime)
	}
	places := make([]placeAddresses, 0, len(shape.Results))
	for _, r := range shape.Results {
		master, err := addressOf(r.Address)
		if err != nil {
			return nil, err
		}
		if len(r.Candidates) > maxList {
			return nil, malformed("%d candidates", len(r.Candidates))
		}
		places = append(places, placeAddresses{master, count(r.NetworkSize), addressesOf(r.Candidates)})
	}
	return func(in *Interner) any {
		return &message.Provision{
			Results: in.places(places), Lifetime: fromMillis(shape.SyncLifetime), NetworkSize: count(shape.NetworkSize),
		}
	}, nil
}

// places interns a list of places, each master once.
func (in *Interner) places(list []placeAddresses) []message.Place {
	var places []message.Place
	seen := make(map[peer.Peer]struct{}, len(list))
	for _, p := range list {
		master := in.Peer(p.master)
		if _, twice := seen[master]; twice || master.IsZero() {
			continue
		}
		seen[master] = struct{}{}
		places = append(places, message.Place{Address: master, NetworkSize: p.size, Spares: in.set(p.spares)})
	}
	return places
}

func writeRegister(w *writer, b *message.RegisterRequest) {
	w.raw(`{"target":`)
	w.peer(b.Target)
	if b.NetworkSize != 0 {
		w.raw(`,"networkSize":`)
		w.int(int64(b.NetworkSize))
	}
	writeDraw(w, b.Draw)
	writeLevels(w, b.Levels)
	w.raw(`,`)
	w.budget()
}

// writeLevels writes how many levels a network has, which one of one level leaves out, as
// npm nodes do.
func writeLevels(w *writer, levels int) {
	if levels > 1 {
		w.raw(`,"levels":`)
		w.int(int64(levels))
	}
}

// maxDraw bounds the text of the settings of draws, in bytes.
const maxDraw = 64

// writeDraw writes how the network draws, which nodes that do as npm leave out.
func writeDraw(w *writer, settings string) {
	if settings != "" {
		w.raw(`,"draw":`)
		w.string(settings)
	}
}

func readRegister(f Fields) (Body, error) {
	target := f.address("target")
	size, _ := f.number("networkSize")
	settings, _ := f.text("draw", maxDraw)
	levels := f.whole("levels")
	return func(in *Interner) any {
		return &message.RegisterRequest{Target: in.Peer(target), NetworkSize: count(size), Draw: settings, Levels: levels}
	}, nil
}

func writeRegistered(w *writer, b *message.Registered) {
	w.raw(`{"size":`)
	w.int(int64(b.Size))
	writeDraw(w, b.Draw)
	writeLevels(w, b.Levels)
	w.raw(`}`)
}

func readRegistered(text []byte) (Body, error) {
	var shape struct {
		Size    *float64 `json:"size"`
		Draw    string   `json:"draw"`
		Levels  float64  `json:"levels"`
		Address string   `json:"address"`
	}
	if err := strict(text, &shape); err != nil {
		return nil, err
	}
	if shape.Size == nil || !(*shape.Size >= 0) {
		return nil, malformed("no size")
	}
	if len(shape.Draw) > maxDraw {
		return nil, malformed("settings of draws of %d bytes", len(shape.Draw))
	}
	return func(*Interner) any {
		return &message.Registered{Size: count(*shape.Size), Draw: shape.Draw, Levels: count(shape.Levels)}
	}, nil
}
