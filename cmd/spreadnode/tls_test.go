package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"spreadable/internal/nettest"
)

// authority signs certificates for 127.0.0.1 to 127.0.0.3.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	a := &authority{key: newKey(t), file: filepath.Join(dir, "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// sign writes a certificate of a serial number, and its key.
func (a *authority) sign(t *testing.T, serial int64, certFile, keyFile string) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "EC PRIVATE KEY", private)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serial is that of the certificate which a node shows.
func (a *authority) serial(t *testing.T, address string) int64 {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestANetworkSpeaksHTTPS(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t, dir)
	a.sign(t, 7, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	secure := []string{"--https", "on", "--tls-cert", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem"), "--tls-ca", a.file}
	first := startProcess(t, nettest.ShortDir(t), append(secure, "--port", port(t))...)
	address := first.status(t).Address
	startProcess(t, nettest.ShortDir(t), append(secure, "--port", port(t), "--bootstrap", address)...)
	until(t, "the network has two nodes", func() bool { return first.status(t).NetworkSize == 2 })
	if m, err := first.owner.Members(t.Context()); err != nil || len(m.Members) != 2 || m.Answered != m.Masters {
		t.Errorf("members: %+v, %v", m, err)
	}
	if code, out, said := inProcess("approve", "--node", address, "--https", "on", "--tls-ca", a.file); code != 0 || !strings.Contains(out, `"answer"`) {
		t.Errorf("approve: exit code %d, %s", code, said)
	}
	if code, _, said := inProcess("approve", "--node", address, "--https", "on"); code != 1 || !strings.Contains(said, "certificate") {
		t.Errorf("approve without the authority: exit code %d, %s", code, said)
	}
	if got := a.serial(t, address); got != 7 {
		t.Errorf("shows certificate %d", got)
	}
}

func TestACertificateIsRenewedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t, dir)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.sign(t, 7, cert, key)
	p := startProcess(t, nettest.ShortDir(t), "--port", port(t), "--https", "on", "--tls-cert", cert, "--tls-key", key, "--tls-ca", a.file)
	address := p.status(t).Address
	if r, err := p.owner.Reload(t.Context()); err != nil || len(r.Changed) > 0 || r.CertificateEnds != nil {
		t.Errorf("the same certificate counts as new: %+v, %v", r, err)
	}
	a.sign(t, 8, cert, key)
	r, err := p.owner.Reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Changed, []string{"tls_cert"}) || r.CertificateEnds == nil || r.CertificateEnds.Before(time.Now()) {
		t.Errorf("a certificate renewed in place: %+v", r)
	}
	if got := a.serial(t, address); got != 8 {
		t.Errorf("shows certificate %d, want the new one", got)
	}
	a.sign(t, 8, cert, key) // with another key
	p.command.Process.Signal(syscall.SIGHUP)
	var line string
	for range 3 { // the first two are of the reloads above
		line = p.await(t, "options read again")
	}
	if !strings.Contains(line, "changed=[tls_cert]") {
		t.Errorf("renewed by SIGHUP: %s", line)
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.owner.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "tls_cert") {
		t.Errorf("a broken certificate: %v", err)
	}
	if got := a.serial(t, address); got != 8 {
		t.Errorf("shows certificate %d after a broken one", got)
	}
}

func TestMetricsTellHowTheNodeIs(t *testing.T) {
	p := startProcess(t, nettest.ShortDir(t), "--port", port(t))
	text, err := p.owner.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	for _, want := range []string{"spreadable_up 1", "spreadable_network_size 1", "spreadable_registered 0", "spreadable_bans 0"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if !strings.Contains(text, "process_resident_memory_bytes") && !strings.Contains(text, "go_goroutines") {
		t.Error("nothing of the process")
	}
}
