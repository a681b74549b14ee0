package httptransport

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

func TestOptionsAreChecked(t *testing.T) {
	book := peer.NewBook(0)
	self, err := book.Intern(peer.MustParse("localhost:1"))
	if err != nil {
		t.Fatal(err)
	}
	good := func() Options {
		return Options{Config: &core.Config{Book: book, Bootstrap: []core.Peer{self}}, Address: peer.MustParse("localhost:1")}
	}
	tests := []struct {
		name   string
		change func(*Options)
		want   string // of the error; "" for none
	}{
		{"good", func(*Options) {}, ""},
		{"no config", func(o *Options) { o.Config = nil }, "no config"},
		{"a bad config", func(o *Options) { o.Config = &core.Config{Book: book} }, "no bootstrap"},
		{"no address", func(o *Options) { o.Address = peer.Address{} }, "no address"},
		{"certificates without https", func(o *Options) { o.Certificates = make([]tls.Certificate, 1) }, "without https"},
		{"a negative limit", func(o *Options) { o.MaxBody = -1 }, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := good()
			tt.change(&o)
			_, err := New(o)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	book := peer.NewBook(0)
	self, err := book.Intern(peer.MustParse("127.0.0.5:4000"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Config: &core.Config{Book: book, Bootstrap: []core.Peer{self}}, Address: peer.MustParse("127.0.0.5:4000"), HTTPS: true}
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	if o.Listen != ":4000" || o.Source != netip.MustParseAddr("127.0.0.5") || o.Version != "spreadable-0.3" || o.MaxBody != 512_000 {
		t.Errorf("got %q, %v, %q, %d", o.Listen, o.Source, o.Version, o.MaxBody)
	}
	if len(o.TrustedProxies) != 1 || !o.TrustedProxies[0].Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("behind a TLS proxy, the trusted ones are %v", o.TrustedProxies)
	}
}

func TestCredentialsStayOutOfLogs(t *testing.T) {
	var log bytes.Buffer
	c := Credentials{"user", "secret"}
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "auth", c, "pointer", &c)
	fmt.Fprintf(&log, "%v %s %+v", c, c, &c)
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log says %s", log.String())
	}
}

// Each limit that is not given has its default, and none may be negative.
func TestLimitsOfOptions(t *testing.T) {
	options := func() *Options {
		book := peer.NewBook(0)
		self, err := book.Intern(peer.MustParse("192.0.2.1:4000"))
		if err != nil {
			t.Fatal(err)
		}
		return &Options{Config: &core.Config{Book: book, Bootstrap: []core.Peer{self}}, Address: peer.MustParse("192.0.2.1:4000")}
	}
	o := options()
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	if o.Concurrency != 50 || o.MaxCalls != 1024 || o.MaxConnections != 1536 || o.MaxSilent != 8192 || o.CookieAge != 7*24*time.Hour || o.SweepAt != 1<<18*7/8 || o.Source.IsValid() || len(o.TrustedProxies) != 0 {
		t.Errorf("%+v", o)
	}
	for what, change := range map[string]func(*Options){
		"bodies":      func(o *Options) { o.MaxBody = -1 },
		"concurrency": func(o *Options) { o.Concurrency = -1 },
		"calls":       func(o *Options) { o.MaxCalls = -1 },
		"connections": func(o *Options) { o.MaxConnections = -1 },
		"cookies":     func(o *Options) { o.CookieAge = -1 },
	} {
		o := options()
		if change(o); o.validate() == nil {
			t.Errorf("a negative limit of %s is taken", what)
		}
	}
	local := options()
	local.Address = peer.MustParse("localhost:4000")
	if err := local.validate(); err != nil || local.Source.IsValid() {
		t.Errorf("localhost calls from %v: %v", local.Source, err)
	}
}
