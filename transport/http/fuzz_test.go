package httptransport

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// The seeds are what npm nodes and clients were seen to send.

var requestSeeds = []string{
	``, `[]`, `{}`, `null`, `5`,
	`{"target":"localhost:5001","timeout":15991,"timestamp":1795355197305}`,
	`{"target":"localhost:5002","timeout":15991,"timestamp":1795355197191,"places":true,"networkSize":3}`,
	`{"introduce":true}`,
	`{"timeout":10000,"timestamp":1795355499240}`,
	`{"action":"client","timeout":20000,"timestamp":1795355499308}`,
	`{"action":"client","key":"22fdd95849a9df3b0d256542fff3ba9b","startedAt":1795355400000,"timeout":10000,"timestamp":1795355499326}`,
	`{"action":"captcha","key":"22fd","startedAt":1795355400000,"info":{"captchaWidth":180,"captchaColor":"#000000","captchaBackground":"#ffffff"}}`,
	`{"action":"client","key":"22fd","confirmedAddresses":["localhost:5201","localhost:5203"],"timeout":19969,"timestamp":1795355499338}`,
	`{"key":"22fd","answer":"127.0.0.1","approvers":["localhost:5201","localhost:5203"],"clientIp":"127.0.0.1"}`,
	`{"x":1,"approvalInfo":{"action":"client","key":"22fd","approvers":["localhost:5201"],"startedAt":1795355400000,"clientIp":"127.0.0.1","answer":"127.0.0.1"}}`,
	`{"approvalInfo":"{\"action\":\"client\"}"}`,
	`{"a":1,"arg":{"b":[1,"x"]},"level":1,"timeout":4000,"timestamp":1795355928721}`,
}

var answerSeeds = []string{
	`{}`, `[]`, `{"success":true}`, `{"size":2}`, `{"address":"localhost:5203"}`, `{"info":"0000:0000:0000:0000:0000:ffff:7f00:0001"}`,
	`{"version":"spreadable-0.3","address":"localhost:5100"}`,
	`{"root":"localhost:5100","availability":0.5209814850350731,"syncAvgTime":13.125,"isMaster":true,"isNormalized":false,"isRegistered":true,"networkSize":6}`,
	`{"address":"localhost:5000","backlink":{"address":"localhost:5001"},"slaves":[{"address":"localhost:5001"},{"address":"localhost:5002"}],"masters":[{"address":"localhost:5001","size":1},{"address":"localhost:5000","size":2}]}`,
	`{"address":"localhost:5000","backlink":null,"slaves":[],"masters":[]}`,
	`{"summary":{"address":"localhost:5002"}}`,
	`{"results":[{"address":"localhost:5001","networkSize":3,"candidates":[{"address":"localhost:5000"}]},{"address":"localhost:5000","networkSize":3,"candidates":[{"address":"localhost:5001"},{"address":"localhost:5002"}]}],"syncLifetime":320000,"networkSize":3}`,
	`{"approvers":["localhost:5201","localhost:5203","localhost:5204"],"key":"22fdd95849a9df3b0d256542fff3ba9b","startedAt":1795355400000,"clientIp":"127.0.0.1"}`,
	`{"question":"127.0.0.1"}`,
	`{"result":[1],"coverage":{"asked":3,"answered":2},"cost":{"hops":1,"fanout":3}}`,
}

// whole fails if v holds a peer that nobody is, where a list must name somebody.
func whole(t *testing.T, peers []core.Peer) {
	t.Helper()
	for _, p := range peers {
		if p.IsZero() {
			t.Fatal("a list holds nobody")
		}
	}
}

func FuzzRequest(f *testing.F) {
	for kind := range uint8(message.NumKinds) {
		for _, seed := range requestSeeds {
			f.Add(kind, seed, false)
		}
	}
	f.Add(uint8(message.KindApprovalKey), "action=client&timeout=5", true)
	f.Fuzz(func(t *testing.T, kind uint8, body string, form bool) {
		parse := parseJSON
		if form {
			parse = parseForm
		}
		fields, err := parse([]byte(body))
		if none, other := checkJSON([]byte(body)); !form && (none != nil || (err == nil) != (other == nil)) {
			t.Fatalf("parsed with %v, checked with %v", err, other)
		}
		if err != nil || kind >= uint8(message.NumKinds) {
			return
		}
		if left := fields.patience(time.Duration(1795355499400)*time.Millisecond, defaultPatience); left > maxPatience {
			t.Fatalf("a patience of %v", left)
		}
		decoded, err := decodeRequest(message.Kind(kind), fields)
		if err != nil || decoded == nil {
			return
		}
		in := interner{book: peer.NewBook(0)}
		switch b := decoded.intern(&in).(type) {
		case *message.ApprovalCheckRequest:
			whole(t, b.Approvers)
		case *message.ApprovalQuestionRequest:
			whole(t, b.Confirmed)
		case *message.RegisterRequest:
			if b.NetworkSize < 0 || b.NetworkSize > maxCount {
				t.Fatalf("a network of %d", b.NetworkSize)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for kind := range uint8(message.NumKinds) {
		for _, seed := range answerSeeds {
			f.Add(kind, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body string) {
		if kind >= uint8(message.NumKinds) {
			return
		}
		decoded, err := decodeAnswer(message.Kind(kind), nil, []byte(body))
		if err != nil || decoded == nil {
			return
		}
		in := interner{book: peer.NewBook(0)}
		asked := in.peer(peer.MustParse("localhost:1"))
		switch b := decoded.intern(&in, asked).(type) {
		case *message.Structure:
			whole(t, b.Slaves)
			total := 0
			for _, m := range b.Masters.List {
				whole(t, []core.Peer{m.Peer})
				total += int(m.Size)
			}
			if total != b.Masters.Total || total > maxCount || b.Address != asked {
				t.Fatalf("masters of %d and %d in all, from %v", total, b.Masters.Total, b.Address)
			}
			goesAround(t, &in, b)
		case *message.Provision:
			for _, r := range b.Results {
				whole(t, append(r.Spares, r.Address))
			}
		case *message.ApprovalKey:
			whole(t, b.Approvers)
		}
	})
}

// goesAround sends a structure over the wire and wants the same back.
func goesAround(t *testing.T, in *interner, s *message.Structure) {
	t.Helper()
	text, err := json.Marshal(presentStructure(in.book, s))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decodeStructure(text)
	if err != nil {
		t.Fatal(err)
	}
	if back := decoded.intern(in, s.Address); !reflect.DeepEqual(back, s) {
		t.Fatalf("sent %+v, received %+v", s, back)
	}
}

func FuzzProof(f *testing.F) {
	for _, seed := range requestSeeds {
		f.Add(seed, "")
		f.Add("", seed)
	}
	o := &Options{Config: &core.Config{Approvals: []core.ApprovalKind{core.NewClientApproval(core.DefaultTerms())}}, MaxBody: DefaultMaxBody}
	s := &server{options: o}
	f.Fuzz(func(t *testing.T, body, query string) {
		fields, err := parseJSON([]byte(body))
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
	a, err := newAuth(o, time.Now)
	if err != nil {
		f.Fatal(err)
	}
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
		a.permitsCookie(r)
	})
}

func FuzzToken(f *testing.F) {
	now := time.Unix(1000, 0)
	a, err := newAuth(&Options{Auth: &Credentials{"user", "pass"}, Address: peer.MustParse("localhost:1")}, func() time.Time { return now })
	if err != nil {
		f.Fatal(err)
	}
	good, old := a.token(time.Unix(2000, 0)), a.token(now)
	f.Add(good)
	f.Add(old)
	f.Fuzz(func(t *testing.T, token string) {
		if got := a.validToken(token); got != (token == good) {
			t.Fatalf("token %q is good: %t", token, got)
		}
	})
}
