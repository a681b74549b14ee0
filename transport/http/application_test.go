package httptransport

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"spreadable/core/message"
	"spreadable/wire"
)

// A client of a request is known to handlers of the node, and to no others.
func TestHandlersKnowTheClient(t *testing.T) {
	var got netip.Addr
	n := newNode(t, "localhost", nil, nil)
	n.Handle("/Who/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = ClientIP(r)
		if err := WriteJSON(w, r, map[string]int{"a": 1}, nil); err != nil {
			t.Error(err)
		}
	}))
	n.Handle("refuses", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := WriteJSON(w, r, nil, message.Refusal(message.CodeInvalidTarget, "")); err != nil {
			t.Error(err)
		}
	}))
	n.Handle("fails", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := WriteJSON(w, r, make(chan int), nil); err == nil {
			t.Error("a channel is JSON")
		}
	}))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	if said := send(t, n, asks{"POST", "/client/who", "127.0.0.9", nil, ``}); said.status != 200 || said.body != `{"a":1}` || got.String() != "127.0.0.9" || said.header.Get("Content-Type") != wire.AnswerType {
		t.Errorf("%v for %v", said, got)
	}
	if said := send(t, n, asks{"POST", "/client/refuses", "", nil, ``}); said.status != 422 || !strings.Contains(said.body, wire.Code(message.CodeInvalidTarget)) {
		t.Errorf("a refusal is %v", said)
	}
	send(t, n, asks{"POST", "/client/fails", "", nil, ``})
	stranger := httptest.NewRequest("POST", "/", nil)
	if ip := ClientIP(stranger); ip.IsValid() {
		t.Errorf("the client of a request to another server is %v", ip)
	}
	if err := WriteJSON(httptest.NewRecorder(), stranger, 1, nil); err == nil {
		t.Error("an answer was written to a request of another server")
	}
	w := httptest.NewRecorder()
	if n.Protect("client", http.NotFoundHandler()).ServeHTTP(w, stranger); w.Code != http.StatusInternalServerError {
		t.Errorf("a protected handler of another server says %d", w.Code)
	}
}

// A panic of a handler is an internal error, and the node goes on.
func TestAPanicOfAHandlerIsAnError(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	n.Handle("bug", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") }))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	if got := send(t, n, asks{"POST", "/client/bug", "", nil, ``}); got.status != 500 || got.body != `{"message":"internal error"}` {
		t.Errorf("got %v", got)
	}
	if got := send(t, n, asks{"GET", "/ping", "", nil, ``}); got.status != 200 {
		t.Errorf("afterwards: %v", got)
	}
}
