package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/client"
	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
	"spreadable/internal/nettest"
	httptransport "spreadable/transport/http"
)

// application is a node on which something stands behind a captcha: spreadnode alone has
// nothing of the kind.
func application(t *testing.T) (node *httptransport.Node, address string) {
	t.Helper()
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	own := peer.MustParse("127.0.0.1:" + port(t))
	book := peer.NewBook(0)
	self, _ := book.Intern(own)
	node, err = httptransport.New(httptransport.Options{Address: own, Config: &core.Config{
		Book: book, Bootstrap: []core.Peer{self}, Approvals: []core.ApprovalKind{pictures, core.NewClientApproval(core.DefaultTerms())},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"captcha", "client"} {
		node.Handle("write-"+action, node.Protect(action, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httptransport.WriteJSON(w, r, map[string]bool{"written": true}, nil)
		})))
	}
	if err := node.Start(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close(t.Context()) })
	return node, own.String()
}

func TestAnApprovedClientMayAct(t *testing.T) {
	_, address := application(t)
	code, out, said := inProcess("approve", "--node", address, "--call", "write-client")
	if code != 0 || !strings.Contains(out, `"written": true`) {
		t.Errorf("exit code %d, %s%s", code, out, said)
	}
	code, _, said = inProcess("approve", "--node", address, "--call", "/write-client", "--answer", "192.0.2.1")
	if code != 1 || !strings.Contains(said, "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER") {
		t.Errorf("a wrong answer: exit code %d, %s", code, said)
	}
}

func TestACaptchaIsAnsweredInTwoSteps(t *testing.T) {
	node, address := application(t)
	saved := filepath.Join(t.TempDir(), "saved.png")
	code, out, said := inProcess("approve", "captcha", "--node", address, "--question-only", "--width", "120", "--save", saved, "--show")
	if code != 0 || !strings.Contains(said, saved) || !strings.Contains(said, "▀") {
		t.Fatalf("exit code %d, the picture is not shown and saved: %s", code, said)
	}
	var asked client.Question
	if err := json.Unmarshal([]byte(out), &asked); err != nil || asked.ClientIP != "127.0.0.1" {
		t.Fatalf("%+v, %v", asked, err)
	}
	png, err := os.ReadFile(saved)
	if picture, _ := asked.Picture(); err != nil || !bytes.Equal(png, picture) {
		t.Errorf("the file is not the picture of the question: %d bytes, %v", len(png), err)
	}
	file := filepath.Join(t.TempDir(), "question.json")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	var answer string
	node.Do(t.Context(), func(n *core.Node) { answer = n.State().Approvals[0].Answer })
	picture := filepath.Join(t.TempDir(), "picture.png")
	code, out, said = inProcess("approve", "--node", address, "--from", file, "--answer", answer, "--save", picture, "--call", "write-captcha")
	if code != 0 || !strings.Contains(out, `"written": true`) || !strings.Contains(said, picture) {
		t.Errorf("exit code %d, %s%s", code, out, said)
	}
	if png, err := os.ReadFile(picture); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("%d bytes, %v", len(png), err)
	}
}

// The local endpoint: a node that was started for tests reveals the answer, any other
// does not.
func TestAnswersAreGivenAwayOnlyOnDemand(t *testing.T) {
	for _, demanded := range []bool{true, false} {
		args := []string{"--port", port(t)}
		if demanded {
			args = append(args, "--test-answers")
		}
		p := startProcess(t, nettest.ShortDir(t), args...)
		if demanded {
			p.await(t, "never run a public node like this")
		}
		code, out, said := inProcess("approve", "captcha", "--node", p.status(t).Address, "--question-only")
		var asked client.Question
		if err := json.Unmarshal([]byte(out), &asked); code != 0 || err != nil {
			t.Fatalf("exit code %d, %v: %s", code, err, said)
		}
		answer, err := p.owner.Answer(t.Context(), asked.Key)
		if demanded && (err != nil || len(answer.Answer) != 6 || answer.Client != "127.0.0.1" || answer.Action != "captcha") {
			t.Errorf("%+v, %v", answer, err)
		}
		if !demanded && err == nil {
			t.Errorf("given away: %+v", answer)
		}
	}
}

func TestPicturesAreDrawnInAnyTerminal(t *testing.T) {
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	part, _ := pictures.Issue(netip.Addr{}, nil, func(n int) int { return n / 2 })
	picture, err := base64.StdEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var drawn strings.Builder
	if err := drawPicture(&drawn, picture); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(drawn.String()) {
		if n := strings.Count(line, "▀"); n != pictureColumns {
			t.Errorf("%d columns", n)
		}
	}
	// 240 by 40 pixels, two to a column and four to a line
	if n := strings.Count(drawn.String(), "\n"); n != 10 {
		t.Errorf("%d lines", n)
	}
	if drawPicture(&drawn, []byte("\x89PNG\r\nbroken")) == nil {
		t.Error("a broken picture was drawn")
	}
}
