package wire

import (
	"encoding/json"
	"math"
	"strconv"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// What nodes tell about themselves and their place: ping, status, structure.

func writePing(w *writer, _ any) error {
	w.raw(`{"version":`)
	w.string(w.speaker.Version)
	w.raw(`,"address":`)
	w.peer(w.speaker.Self)
	w.raw(`}`)
	return nil
}

func writeStatus(w *writer, s *message.Status) {
	w.raw(`{"root":`)
	w.peer(s.Root)
	w.raw(`,"availability":`)
	w.number(s.Availability)
	w.raw(`,"syncAvgTime":`)
	w.millis(s.SyncAverage)
	w.raw(`,"isMaster":`)
	w.bool(s.IsMaster)
	w.raw(`,"isNormalized":`)
	w.bool(s.IsNormalized)
	w.raw(`,"isRegistered":`)
	w.bool(s.IsRegistered)
	w.raw(`,"networkSize":`)
	w.int(int64(s.NetworkSize))
	w.raw(`}`)
}

type statusShape struct {
	Root string `json:"root"`
	// a number, or a text when asked for pretty
	Availability any     `json:"availability"`
	SyncAvgTime  any     `json:"syncAvgTime"` // milliseconds, or a text
	IsMaster     bool    `json:"isMaster"`
	IsNormalized bool    `json:"isNormalized"`
	IsRegistered bool    `json:"isRegistered"`
	NetworkSize  float64 `json:"networkSize"`
}

func readStatus(text []byte) (Body, error) {
	var shape statusShape
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	s := message.Status{
		IsMaster: shape.IsMaster, IsNormalized: shape.IsNormalized, IsRegistered: shape.IsRegistered,
		NetworkSize: count(shape.NetworkSize),
	}
	if x, ok := shape.Availability.(float64); ok {
		s.Availability = min(1, max(0, x))
	}
	if x, ok := shape.SyncAvgTime.(float64); ok && x >= 0 && x < maxMillis {
		s.SyncAverage = fromMillis(x)
	}
	var root peer.Address
	if shape.Root != "" {
		var err error
		if root, err = addressOf(shape.Root); err != nil {
			return nil, err
		}
	}
	return func(in *Interner) any {
		status := s
		status.Root = in.Peer(root)
		return &status
	}, nil
}

// PrettyStatus turns two numbers of our status into texts for people, for GET
// /status?pretty.
func PrettyStatus(status *Document) (*Document, error) {
	var shape statusShape
	if err := json.Unmarshal(status.plain, &shape); err != nil {
		return nil, err
	}
	availability, _ := shape.Availability.(float64)
	average, _ := shape.SyncAvgTime.(float64)
	shape.Availability = strconv.FormatFloat(availability, 'f', 2, 64)
	shape.SyncAvgTime = strconv.FormatFloat(average, 'f', -1, 64) + "ms"
	text, err := json.Marshal(shape)
	return NewDocument(text), err
}

func writeIntroduction(w *writer, _ *message.Introduction) { w.raw(`{"introduce":true}`) }

// readIntroduction reads a structure request. A client cannot introduce itself.
func readIntroduction(f Fields) (Body, error) {
	if !f.flag(IntroduceField) {
		return nil, nil
	}
	return func(in *Interner) any {
		if in.Other.IsZero() {
			return nil
		}
		return &message.Introduction{}
	}, nil
}

func writeStructure(w *writer, s *message.Structure) {
	if w.sizes != nil {
		t := w.sizes.structure(s)
		w.add(&t)
		return
	}
	w.raw(`{"address":`)
	w.peer(s.Address)
	w.raw(`,"backlink":`)
	if s.Backlink.IsZero() {
		w.raw(`null`)
	} else {
		w.node(s.Backlink)
	}
	w.raw(`,"slaves":`)
	w.nodes(s.Slaves)
	w.raw(`,"masters":`)
	w.masters(s.Masters)
	w.raw(npmField(s))
	if s.MaxAge > 0 {
		w.raw(ageField)
		w.int(int64(s.MaxAge))
	}
	w.raw(`}`)
}

// npmField says whether npm nodes are among the slaves. Npm nodes do not write it, by
// which they are known, and ignore it.
func npmField(s *message.Structure) string {
	switch {
	case s.Npm:
		return ""
	case s.NpmSlaves:
		return `,"npmSlaves":true`
	}
	return `,"npmSlaves":false`
}

// ageField ends a structure that the sender vouches for, with a number of milliseconds.
const ageField = `,"maxAge":`

func (w *writer) masters(m *message.Masters) {
	w.raw(`[`)
	for i := range m.List {
		w.comma(i)
		w.raw(`{"address":`)
		w.peer(m.List[i].Peer)
		w.raw(`,"size":`)
		w.int(int64(m.List[i].Size))
		w.raw(`}`)
	}
	w.raw(`]`)
}

type structureShape struct {
	Address  string        `json:"address"` // by which it is in its own list of masters
	Backlink *nodeShape    `json:"backlink"`
	Slaves   []nodeShape   `json:"slaves"`
	Masters  []masterShape `json:"masters"`
	// whether npm nodes are among the slaves; missing where the node itself is one
	NpmSlaves *bool   `json:"npmSlaves"`
	MaxAge    float64 `json:"maxAge"` // milliseconds
}

type nodeShape struct {
	Address string `json:"address"`
}

type masterShape struct {
	Address string  `json:"address"`
	Size    float64 `json:"size"`
}

// sizedAddress is a master whose address is not interned yet.
type sizedAddress struct {
	address peer.Address
	size    uint32
}

func readStructure(text []byte) (Body, error) {
	var shape structureShape
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	switch {
	case shape.Slaves == nil || shape.Masters == nil:
		return nil, malformed("no list of slaves or masters")
	case len(shape.Slaves) > maxList || len(shape.Masters) > maxList:
		return nil, malformed("%d slaves and %d masters", len(shape.Slaves), len(shape.Masters))
	}
	slaves := addressesOf(shape.Slaves)
	var backlink peer.Address
	if shape.Backlink != nil {
		var err error
		if backlink, err = addressOf(shape.Backlink.Address); err != nil {
			return nil, err
		}
	}
	list := make([]sizedAddress, 0, len(shape.Masters))
	for _, m := range shape.Masters {
		if !(m.Size >= 0 && m.Size <= maxCount) || m.Size != math.Trunc(m.Size) {
			return nil, malformed("a master of size %g", m.Size)
		}
		if address, err := peer.Parse(m.Address); err == nil {
			list = append(list, sizedAddress{address, uint32(m.Size)})
		}
	}
	return func(in *Interner) any {
		masters := in.masters(list)
		s := &message.Structure{
			Address: in.Other, Backlink: in.Peer(backlink), Slaves: in.set(slaves), Masters: masters,
			Npm: shape.NpmSlaves == nil, NpmSlaves: shape.NpmSlaves != nil && *shape.NpmSlaves,
		}
		// A node that is asked by another name is in its list by its own. And what a full
		// book leaves out is not the sender's fault.
		if shape.MaxAge > 0 && shape.MaxAge < maxCount && shape.Address == in.Book.Text(in.Other) && !in.Full {
			s.MaxAge = uint32(shape.MaxAge)
		}
		return s
	}, nil
}

// masters interns a list of masters, without repetitions, and without those whose sizes
// would overflow the network size.
func (in *Interner) masters(list []sizedAddress) *message.Masters {
	masters := &message.Masters{List: make([]message.Master, 0, len(list))}
	seen := make(map[peer.Peer]struct{}, len(list))
	for _, m := range list {
		p := in.Peer(m.address)
		if _, twice := seen[p]; twice || p.IsZero() || masters.Total+int(m.size) > maxCount {
			continue
		}
		seen[p] = struct{}{}
		masters.List = append(masters.List, message.Master{Peer: p, Size: m.size})
		masters.Total += int(m.size)
	}
	return masters
}

func writeAvailable(w *writer, b *message.AvailableNode) { w.node(b.Address) }

func readAvailable(text []byte) (Body, error) {
	var shape nodeShape
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	a, err := addressOf(shape.Address)
	return func(in *Interner) any { return &message.AvailableNode{Address: in.Peer(a)} }, err
}
