package node

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spreadable/config"
	httptransport "spreadable/transport/http"
)

// effects gives for each option a value that changes what the transport and the core are
// told, with what it needs beside it before a bar. The others have their effect
// elsewhere, and a test of it that is named.
var effects = map[string]string{
	"port": "4001", "public_port": "4001", "hostname": "192.0.2.8", "listen": "127.0.0.1:4001", "source": "127.0.0.5", "bootstrap": "192.0.2.9:4000",
	"sync_interval": "15s", "auto_sync": "false", "sync_period": "2d", "server_timeout": "1500ms", "ping_timeout": "500ms", "max_fails": "9", "probe_fails": "6", "max_loss": "40%",
	"registration": "original", "levels": "2", "fan_out": "levels=auto|50", "network_version": "other-1", "trusted": "true", "whitelist": "192.0.2.1", "blacklist": "192.0.2.1",
	"trustlist": "192.0.2.1", "ban_by_address": "true", "host_limits": "off", "host_places": "3", "new_names": "9", "claim_checks": "9", "cut_periods": "4", "ages_per_node": "9", "allowed_ranges": "10.0.0.0/8", "host_share": "50%", "body_rate": "1KiB", "username": "username=me password=x|you", "password": "username=me password=x|y", "password_file": "username=me password=x|$FILE",
	"cookie_age": "1d", "login_pause": "1s", "proofs_only": "true", "plain_cookie": "true", "trusted_proxies": "10.0.0.1", "https": "proxy", "tls_ca": "https=proxy|$CERT",
	"client_concurrency": "9", "max_body": "1MiB", "max_calls": "9", "max_connections": "9", "calls_per_peer": "9", "max_lookups": "9", "look_pause": "1s", "max_silent_connections": "9", "approvers": "3", "draw": "host", "draw_per": "draw=host|client", "draw_salt": "draw=host|verifier", "draw_group": "draw=host|ip", "draw_min_age": "draw=host|1h", "decision": "1",
	"approval_period": "1m", "max_approvals": "50000", "approvals_per_prefix": "9000", "approvals_per_host": "900", "approval_wrong_answers": "2", "captcha": "false", "captcha_length": "5", "captcha_decision": "1", "captcha_period": "1m", "captcha_width": "300",
	"captcha_background": "#ffffff", "captcha_color": "#000000", "captcha_shadows": "2",

	// cmd/spreadnode: TestACertificateIsRenewedWithoutARestart
	"tls_cert": "-", "tls_key": "-",
	// cmd/spreadnode: testdata/script/door.txtar
	"data": "-", "admin": "-", "admin_token_file": "-",
	"log_level": "-", "leave_timeout": "-", // cmd/spreadnode: signal_test.go
	"leave_notice":    "-", // TestANodeTellsOthersThatItLeaves
	"save_pause":      "-", // store: TestApprovalsOfAFloodShareASave
	"extensions":      "-", // cmd/spreadnode: testdata/script/extension.txtar
	"extension_space": "-", // TestTheOwnerSeesExtensions
	"extension_keys":  "-", // TestKeysOfAnExtensionHaveALimit
	"log_format":      "-", // cmd/spreadnode: TestTheLogIsAsTheOptionsSay
}

// TestEveryOptionHasAnEffect: an option that changes nothing is none. A new one needs a
// line above.
func TestEveryOptionHasAnEffect(t *testing.T) {
	for _, o := range config.Options() {
		change, known := effects[o.Key]
		if !known {
			t.Errorf("%s: the table of effects does not know it", o.Key)
		}
		if change == "-" || !known {
			continue
		}
		before, value, both := strings.Cut(change, "|")
		if !both {
			before, value = "", change
		}
		if told(t, before, "", "") == told(t, before, o.Key, value) {
			t.Errorf("%s: %s changes nothing", o.Key, value)
		}
	}
	for key := range effects {
		if !slices.ContainsFunc(config.Options(), func(o config.Option) bool { return o.Key == key }) {
			t.Errorf("%s is no option", key)
		}
	}
}

// told is what the transport and the core are told by the options, as text.
func told(t *testing.T, before, key, value string) string {
	t.Helper()
	dir := t.TempDir()
	password, cert := filepath.Join(dir, "password"), filepath.Join(dir, "cert.pem")
	authority := httptest.NewTLSServer(nil)
	authority.Close()
	pem := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})
	if err := errors.Join(os.WriteFile(password, []byte("from file"), 0o600), os.WriteFile(cert, pem, 0o600)); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{"hostname": "192.0.2.7", key: value}
	for _, entry := range strings.Fields(before) {
		if k, v, _ := strings.Cut(entry, "="); k != key {
			given[k] = v
		}
	}
	if key == "password_file" {
		delete(given, "password")
	}
	var environ []string
	for k, v := range given {
		v = strings.NewReplacer("$FILE", password, "$CERT", cert).Replace(v)
		environ = append(environ, "SPREADNODE_"+strings.ToUpper(k)+"="+v)
	}
	c, err := config.Load(config.Given{Environ: environ})
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	n, err := New(Options{Config: c, Ephemeral: true})
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	wire, err := n.transport()
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return describe(&wire)
}

// describe writes options as text: all that is not a pointer or a function, and those by
// what they do.
func describe(o *httptransport.Options) string {
	wire, cfg := *o, *o.Config
	var b strings.Builder
	if o.Auth != nil {
		fmt.Fprintln(&b, o.Auth.Username, o.Auth.Password)
	}
	for _, p := range cfg.Bootstrap {
		fmt.Fprintln(&b, cfg.Book.Text(p))
	}
	for _, kind := range cfg.Approvals {
		part, answer := kind.Issue(netip.MustParseAddr("192.0.2.1"), nil, func(n int) int { return n / 2 })
		fmt.Fprintln(&b, kind.Name(), kind.Terms(), part, answer)
	}
	fmt.Fprintln(&b, wire.CA != nil, wire.GetCertificate != nil)
	wire.Auth, wire.CA, wire.Config, wire.GetCertificate, wire.Persist, wire.Observe, wire.Log = nil, nil, nil, nil, nil, nil, nil
	cfg.Book, cfg.Bootstrap, cfg.Approvals, cfg.Load, cfg.Behavior = nil, nil, nil, nil, nil
	fmt.Fprintf(&b, "%+v %+v", wire, cfg)
	return b.String()
}
