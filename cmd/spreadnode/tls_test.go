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

// sign writes a certificate of a serial number, and its key. The changes are of what is
// signed.
func (a *authority) sign(t *testing.T, serial int64, certFile, keyFile string, changes ...func(*x509.Certificate)) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
	}
	for _, change := range changes {
		change(template)
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

// A certificate that no node accepts is refused where the node has a better one, and a
// node that has none says so.
func TestACertificateThatNoNodeAcceptsIsToldOf(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t, dir)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	secure := []string{"--https", "on", "--tls-cert", cert, "--tls-key", key, "--tls-ca", a.file}
	a.sign(t, 7, cert, key)
	p := startProcess(t, t.TempDir(), append(secure, "--port", port(t))...)
	address := p.status(t).Address
	for want, change := range map[string]func(*x509.Certificate){
		"was valid until":        func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) },
		"is valid only from":     func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) },
		"valid for 192.0.2.1":    func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} },
		"doesn't contain any IP": func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"n1.example.com"} },
	} {
		a.sign(t, 8, cert, key, change)
		if r, err := p.owner.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v", want, r, err)
		}
		if got := a.serial(t, address); got != 7 {
			t.Errorf("%q: shows certificate %d, want the good one", want, got)
		}
	}
	other := t.TempDir()
	second := launch(t, other, append(secure, "--port", port(t))...)
	second.await(t, "other nodes do not accept the certificate")
	second.reach(t, other)
	a.sign(t, 9, cert, key)
	if r, err := second.owner.Reload(t.Context()); err != nil || !slices.Equal(r.Changed, []string{"tls_cert"}) {
		t.Errorf("a good one after a bad one: %+v, %v", r, err)
	}
}

// Other authorities in the file of the same name count after a restart, which a reload says.
func TestRenewedAuthoritiesWaitForARestart(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t, dir)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.sign(t, 7, cert, key)
	p := startProcess(t, t.TempDir(), "--port", port(t), "--https", "on", "--tls-cert", cert, "--tls-key", key, "--tls-ca", a.file)
	newAuthority(t, dir)
	for range 2 { // it stays so
		if r, err := p.owner.Reload(t.Context()); err != nil || !slices.Equal(r.Restart, []string{"tls_ca"}) || len(r.Changed) > 0 {
			t.Errorf("other authorities: %+v, %v", r, err)
		}
	}
	if err := os.WriteFile(a.file, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.owner.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "tls-ca") {
		t.Errorf("broken authorities: %v", err)
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
