package wire

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// seeds are bodies that npm nodes and clients were seen to send, one a line.
func seeds(f *testing.F, file string) []string {
	f.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		f.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// whole fails if v holds none where a list must name a peer.
func whole(t *testing.T, peers []peer.Peer) {
	t.Helper()
	for _, p := range peers {
		if p.IsZero() {
			t.Fatal("a list holds none")
		}
	}
}

func FuzzRequest(f *testing.F) {
	for kind := range uint8(message.NumKinds) {
		for _, seed := range seeds(f, "requests.txt") {
			f.Add(kind, seed, false)
		}
	}
	f.Add(uint8(message.KindApprovalKey), "action=client&timeout=5", true)
	f.Fuzz(func(t *testing.T, kind uint8, body string, form bool) {
		parse := ParseJSON
		if form {
			parse = ParseForm
		}
		fields, err := parse([]byte(body))
		if none, other := CheckJSON([]byte(body)); !form && (none != nil || (err == nil) != (other == nil)) {
			t.Fatalf("parsed with %v, checked with %v", err, other)
		}
		if err != nil || kind >= uint8(message.NumKinds) {
			return
		}
		if left := fields.Budget(time.Duration(1795355499400)*time.Millisecond, time.Second); left > MaxBudget {
			t.Fatalf("a timeout budget of %v", left)
		}
		read, err := ReadRequest(message.Kind(kind), nil, fields)
		if err != nil || read == nil {
			return
		}
		in := Interner{Book: peer.NewBook(0)}
		switch b := read(&in).(type) {
		case *message.ApprovalCheckRequest:
			whole(t, b.Approvers)
		case *message.ApprovalQuestionRequest:
			whole(t, b.Confirmed)
		case *message.RegisterRequest:
			if b.NetworkSize < 0 || b.NetworkSize > maxCount {
				t.Fatalf("a network of %d", b.NetworkSize)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for kind := range uint8(message.NumKinds) {
		for _, seed := range seeds(f, "answers.txt") {
			f.Add(kind, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body string) {
		if kind >= uint8(message.NumKinds) {
			return
		}
		read, err := ReadAnswer(message.Kind(kind), nil, []byte(body))
		if err != nil || read == nil {
			return
		}
		in := Interner{Book: peer.NewBook(0)}
		in.Other = in.Peer(peer.MustParse("localhost:1"))
		switch b := read(&in).(type) {
		case *message.Structure:
			whole(t, b.Slaves)
			total := 0
			for _, m := range b.Masters.List {
				whole(t, []peer.Peer{m.Peer})
				total += int(m.Size)
			}
			if total != b.Masters.Total || total > maxCount || b.Address != in.Other {
				t.Fatalf("masters of %d and %d in all, from %v", total, b.Masters.Total, b.Address)
			}
			goesAround(t, &in, b)
		case *message.Provision:
			for _, r := range b.Results {
				whole(t, append(r.Spares, r.Address))
			}
		case *message.ApprovalKey:
			whole(t, b.Approvers)
		}
	})
}

// goesAround sends a structure over the wire and wants the same back.
func goesAround(t *testing.T, in *Interner, s *message.Structure) {
	t.Helper()
	speaker := Speaker{Book: in.Book}
	body := speaker.Answer(message.KindStructure, s)
	text, err := body.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := readStructure(text)
	if err != nil {
		t.Fatal(err)
	}
	if back := read(in); !reflect.DeepEqual(back, s) {
		t.Fatalf("sent %+v, received %+v", s, back)
	}
}
