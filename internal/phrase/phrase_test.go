package phrase

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTheNearestWordIsTheOneThatWasMeant(t *testing.T) {
	words := []string{"port", "public_port", "hostname", "run", "restore", "mean", "max", "convergence.time_s", "p"}
	for given, want := range map[string]string{
		"prot": "port", "Port": "port", "publicport": "public_port", "host": "hostname", "hostnam": "hostname", "rnu": "run", "maen": "mean",
		"convergence": "convergence.time_s", "po": "p", "": "", "zzz": "", "churning": "", "syncinterval": "",
		strings.Repeat("port", 100): "",
	} {
		if got := Nearest(given, words); got != want {
			t.Errorf("%q is near %q, want %q", given, got, want)
		}
	}
	if got := Suggest("prot", words); got != `; did you mean "port"?` {
		t.Errorf("suggested %s", got)
	}
	if got := Suggest("zzz", words); got != "" {
		t.Errorf("suggested %s", got)
	}
}

// A file or a peer may hold any text, and an error is one line that a terminal can show.
func TestAnyTextIsQuotedInOneShortLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(100, 200, -1)).Draw(t, "text")
		quoted := Quote(text)
		if strings.ContainsAny(quoted, "\n\r\x1b") || !utf8.ValidString(quoted) || len(quoted) > 12*longest {
			t.Fatalf("%q is quoted %s", text, quoted)
		}
		if quoted != `"`+OneLine(text)+`"` {
			t.Fatalf("%s and %s", quoted, OneLine(text))
		}
	})
}

func TestADurationHasNoZerosAtItsEnd(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 10 * time.Second: "10s", 10 * time.Minute: "10m", 5*time.Minute + 20*time.Second: "5m20s",
		time.Hour: "1h", 10 * time.Hour: "10h", time.Hour + time.Second: "1h0m1s", 65 * time.Minute: "1h5m",
		100*time.Second + 25*time.Millisecond: "1m40.025s", 1500 * time.Microsecond: "1.5ms",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d ns is %s, want %s", d, got, want)
		}
	}
}
