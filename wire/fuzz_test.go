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
			if b.NetworkSize < 0 || b.NetworkSize > maxCount || b.Levels < 0 {
				t.Fatalf("a network of %d, of %d levels", b.NetworkSize, b.Levels)
			}
		case *message.TreeRequest:
			if none := b.Branch.Name.IsZero() || b.Branch.Head.IsZero(); b.Level < 0 || none && b.Level != 0 {
				t.Fatalf("of level %d, branch %v", b.Level, b.Branch)
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
	const own = `{"name":"a.b:1","head":"a.b:2","size":7}`
	f.Add(uint8(message.KindTree), `{"network":"a.b:1","path":[`+own+`],"lists":[[`+own+`,`+own+`]]}`)
	f.Add(uint8(message.KindBranch), `{"network":"a.b:1","founder":true,"branch":`+own+`,"siblings":[`+own+`],"networkSize":8}`)
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
		case *message.BranchOffer:
			siblings(t, b.Siblings)
		case *message.Tree:
			if len(b.Path) > maxPath || len(b.Lists) != len(b.Path) {
				t.Fatalf("%d lists for %d branches", len(b.Lists), len(b.Path))
			}
			for _, list := range b.Lists {
				siblings(t, list)
			}
		}
	})
}

// siblings fails unless the branches of a list are whole, each is there once, and their
// sizes add up.
func siblings(t *testing.T, b *message.Branches) {
	t.Helper()
	total, names := 0, make(map[peer.Peer]bool)
	for _, e := range b.List {
		whole(t, []peer.Peer{e.Name, e.Head})
		if names[e.Name] {
			t.Fatalf("branch %v is named twice", e.Name)
		}
		names[e.Name] = true
		total += int(e.Size)
	}
	if total != b.Total || len(b.List) > maxList {
		t.Fatalf("%d branches of %d and %d nodes in all", len(b.List), total, b.Total)
	}
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
