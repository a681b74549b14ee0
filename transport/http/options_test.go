package httptransport

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

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
