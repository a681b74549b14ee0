package httptransport

import (
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/wire"
)

func FuzzProof(f *testing.F) {
	for _, seed := range requestSeeds(f) {
		f.Add(seed, "")
		f.Add("", seed)
	}
	o := &Options{Config: &core.Config{Approvals: []core.ApprovalKind{core.NewClientApproval(core.DefaultTerms())}}, MaxBody: DefaultMaxBody}
	s := &server{options: o}
	f.Fuzz(func(t *testing.T, body, query string) {
		fields, err := wire.ParseJSON([]byte(body))
		if err != nil {
			return
		}
		v := &visit{fields: fields, r: httptest.NewRequest("POST", "/client/client", nil)}
		values := v.r.URL.Query()
		values.Set("approvalInfo", query)
		v.r.URL.RawQuery = values.Encode()
		proof, err := s.proof(v, "client", 1795355499400*time.Millisecond)
		if (proof == nil) == (err == nil) {
			t.Fatalf("%v and %v", proof, err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("gzip, deflate;q=0.5", "1.2.3.4, 10.0.0.1", `spreadableNetworkAuth[localhost:1]=eyJ1c2VybmFtZSI6InVzZXIiLCJwYXNzd29yZCI6InBhc3MifQ==`, "application/json; charset=utf-8")
	f.Add("*", "[::1]", `a=b; spreadableNetworkAuth[localhost:1]=%zz`, "multipart/form-data; boundary=x")
	trusted := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	o := &Options{Auth: &Credentials{"user", "pass"}, Address: peer.MustParse("localhost:1"), TrustedProxies: trusted}
	key, err := loginKey(o.Auth)
	if err != nil {
		f.Fatal(err)
	}
	a := newAuth(o, key, time.Now)
	s := &server{options: o}
	f.Fuzz(func(t *testing.T, encoding, forwarded, cookie, kind string) {
		switch got := accepted(encoding); got {
		case "", "gzip", "deflate":
		default:
			t.Fatalf("an encoding %q", got)
		}
		contentType(kind)
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:5"
		r.Header["X-Forwarded-For"], r.Header["Cookie"] = []string{forwarded}, []string{cookie}
		if from, err := s.originOf(r); err == nil && (!from.ip.IsValid() || from.ip.Zone() != "" || from.ip.Is4In6()) {
			t.Fatalf("a client at %v", from.ip)
		}
		a.readCookie(r)
	})
}

func FuzzToken(f *testing.F) {
	now := time.Unix(1000, 0)
	o := &Options{Auth: &Credentials{"user", "pass"}, Address: peer.MustParse("localhost:1")}
	key, err := loginKey(o.Auth)
	if err != nil {
		f.Fatal(err)
	}
	a := newAuth(o, key, func() time.Time { return now })
	good, old := a.token(time.Unix(2000, 0)), a.token(now)
	f.Add(good)
	f.Add(old)
	f.Fuzz(func(t *testing.T, token string) {
		if got := a.judgeToken(token); (got == right) != (token == good) || (got == none) != (token == old) {
			t.Fatalf("token %q is worth %d", token, got)
		}
	})
}
