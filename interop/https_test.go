//go:build interop

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"spreadable/client"
	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
	httptransport "spreadable/transport/http"
)

// identity is a certificate that has signed itself, for all addresses of these tests.
type identity struct {
	certificate, key string // PEM
	pair             tls.Certificate
	pool             *x509.CertPool
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "spreadable"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 11)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	id := &identity{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
		pool:        x509.NewCertPool(),
	}
	id.pool.AppendCertsFromPEM([]byte(id.certificate))
	if id.pair, err = tls.X509KeyPair([]byte(id.certificate), []byte(id.key)); err != nil {
		t.Fatal(err)
	}
	return id
}

// secureNpm starts an npm node that is called by https, the root of its network.
func secureNpm(t *testing.T, id *identity) *member {
	t.Helper()
	port := nettest.FreePort(t, "")
	m := &member{npm: true, address: fmt.Sprintf("localhost:%d", port), process: npmProcess(t, "npm node")}
	m.must(t, "node", map[string]any{"options": map[string]any{
		"port": port, "hostname": "localhost", "initialNetworkAddress": m.address,
		"network":   map[string]any{"syncInterval": round.Milliseconds(), "isTrusted": true},
		"server":    map[string]any{"https": map[string]string{"key": id.key, "cert": id.certificate, "ca": id.certificate}},
		"approvals": map[string]any{"client": map[string]any{"approversCount": approvers}},
	}}, nil)
	return m
}

// secureGo starts a node of ours in the same network.
func secureGo(t *testing.T, id *identity, root string) (address string, size func() int) {
	t.Helper()
	address = fmt.Sprintf("127.0.0.11:%d", nettest.FreePort(t, ""))
	book := peer.NewBook(httptransport.DefaultBookLimit)
	bootstrap, err := book.Intern(peer.MustParse(root))
	if err != nil {
		t.Fatal(err)
	}
	n, err := httptransport.New(httptransport.Options{
		Config: &core.Config{
			Book: book, Bootstrap: []core.Peer{bootstrap}, SyncInterval: round, ServerTimeout: serverTimeout, PingTimeout: pingTimeout,
			Trusted: true, Approvals: []core.ApprovalKind{core.NewClientApproval(terms())},
		},
		Address: peer.MustParse(address), HTTPS: true, Certificates: []tls.Certificate{id.pair}, CA: id.pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Handle("client", n.Protect("client", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// a client that has left needs none
		_ = httptransport.WriteJSON(w, r, map[string]bool{"success": true}, nil)
	})))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(t.Context()) })
	return address, func() (size int) {
		if err := n.Do(t.Context(), func(n *core.Node) {
			if n.Status().IsRegistered {
				size = n.NetworkSize()
			}
		}); err != nil {
			t.Fatal(err)
		}
		return size
	}
}

// TestApprovalsOverHTTPS: a network of one node of each kind, with certificates of their
// own; clients of both kinds are approved through the node of the other.
func TestApprovalsOverHTTPS(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	npm := secureNpm(t, id)
	ours, size := secureGo(t, id, npm.address)
	eventually(t, "the network is whole", 20, func() bool {
		var s state
		npm.must(t, "look", nil, &s)
		return s.Size == 2 && s.Registered && size() == 2
	})

	c, err := client.Connect(t.Context(), client.Options{Addresses: []string{npm.address}, HTTPS: true, CA: id.pool, WorkerChange: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q, err := c.ApprovalQuestion(t.Context(), "client", nil)
	if err != nil || len(q.Approvers) != 2 {
		t.Fatalf("question is %+v, %v", q, err)
	}
	for _, at := range []string{npm.address, ours} {
		if err := c.Request(t.Context(), "client", nil, nil, client.WithApproval(q.Answer(q.Text)), client.At(at)); err != nil {
			t.Errorf("the Go client's action at %s: %v", at, err)
		}
	}
	_, err = client.Connect(t.Context(), client.Options{Addresses: []string{npm.address}, HTTPS: true})
	if unknown := new(x509.UnknownAuthorityError); !errors.As(err, unknown) {
		t.Errorf("a client that does not know the authority: %v", err)
	}

	p := npmProcess(t, "npm client")
	p.must(t, "client", map[string]any{"options": map[string]any{
		"address": ours, "task": false, "https": map[string]string{"ca": id.certificate},
	}}, nil)
	var asked question
	p.must(t, "question", map[string]any{"action": "client"}, &asked)
	for _, at := range []string{npm.address, ours} {
		if err := request(p, &member{address: at}, "client", asked.answered(asked["question"])); err != nil {
			t.Errorf("the npm client's action at %s: %v", at, err)
		}
	}
	if list, err := json.Marshal(asked["approvers"]); err != nil || !strings.Contains(string(list), ours) {
		t.Errorf("approvers are %s, %v", list, err)
	}
}
