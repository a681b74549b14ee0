package httptransport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spreadable/wire"
)

// An answer is compressed by gzip where the asker takes it, by deflate where only that.
func TestCompressionIsNegotiated(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "gzip": "gzip", "deflate": "deflate", "deflate, gzip": "gzip", "GZIP": "gzip", "*": "gzip", "br": "", "br, deflate": "deflate",
		"gzip;q=0": "", "gzip;q=0, deflate": "deflate", "gzip; q=0.5": "gzip", "gzip;q=x": "", "gzip;q=-1": "", "deflate;q=0, gzip;q=0": "", "gzip;q=1;x": "", "identity": "",
	} {
		if got := accepted(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

// An answer of 1,024 bytes is compressed, as npm nodes do, and a smaller one is not.
func TestSmallAnswersAreNotCompressed(t *testing.T) {
	for n, want := range map[int]string{1023: "", 1024: "gzip"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		new(server).write(&visit{w: w, r: r}, http.StatusOK, wire.NewDocument([]byte(strings.Repeat("1", n))))
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("an answer of %d bytes is encoded as %q, want %q", n, got, want)
		}
	}
}

// What is quoted from a request has 80 bytes at the most.
func TestQuotesAreClipped(t *testing.T) {
	for n, want := range map[int]int{0: 0, 79: 79, 80: 80, 81: 80} {
		if got := len(clip(strings.Repeat("x", n))); got != want {
			t.Errorf("of %d bytes %d are quoted", n, got)
		}
	}
}

// A content type is read with its parameters, also where one of them is broken.
func TestContentTypesAreRead(t *testing.T) {
	for header, want := range map[string]string{
		"application/json": "application/json ", "Application/JSON; Charset=UTF-8": "application/json UTF-8", "application/json; x": "application/json ",
		"": " ", ";;": " ", "text/plain; charset=latin1": "text/plain latin1",
	} {
		if kind, params := contentType(header); kind+" "+params["charset"] != want {
			t.Errorf("%q: %q, %v", header, kind, params)
		}
	}
}
