package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"spreadable/wire"
)

// What nodes answer is hostile until it has been read: whatever it is, the client gets a
// value or an *Error with a short text in one line.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []struct {
		status     int
		kind, body string
	}{
		{200, "application/json; charset=utf-8", `{"approvers":["localhost:5201"],"key":"22fdd95849a9df3b0d256542fff3ba9b","startedAt":1795355400000,"clientIp":"127.0.0.1"}`},
		{200, "text/html", `{"question":"127.0.0.1"}`},
		{200, "application/json", `{"startedAt":1e300,"approvers":{}}`},
		{422, "application/json; charset=utf-8", `{"message":"Wrong answer, try again","code":"ERR_SPREADABLE_WRONG_APPROVAL_ANSWER"}`},
		{403, "application/json", `{"message":"\u001b[2J\n","code":7}`},
		{502, "text/html", "<html>\xff"},
	} {
		f.Add(seed.status, seed.kind, seed.body)
	}
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		resp := &http.Response{
			StatusCode: status, Status: kind, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
		}
		var q Question
		e := (&caller{maxAnswer: 1 << 10}).read(t.Context(), resp, &q)
		if good := status >= 200 && status <= 299; e == nil {
			if !good || !json.Valid([]byte(body)) || len(body) > 1<<10 {
				t.Fatalf("status %d with %q is a success", status, body)
			}
			return
		}
		text := e.at("localhost:1", "x").Error()
		if len(text) > 3*wire.MaxMessage || strings.ContainsAny(text, "\n\r\x1b") || !utf8.ValidString(text) {
			t.Fatalf("the error is %q", text)
		}
		if e.Code != "" && !errors.Is(e, e.Code) {
			t.Fatalf("the code %q is not found", e.Code)
		}
	})
}

// FuzzPicture: a question is a picture, or an error; never anything else that goes for
// one.
func FuzzPicture(f *testing.F) {
	for _, seed := range []string{"127.0.0.1", pictureStart, pictureStart + "iVBORw0KGgo=", pictureStart + "!", "data:text/html;base64,aGVsbG8="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		picture, err := (&Question{Text: text}).Picture()
		if (err == nil) != strings.HasPrefix(string(picture), pngStart) {
			t.Fatalf("%q is the picture %q, %v", text, picture, err)
		}
	})
}
