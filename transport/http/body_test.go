package httptransport

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

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

// hurried is an answer to a request whose body has a deadline for each read.
type hurried struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (h *hurried) SetReadDeadline(at time.Time) error {
	h.deadline = at
	return nil
}

// A body that comes at the least rate is in time, and one that is slower is not: it has
// five seconds, and what its bytes have earned. A body that holds a place has half a minute
// at most; another may go on as long as no read takes so long.
func TestBodiesHaveTheTimeThatTheyEarn(t *testing.T) {
	s := &server{options: &Options{BodyRate: 100}, loop: &loop{limits: newLimits(silent())}}
	for _, test := range []struct {
		came         int64
		paced, flows time.Duration // since the body began
	}{
		{0, 5 * time.Second, 5 * time.Second},
		{100, 6 * time.Second, 6 * time.Second},
		{2499, 29990 * time.Millisecond, 29990 * time.Millisecond},
		{2500, 30 * time.Second, 30 * time.Second},
		{10_000, 30 * time.Second, 30 * time.Second}, // those of a flow from now on
	} {
		w := &hurried{ResponseRecorder: httptest.NewRecorder()}
		v := &visit{w: w, r: httptest.NewRequest("POST", "/", strings.NewReader("12345"))}
		check := func(what string, p *paced, read func([]byte) (int, error), want, off time.Duration) {
			p.got = test.came
			n, err := read(make([]byte, 3))
			if in := w.deadline.Sub(p.began); n != 3 || err != nil || p.got != test.came+3 || in < want || in > want+off {
				t.Errorf("%s: after %d bytes the deadline is in %v, want %v; then %d have come, %v", what, test.came, in, want, p.got, err)
			}
		}
		p := s.pace(v)
		check("paced", p, p.Read, test.paced, 0)
		f := s.flow(strings.NewReader("12345"), v)
		check("flow", &f.paced, f.Read, test.flows, 5*time.Second) // since the flow began
	}
}

// stops is a body that ends with an error.
type stops struct {
	io.Reader
	with error
}

func (s stops) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF {
		err = s.with
	}
	return n, err
}

func (stops) Close() error { return nil }

// Wherever a body stops, one that is too slow is told so, and counted as slow; one that was
// cut off is a bad request.
func TestBodiesThatStopAreToldApart(t *testing.T) {
	object := object(60_000)
	for _, encoding := range []string{"", "gzip", "deflate"} {
		text := map[string]string{"": object, "gzip": gzipped(object), "deflate": deflated(object)}[encoding]
		for _, end := range []int{0, 1, len(text) / 2, smallBody, smallBody + 1, len(text) - 1} {
			if end >= len(text) {
				continue
			}
			for with, want := range map[error]int{os.ErrDeadlineExceeded: 408, io.ErrUnexpectedEOF: 400} {
				s := &server{options: &Options{BodyRate: 1, MaxBody: 1 << 20}, loop: &loop{limits: newLimits(silent())}}
				s.bodies = newLine(1, 1, s.loop.limits.waits)
				r := httptest.NewRequest("POST", "/", nil)
				r.Body, r.ContentLength = stops{strings.NewReader(text[:end]), with}, int64(len(text))
				r.Header.Set("Content-Encoding", encoding)
				body, err := s.inflate(&visit{w: &hurried{ResponseRecorder: httptest.NewRecorder()}, r: r})
				status, _ := wire.Failure(err)
				slow := s.loop.limits.slow.hits.Load()
				if err == nil || body != nil || status != want || slow > 0 != (want == 408) || s.bodies.inUse() != 0 {
					t.Errorf("%q stops after %d of %d bytes by %v: %d, %v; %d slow bodies, %d places taken", encoding, end, len(text), with, status, err, slow, s.bodies.inUse())
				}
			}
		}
	}
}

// A small body is read into as many bytes as it says; one that ends before is refused.
func TestSmallBodiesAreReadWhole(t *testing.T) {
	for body, says := range map[string]int64{`{"a":1}`: 7, `{}`: 2, `{"b":`: 9, ``: 3} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.ContentLength = says
		got, err := (&server{options: &Options{MaxBody: 100}}).inflate(&visit{r: r})
		switch whole := int64(len(body)) == says; {
		case whole && (err != nil || string(got) != body || cap(got) > 16):
			t.Errorf("%q: %q in %d bytes, %v", body, got, cap(got), err)
		case !whole && (err == nil || err.Error() != "request aborted"):
			t.Errorf("%q of %d bytes: %v", body, says, err)
		}
	}
}
