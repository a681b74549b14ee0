package wire

import (
	"encoding/json"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The requests about the branches of a network of several levels. Npm nodes do not know
// them.

// branchShape is a branch on the wire, and listShape a list of them.
type branchShape struct {
	Name string  `json:"name"`
	Head string  `json:"head"`
	Size float64 `json:"size"`

	Closing bool `json:"closing"`
}

func writeBranch(w *writer, b message.Branch) {
	w.raw(`{"name":`)
	w.peer(b.Name)
	w.raw(`,"head":`)
	w.peer(b.Head)
	w.raw(`,"size":`)
	w.int(int64(b.Size))
	if b.Closing {
		w.raw(`,"closing":true`)
	}
	w.raw(`}`)
}

func writeBranchList(w *writer, list []message.Branch) {
	w.raw(`[`)
	for i := range list {
		w.comma(i)
		writeBranch(w, list[i])
	}
	w.raw(`]`)
}

// branch is a branch that was read, before its addresses are peers.
type branch struct {
	name, head peer.Address
	size       uint32
	closing    bool
}

func (s branchShape) read() (branch, error) {
	name, err := addressOf(s.Name)
	if err != nil {
		return branch{}, err
	}
	head, err := addressOf(s.Head)
	return branch{name, head, uint32(count(s.Size)), s.Closing}, err
}

func readBranches(shapes []branchShape) ([]branch, error) {
	if len(shapes) > maxList {
		return nil, malformed("%d branches", len(shapes))
	}
	list := make([]branch, len(shapes))
	for i, s := range shapes {
		var err error
		if list[i], err = s.read(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (b branch) in(in *Interner) message.Branch {
	return message.Branch{Name: in.Peer(b.name), Head: in.Peer(b.head), Size: b.size, Closing: b.closing}
}

// branchesIn interns a list of siblings, each once.
func branchesIn(list []branch, in *Interner) []message.Branch {
	all := make([]message.Branch, 0, len(list))
	seen := make(map[peer.Peer]struct{}, len(list))
	for i := range list {
		b := list[i].in(in)
		if _, twice := seen[b.Name]; twice || b.Name.IsZero() || b.Head.IsZero() {
			continue
		}
		seen[b.Name] = struct{}{}
		all = append(all, b)
	}
	return all
}

// pathIn interns branches of one level after the other: one founder can have given its name
// to one of each level.
func pathIn(list []branch, in *Interner) (path []message.Branch) {
	for _, b := range list {
		path = append(path, b.in(in))
	}
	return path
}

func writeBranchRequest(w *writer, b *message.BranchRequest) {
	w.raw(`{"levels":`)
	w.int(int64(b.Levels))
	w.raw(`,"level":`)
	w.int(int64(b.Level))
	w.raw(`,"networkSize":`)
	w.int(int64(b.NetworkSize))
	if b.Alone {
		w.raw(`,"alone":true`)
	}
	w.raw(`}`)
}

func readBranchRequest(f Fields) (Body, error) {
	levels, level, size, alone := f.whole("levels"), f.whole("level"), f.whole("networkSize"), f.flag("alone")
	return func(*Interner) any {
		return &message.BranchRequest{Levels: levels, Level: level, NetworkSize: size, Alone: alone}
	}, nil
}

func writeBranchOffer(w *writer, o *message.BranchOffer) {
	w.raw(`{"network":`)
	w.peer(o.Network)
	w.raw(`,"founder":`)
	w.bool(o.Founder)
	w.raw(`,"branch":`)
	writeBranch(w, o.Branch)
	w.raw(`,"siblings":`)
	writeBranchList(w, o.Siblings.List)
	w.raw(`,"networkSize":`)
	w.int(int64(o.NetworkSize))
	if o.Levels > 0 {
		w.raw(`,"levels":`)
		w.int(int64(o.Levels))
		w.raw(`,"level":`)
		w.int(int64(o.Level))
		w.raw(`,"above":`)
		writeBranchList(w, o.Above)
	}
	w.raw(`}`)
}

func readBranchOffer(text []byte) (Body, error) {
	var shape struct {
		Network     string        `json:"network"`
		Founder     bool          `json:"founder"`
		Branch      branchShape   `json:"branch"`
		Siblings    []branchShape `json:"siblings"`
		NetworkSize float64       `json:"networkSize"`
		Levels      float64       `json:"levels"`
		Level       float64       `json:"level"`
		Above       []branchShape `json:"above"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	network, err := addressOf(shape.Network)
	if err != nil {
		return nil, err
	}
	own, err := shape.Branch.read()
	if err != nil {
		return nil, err
	}
	siblings, err := readBranches(shape.Siblings)
	if err != nil {
		return nil, err
	}
	if len(shape.Above) > maxPath {
		return nil, malformed("%d branches above", len(shape.Above))
	}
	above, err := readBranches(shape.Above)
	if err != nil {
		return nil, err
	}
	return func(in *Interner) any {
		return &message.BranchOffer{
			Levels: count(shape.Levels), Level: count(shape.Level), Above: pathIn(above, in),
			Network: in.Peer(network), Founder: shape.Founder, Branch: own.in(in),
			Siblings: message.NewBranches(branchesIn(siblings, in)), NetworkSize: count(shape.NetworkSize),
		}
	}, nil
}

func writeLeave(w *writer, r *message.LeaveRequest) {
	w.raw(`{"gone":`)
	w.bool(r.Gone)
	if !r.Heir.IsZero() {
		w.raw(`,"heir":`)
		w.peer(r.Heir)
	}
	w.raw(`}`)
}

func readLeave(f Fields) (Body, error) {
	heir, gone := f.address("heir"), f.flag("gone")
	return func(in *Interner) any {
		if heir == (peer.Address{}) {
			return &message.LeaveRequest{Gone: gone}
		}
		return &message.LeaveRequest{Heir: in.Peer(heir), Gone: gone}
	}, nil
}

func writeTreeRequest(w *writer, r *message.TreeRequest) {
	w.raw(`{`)
	fields := 0
	for _, flag := range []struct {
		is   bool
		text string
	}{{r.Place, `"place":true`}, {r.Missed, `"missed":true`}} {
		if flag.is {
			w.comma(fields)
			w.raw(flag.text)
			fields++
		}
	}
	if r.Level == 0 {
		w.raw(`}`)
		return
	}
	w.comma(fields)
	w.raw(`"level":`)
	w.int(int64(r.Level))
	w.raw(`,"name":`)
	w.peer(r.Branch.Name)
	w.raw(`,"head":`)
	w.peer(r.Branch.Head)
	w.raw(`,"size":`)
	w.int(int64(r.Branch.Size))
	if r.Branch.Closing {
		w.raw(`,"closing":true`)
	}
	w.raw(`}`)
}

// readTreeRequest reads a request. Without a whole branch it tells about none.
func readTreeRequest(f Fields) (Body, error) {
	name, head := f.address("name"), f.address("head")
	level, size := f.whole("level"), f.whole("size")
	flags := message.TreeRequest{Place: f.flag("place"), Missed: f.flag("missed")}
	if name == (peer.Address{}) || head == (peer.Address{}) {
		return func(*Interner) any { return &flags }, nil
	}
	own := branch{name, head, uint32(size), f.flag("closing")}
	return func(in *Interner) any {
		r := flags
		if b := own.in(in); !b.Name.IsZero() && !b.Head.IsZero() { // else there is no place for its addresses
			r.Level, r.Branch = level, b
		}
		return &r
	}, nil
}

func writeTree(w *writer, t *message.Tree) {
	w.raw(`{"network":`)
	w.peer(t.Network)
	w.raw(`,"path":`)
	writeBranchList(w, t.Path)
	w.raw(`,"lists":[`)
	for i, list := range t.Lists {
		w.comma(i)
		writeBranchList(w, list.List)
	}
	w.raw(`]`)
	if t.Levels > 0 {
		w.raw(`,"levels":`)
		w.int(int64(t.Levels))
	}
	if t.Place != nil {
		w.raw(`,"place":`)
		writeStructure(w, t.Place)
	}
	w.raw(`}`)
}

func readTree(text []byte) (Body, error) {
	var shape struct {
		Network string          `json:"network"`
		Path    []branchShape   `json:"path"`
		Lists   [][]branchShape `json:"lists"`
		Levels  float64         `json:"levels"`
		Place   json.RawMessage `json:"place"`
	}
	if err := lenient(text, &shape); err != nil {
		return nil, err
	}
	network, err := addressOf(shape.Network)
	if err != nil {
		return nil, err
	}
	if len(shape.Path) > maxPath {
		return nil, malformed("a path of %d branches", len(shape.Path))
	}
	path, err := readBranches(shape.Path)
	if err != nil {
		return nil, err
	}
	if len(shape.Lists) != len(path) {
		return nil, malformed("%d lists of branches for %d levels", len(shape.Lists), len(path))
	}
	lists := make([][]branch, len(shape.Lists))
	for i := range lists {
		if lists[i], err = readBranches(shape.Lists[i]); err != nil {
			return nil, err
		}
	}
	var place Body
	if len(shape.Place) > 0 {
		if place, err = readStructure(shape.Place); err != nil {
			return nil, err
		}
	}
	return func(in *Interner) any {
		t := &message.Tree{Network: in.Peer(network)}
		t.Levels, t.Path = count(shape.Levels), pathIn(path, in)
		if place != nil {
			t.Place, _ = place(in).(*message.Structure)
		}
		for _, list := range lists {
			t.Lists = append(t.Lists, message.NewBranches(branchesIn(list, in)))
		}
		return t
	}, nil
}
