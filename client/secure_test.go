package client_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"spreadable/client"
	httptransport "spreadable/transport/http"
)

// authority is a certificate that has signed itself, for 127.0.0.1.
type authority struct {
	certificate tls.Certificate
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return authority{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool}
}

func TestApprovalOverHTTPS(t *testing.T) {
	a := newAuthority(t)
	n := startNode(t, "127.0.0.1", "", func(o *httptransport.Options) {
		o.HTTPS, o.Certificates, o.CA = true, []tls.Certificate{a.certificate}, a.pool
	})
	c := connect(t, client.Options{Addresses: []string{n.address}, HTTPS: true, CA: a.pool})
	q := question(t, c, "client", nil)
	if err := use(t, c, n, "client", q.Answer(q.Text)); err != nil {
		t.Error(err)
	}
	for name, o := range map[string]client.Options{
		"an unknown authority": {Addresses: []string{n.address}, HTTPS: true},
		"another authority":    {Addresses: []string{n.address}, HTTPS: true, CA: newAuthority(t).pool},
	} {
		_, err := client.Connect(t.Context(), o)
		if unknown := new(x509.UnknownAuthorityError); !errors.As(err, unknown) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestClosedNetworkWantsAPassword(t *testing.T) {
	n := startNode(t, "127.0.0.1", "", func(o *httptransport.Options) {
		o.Auth = &httptransport.Credentials{Username: "user", Password: "pa:ss"}
	})
	options := client.Options{Addresses: []string{n.address}, Auth: &client.Credentials{Username: "user", Password: "pa:ss"}}
	c := connect(t, options)
	q := question(t, c, "client", nil)
	if err := use(t, c, n, "client", q.Answer(q.Text)); err != nil {
		t.Error(err)
	}
	for _, auth := range []*client.Credentials{nil, {Username: "user", Password: "guess"}} {
		options.Auth = auth
		_, err := connect(t, options).ApprovalQuestion(t.Context(), "client", nil)
		if e := new(client.Error); !errors.As(err, &e) || e.Status != 401 || e.Code != "" {
			t.Errorf("error is %v", err)
		}
	}
}

func TestVersionMustBeThatOfTheNetwork(t *testing.T) {
	n := startNode(t, "127.0.0.1", "", nil)
	for _, tt := range []struct {
		options client.Options
		status  int
	}{
		{client.Options{Version: "museria-0.1"}, 403},
		{client.Options{Version: "museria-0.1", IgnoreVersion: true}, 0},
	} {
		tt.options.Addresses = []string{n.address}
		err := connect(t, tt.options).ChangeWorker(t.Context())
		e := &client.Error{}
		if errors.As(err, &e); e.Status != tt.status {
			t.Errorf("error is %v, want status %d", err, tt.status)
		}
	}
}
