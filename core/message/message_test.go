package message_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// The answer to a request is its body, or the error that came instead; a body of another
// kind is malformed.
func TestAnswerAsItsType(t *testing.T) {
	size, late := &message.Registered{Size: 3}, errors.New("late")
	tests := []struct {
		name string
		resp message.Response
		body *message.Registered
		err  error
	}{
		{"a body", message.Response{Body: size}, size, nil},
		{"a body and an error", message.Response{Body: size, Err: late}, size, nil},
		{"an error", message.Response{Err: late}, nil, late},
		{"a refusal", message.Refuse(message.CodeMasterFull), nil, message.Refusal(message.CodeMasterFull, "")},
		{"a body of another type", message.Response{Body: &message.Interview{}}, nil, message.ErrMalformed},
		{"a value where a pointer belongs", message.Response{Body: *size}, nil, message.ErrMalformed},
		{"a body of another type and an error", message.Response{Body: &message.Interview{}, Err: late}, nil, late},
		{"a nil pointer", message.Response{Body: (*message.Registered)(nil)}, nil, message.ErrMalformed},
		{"nothing", message.Response{}, nil, message.ErrMalformed},
	}
	for _, test := range tests {
		body, err := message.As[message.Registered](test.resp)
		if body != test.body || !errors.Is(err, test.err) {
			t.Errorf("%s is read as %v, %v, want %v, %v", test.name, body, err, test.body, test.err)
		}
	}
}

// The body of a request is there for the type of its kind, and nil for any other.
func TestRequestAsItsType(t *testing.T) {
	body := &message.ProvideRequest{Places: true}
	if got := message.Asked[message.ProvideRequest](&message.Request{Body: body}); got != body {
		t.Errorf("the body is %v, want %v", got, body)
	}
	for _, other := range []any{nil, *body, &message.RegisterRequest{}, (*message.ProvideRequest)(nil)} {
		if got := message.Asked[message.ProvideRequest](&message.Request{Body: other}); got != nil {
			t.Errorf("a body of type %T is taken for %v", other, got)
		}
	}
}

// Refusals are compared by their code, whatever they say and however they are wrapped.
func TestRefusalsAreComparedByCode(t *testing.T) {
	full := fmt.Errorf("registration: %w", message.Refusal(message.CodeMasterFull, "of 12 slaves"))
	if !message.IsRefusal(full, message.CodeMasterFull) {
		t.Error("a wrapped refusal is not recognized")
	}
	for _, err := range []error{nil, message.ErrTimeout, message.Refusal(message.CodeInterviewee, ""), errors.New(message.CodeMasterFull)} {
		if message.IsRefusal(err, message.CodeMasterFull) {
			t.Errorf("%v passes for %s", err, message.CodeMasterFull)
		}
	}
}

// A refusal says the text of its code, and behind it the detail if there is one.
func TestRefusalText(t *testing.T) {
	if got := message.Refusal(message.CodeUnknownQuery, "").Error(); got != "unknown query" {
		t.Errorf("without a detail it says %q", got)
	}
	if got := message.Refusal(message.CodeUnknownQuery, "holders").Error(); got != "unknown query holders" {
		t.Errorf("with a detail it says %q", got)
	}
	resp := message.Refuse(message.CodeInterviewee)
	if !message.IsRefusal(resp.Err, message.CodeInterviewee) || resp.Body != nil {
		t.Errorf("the answer that refuses is %v", resp)
	}
}

func master(id, size uint32) message.Master {
	return message.Master{Peer: peer.FromID(id), Size: size}
}

// A list of masters knows how many nodes it stands for, and the size of each master in
// it.
func TestMastersSumTheirSizes(t *testing.T) {
	m := message.NewMasters([]message.Master{master(3, 5), master(1, 0), master(2, 7)})
	if m.Total != 12 {
		t.Errorf("masters of 5, 0 and 7 slaves stand for %d nodes", m.Total)
	}
	for id, want := range map[uint32]int{3: 5, 1: 0, 2: 7} {
		if size, ok := m.SizeOf(peer.FromID(id)); size != want || !ok {
			t.Errorf("master %d has size %d, %t", id, size, ok)
		}
	}
	if size, ok := m.SizeOf(peer.FromID(4)); size != 0 || ok {
		t.Errorf("a node that is not in the list has size %d, %t", size, ok)
	}
}

// The digest tells sets of masters apart, and nothing else: neither order nor sizes
// change it.
func TestDigestIsThatOfTheSet(t *testing.T) {
	of := func(list ...message.Master) uint64 { return message.NewMasters(list).Set() }
	set := of(master(1, 4), master(2, 5), master(3, 6))
	if other := of(master(3, 0), master(1, 9), master(2, 5)); other != set {
		t.Errorf("in another order, with other sizes, the digest is %x, want %x", other, set)
	}
	seen := map[uint64]string{0: "no digest", set: "1, 2, 3"}
	for a := uint32(1); a <= 60; a++ {
		for b := a + 1; b <= 60; b++ {
			digest, name := of(master(a, 1), master(b, 1)), fmt.Sprintf("%d, %d", a, b)
			if other, taken := seen[digest]; taken {
				t.Fatalf("the sets {%s} and {%s} have one digest", other, name)
			}
			seen[digest] = name
		}
	}
	if digest := (&message.Masters{List: []message.Master{master(1, 1)}, Total: 1}).Set(); digest != 0 {
		t.Errorf("a list from the wire, which could be forged, has digest %x", digest)
	}
}

// Peers are found in lists of any length, and no others are, whatever has been made of them.
func TestMastersAreFound(t *testing.T) {
	for n := range uint32(300) {
		var list []message.Master
		for id := range n {
			list = append(list, master(3*(n-id), id)) // a multiple of three each
		}
		for _, m := range []*message.Masters{message.NewMasters(list), {List: list}} {
			for id := uint32(1); id < 4*n+4; id++ {
				want := -1
				if id%3 == 0 && id <= 3*n {
					want = int(n - id/3)
				}
				if got := m.Index(peer.FromID(id)); got != want {
					t.Fatalf("of %d masters, %d is at %d, want %d", n, id, got, want)
				}
			}
		}
	}
}

// The digest of a whole list is that of its masters, their order and their sizes, however
// the sizes have come to be.
func TestDigestOfTheWholeList(t *testing.T) {
	of := func(list ...message.Master) uint64 { return message.NewMasters(list).Digest() }
	changed := message.NewMasters([]message.Master{master(1, 4), master(2, 0), master(3, 1)})
	changed.SetSize(2, 6)
	changed.SetSize(1, 5)
	if got, want := changed.Digest(), of(master(1, 4), master(2, 5), master(3, 6)); got != want || changed.Total != 15 {
		t.Errorf("a changed list has digest %x and %d nodes, want %x and 15", got, changed.Total, want)
	}
	seen := map[uint64]int{0: -1}
	for i, digest := range []uint64{
		of(master(1, 4), master(2, 5)), of(master(2, 5), master(1, 4)), of(master(1, 5), master(2, 4)),
		of(master(1, 4), master(2, 6)), of(master(1, 4)), of(master(2, 5)), of(master(1, 0)), of(master(0, 1)),
	} {
		if other, taken := seen[digest]; taken {
			t.Errorf("the lists %d and %d have one digest", i, other)
		}
		seen[digest] = i
	}
	if digest := (&message.Masters{List: []message.Master{master(1, 1)}, Total: 1}).Digest(); digest != 0 {
		t.Errorf("a list from the wire, which could be forged, has digest %x", digest)
	}
}

// The digest is a sum of splitmix64's outputs, so that two programs agree on it.
func TestDigestIsSplitmix64(t *testing.T) {
	// The first output of the generator with the seed 0, as its authors publish it: its
	// state is then the constant by which a peer's number is multiplied.
	if got := message.NewMasters([]message.Master{master(1, 1)}).Set(); got != 0xe220a8397b1dcdaf {
		t.Errorf("the digest of the first peer is %x", got)
	}
}

// A network has at least one node, even if its structure lists none.
func TestSizeOfAStructure(t *testing.T) {
	for total, want := range map[int]int{-3: 1, 0: 1, 1: 1, 2: 2, 40: 40} {
		s := &message.Structure{Masters: &message.Masters{Total: total}}
		if got := s.Size(); got != want {
			t.Errorf("masters of %d slaves in all: a network of %d", total, got)
		}
	}
}

// NewMasters takes over the slice it is given: a list of a large network is not copied.
func TestMastersKeepTheirSlice(t *testing.T) {
	list := []message.Master{master(1, 1), master(2, 2)}
	m := message.NewMasters(list)
	if &m.List[0] != &list[0] || !slices.Equal(m.List, list) {
		t.Error("the list is another one")
	}
}
