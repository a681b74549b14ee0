package queue

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs the certificates of a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue writes NAME.pem and NAME.key, signed by the authority, or by itself at first.
func (a *authority) issue(name string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: a.cert == nil,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if a.cert == nil {
		a.cert, a.key = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}

// shipped is deploy/nats-server.conf with places and a password of the test.
func shipped(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile("../../../../deploy/nats-server.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := string(text)
	for _, change := range [][2]string{
		{"0.0.0.0:4222", "127.0.0.1:-1"}, {"/var/lib/nats", dir}, {"/etc/nats", dir},
		{"$2a$11$replace.this.by.the.hash.of.a.password", "secret"},
	} {
		if !strings.Contains(conf, change[0]) {
			t.Fatalf("the configuration has no %s", change[0])
		}
		conf = strings.ReplaceAll(conf, change[0], change[1])
	}
	path := filepath.Join(dir, "nats-server.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The configuration that we ship encrypts, lets in no stranger, and lets its user do all
// that a sweep and its workers need.
func TestTheShippedServerIsForItsUserOnly(t *testing.T) {
	a := &authority{t: t, dir: t.TempDir()}
	for _, name := range []string{"ca", "server", "me"} {
		a.issue(name)
	}
	s := Server{Config: shipped(t, a.dir), Tell: func(string, ...any) {}} // it tells of the strangers
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, func(url string) error { started <- url; return nil }) }()
	t.Cleanup(func() { stop(); <-ended })
	var at string
	select {
	case url := <-started:
		_, at, _ = strings.Cut(url, "://")
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	ca, pem, key := filepath.Join(a.dir, "ca.pem"), filepath.Join(a.dir, "me.pem"), filepath.Join(a.dir, "me.key")
	for name, stranger := range map[string]Address{
		"without encryption":          {URL: "nats://sweeps:secret@" + at},
		"without our certificate":     {URL: "tls://sweeps:secret@" + at, CA: ca},
		"without the authority":       {URL: "tls://sweeps:secret@" + at, Cert: pem, Key: key},
		"without a password":          {URL: "tls://" + at, CA: ca, Cert: pem, Key: key},
		"with the password of others": {URL: "tls://sweeps:other@" + at, CA: ca, Cert: pem, Key: key},
	} {
		if q, err := Dial(t.Context(), stranger, "v"); err == nil {
			q.Close()
			t.Errorf("the server lets in a client %s", name)
		}
	}
	friend := Address{URL: "tls://sweeps:secret@" + at, CA: ca, Cert: pem, Key: key}
	p := planOf(t, six, "v")
	works(t, dial(t, friend, "v"), workerOf(t, 2, atOnce))
	if tally := collect(t, dial(t, friend, "v"), sweepOf(t, p)); tally.Done != 6 || len(tally.Bad) > 0 {
		t.Errorf("%+v", tally)
	}
}
