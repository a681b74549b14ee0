package config

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// authority writes a certificate to a file, and returns its path.
func authority(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	server.Close()
	block := pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	return write(t, "ca.pem", string(pem.EncodeToMemory(&block)))
}

func TestWhatTheMachineLacksIsRefused(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	empty := write(t, "empty.pem", "")
	for text, want := range map[string]string{
		"source: 192.0.2.77":                                    "node.yaml:1:1: source: 192.0.2.77 is no address of this machine",
		"source: 2001:db8::77":                                  "source: 2001:db8::77 is no address of this machine",
		"https: proxy\ntls_ca: " + missing:                      "node.yaml:2:1: tls_ca: " + missing,
		"https: proxy\ntls_ca: " + empty:                        "no certificate in PEM",
		"https: on\ntls_key: x\ntls_cert: " + missing:           "node.yaml:3:1: tls_cert " + missing,
		"https: on\ntls_cert: " + empty + "\ntls_key: " + empty: "tls_cert " + empty,
	} {
		c, err := load(t, text, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if foreign := strings.HasPrefix(text, "source"); errors.Is(err, ErrMachine) != foreign {
			t.Errorf("%q: may be gone at another try: %v", text, !foreign)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("made the missing file")
	}
}

func TestAnAddressOfTheMachineCanBeTheSource(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "127.1.2.3"} {
		c, err := load(t, "source: "+ip, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err != nil {
			t.Errorf("%s: %v", ip, err)
		}
	}
}
