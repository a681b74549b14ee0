package wire

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

var update = flag.Bool("update", false, "rewrite testdata/messages.txt")

// TestEveryMessageHasItsForm compares the messages with what stands in testdata, which
// was written by the structs and encoding/json of the time before this package.
func TestEveryMessageHasItsForm(t *testing.T) {
	const file = "testdata/messages.txt"
	book := peer.NewBook(0)
	list := samples(t, book)
	var b bytes.Buffer
	seen := make(map[message.Kind]bool)
	for _, s := range list {
		seen[s.req.Kind] = true
		speaker := Speaker{Book: book, Self: book1(t, book), Version: DefaultVersion}
		out := speaker.Request(speaker.Self, &s.req, aTime)
		request, err := out.body.JSON()
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		status, answer := 200, speaker.Answer(s.req.Kind, s.resp.Body)
		if s.resp.Err != nil {
			status, answer = Failure(s.resp.Err)
		}
		text, err := answer.JSON()
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		fmt.Fprintf(&b, "# %s\n%s %s\n%s\n%d\n%s\n\n", s.name, Method(s.req.Kind), out.path, request, status, text)
	}
	if len(seen) != int(message.NumKinds) {
		t.Errorf("messages of %d kinds, want one of each of %d", len(seen), message.NumKinds)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("the messages are not those of %s; see the difference after go test -update", file)
	}
}

// book1 is the first peer of a book of samples.
func book1(t testing.TB, book *peer.Book) peer.Peer {
	t.Helper()
	p, found := book.Find("n1.example.com:4000")
	if !found {
		t.Fatal("no such peer")
	}
	return p
}

// TestABodyOfAnotherKindIsAnError keeps a mistake of a node off the wire.
func TestABodyOfAnotherKindIsAnError(t *testing.T) {
	speaker := Speaker{Book: peer.NewBook(0)}
	wrong := &message.Registered{}
	body := speaker.Answer(message.KindStatus, wrong)
	if text, err := body.JSON(); err == nil {
		t.Errorf("a status is %s", text)
	}
	to, err := speaker.Book.Intern(peer.MustParse("localhost:1"))
	if err != nil {
		t.Fatal(err)
	}
	out := speaker.Request(to, &message.Request{Kind: message.KindRegister, Body: wrong}, 0)
	if text, err := out.body.JSON(); err == nil {
		t.Errorf("a registration is %s", text)
	}
}
