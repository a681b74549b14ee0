package httptransport

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/peer"
	"spreadable/wire"
)

// object is a JSON object of exactly so many bytes.
func object(size int) string {
	const frame = `{"a":""}`
	return `{"a":"` + strings.Repeat("x", size-len(frame)) + `"}`
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// TestProvokedErrors sends what npm nodes were provoked with, and wants the same status
// and message, but never a 500.
func TestProvokedErrors(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Lookup = lookupTable(map[string]string{"inner.example.com": "127.0.0.9"})
	})
	sync1(t, n)
	own := n.address()
	port := own[strings.LastIndexByte(own, ':')+1:]
	root := func(pairs ...string) http.Header { return headers(append([]string{"node-root", own}, pairs...)...) }
	const structure, interview = "/api/node/structure", "/api/node/get-interview-summary"
	rootError := func(given string) string {
		return `{"message":"Node root is different: \"` + given + `\" instead of \"` + own + `\""}`
	}
	tests := []struct {
		name   string
		asks   asks
		status int
		// "" is not looked at; a text with "..." must begin with what is before it
		body string
	}{
		{"bad JSON, also to /api without headers", asks{"POST", structure, "", nil, `{x`}, 400, `{"message":"...`},
		{"JSON primitive", asks{"POST", "/client/get-available-node", "", nil, `5`}, 400, `{"message":"...`},
		{"JSON array", asks{"POST", "/client/get-available-node", "", nil, `[1]`}, 200, `{"address":"` + own + `"}`},
		{"empty body", asks{"POST", "/client/get-available-node", "", nil, ``}, 200, `{"address":"` + own + `"}`},
		{"form", asks{"POST", "/client/request-approval-key", "", headers("content-type", "application/x-www-form-urlencoded"), `action=nope`}, 422,
			`{"message":"unknown approval action","code":"ERR_SPREADABLE_INVALID_APPROVAL_ACTION"}`},
		{"text is no body", asks{"POST", interview, "", root("content-type", "text/plain"), `{x`}, 200, ""},
		{"JSON of the limit", asks{"POST", interview, "", root(), object(512_000)}, 200, ""},
		{"JSON beyond it", asks{"POST", interview, "", root(), object(512_001)}, 413, `{"message":"request entity too large"}`},
		{"gzip", asks{"POST", interview, "", root("content-encoding", "gzip"), gzipped(object(512_000))}, 200, ""},
		{"gzip that inflates too far", asks{"POST", interview, "", root("content-encoding", "gzip"), gzipped(object(512_008))}, 413, `{"message":"request entity too large"}`},
		{"deflate", asks{"POST", interview, "", root("content-encoding", "deflate"), deflated(object(1000))}, 200, ""},
		{"no gzip", asks{"POST", interview, "", root("content-encoding", "gzip"), `{}`}, 400, ""},
		{"unknown charset", asks{"POST", interview, "", root("content-type", "application/json; charset=foo"), `{}`}, 415, `{"message":"unsupported charset \"FOO\""}`},
		{"unknown encoding", asks{"POST", interview, "", root("content-encoding", "foo"), `{}`}, 415, `{"message":"unsupported content encoding \"foo\""}`},
		{"api without headers", asks{"POST", structure, "", nil, ``}, 403, rootError("undefined")},
		{"api with the root only", asks{"POST", structure, "", root(), ``}, 200, ""},
		{"wrong node-version", asks{"POST", structure, "", root("node-version", "spreadable-0.4"), ``}, 403, `{"message":"The version is different: \"spreadable-0.4\" instead of \"spreadable-0.3\""}`},
		{"wrong client-version on api", asks{"POST", structure, "", root("client-version", "x"), ``}, 403, `{"message":"The version is different: \"x\" instead of \"spreadable-0.3\""}`},
		{"empty version", asks{"POST", structure, "", root("node-version", ""), ``}, 200, ""},
		{"wrong version on client", asks{"POST", "/client/get-available-node", "", headers("client-version", "x"), ``}, 403, ""},
		{"wrong root", asks{"POST", structure, "", headers("node-root", "x"), ``}, 403, rootError("x")},
		{"empty root", asks{"POST", structure, "", headers("node-root", ""), ``}, 403, rootError("")},
		{"address of another IP", asks{"POST", structure, "", root("original-address", "127.0.0.7:5102"), ``}, 403, `{"message":"Wrong address \"127.0.0.7:5102\""}`},
		{"address of the own IP", asks{"POST", structure, "127.0.0.7", root("original-address", "127.0.0.7:5102"), ``}, 200, ""},
		{"the receiver's own address", asks{"POST", structure, "", root("original-address", own), ``}, 200, ""},
		{"garbage as address", asks{"POST", structure, "", root("original-address", "garbage"), ``}, 403, `{"message":"Address \"garbage\" is invalid"}`},
		{"garbage as a client's address", asks{"POST", "/client/get-available-node", "", headers("original-address", "garbage"), ``}, 403, `{"message":"Address \"garbage\" is invalid"}`},
		{"unresolvable address", asks{"POST", structure, "", root("original-address", "nosuch.example.com:80"), ``}, 403, `{"message":"Ip address for \"nosuch.example.com\" is invalid"}`},
		{"a name of loopback", asks{"POST", structure, "127.0.0.9", root("original-address", "inner.example.com:80"), ``}, 403, ""},
		{"bad IPv6 address", asks{"POST", structure, "", root("original-address", "[zz]:80"), ``}, 403, ""},
		{"address twice", asks{"POST", structure, "", root("original-address", "127.0.0.1:1", "original-address", "127.0.0.1:2"), ``}, 403, `{"message":"Address \"127.0.0.1:1, 127.0.0.1:2\" is invalid"}`},
		{"loopback of IPv6 as an address", asks{"POST", structure, "", root("original-address", "[::1]:80"), ``}, 403, ""},
		{"client with a foreign address", asks{"POST", "/client/get-available-node", "", headers("original-address", "127.0.0.7:80"), ``}, 200, ""},
		{"forwarded without trust", asks{"POST", structure, "", root("x-forwarded-for", "1.2.3.4", "original-address", "1.2.3.4:80"), ``}, 403, ""},
		{"unknown route", asks{"POST", "/nope?x=1", "", nil, ``}, 404, `{"message":"Not found route \"/nope?x=1\""}`},
		{"long unknown route", asks{"POST", "/" + strings.Repeat("x", wire.MaxMessage), "", nil, ``}, 404, `{"message":"Not found route \"/` + strings.Repeat("x", wire.MaxMessage-1) + `\""}`},
		{"POST ping", asks{"POST", "/ping", "", nil, ``}, 404, `{"message":"Not found route \"/ping\""}`},
		{"PUT ping", asks{"PUT", "/ping", "", nil, ``}, 404, ""},
		{"unknown api route, bad headers", asks{"POST", "/api/nope", "", nil, ``}, 403, ""},
		{"unknown api route, good headers", asks{"POST", "/api/nope", "", root(), ``}, 404, ""},
		{"empty routers", asks{"POST", "/api/butler/nope", "", root(), ``}, 404, ""},
		{"unknown client route", asks{"POST", "/client/nope", "", nil, ``}, 404, ""},
		{"GET client", asks{"GET", "/client/x", "", nil, ``}, 200, `{"success":true}`},
		{"GET structure, good headers", asks{"GET", structure, "", root(), ``}, 200, `{"success":true}`},
		{"GET structure, bad headers", asks{"GET", structure, "", nil, ``}, 403, ""},
		{"index", asks{"GET", "/", "", nil, ``}, 200, `{"success":true}`},
		{"HEAD", asks{"HEAD", "/status", "", nil, ``}, 200, ""},
		{"bad escape", asks{"GET", "/%zz", "", nil, ``}, 400, ""},
		{"ping", asks{"GET", "/ping", "", nil, ``}, 200, `{"version":"spreadable-0.3","address":"` + own + `"}`},
		{"ping in capitals, with a slash", asks{"GET", "/PING/", "", nil, ``}, 200, ""},
		{"structure in capitals, with a slash", asks{"POST", "/API/Node/Structure/", "", root(), ``}, 200, ""},
		{"status", asks{"GET", "/status", "", nil, ``}, 200, `{"root":"` + own + `","availability":1,"syncAvgTime":0,"isMaster":false,"isNormalized":false,"isRegistered":false,"networkSize":1}`},
		{"pretty status", asks{"GET", "/status?pretty", "", nil, ``}, 200, `{"root":"` + own + `","availability":"1.00","syncAvgTime":"0ms","isMaster":false,"isNormalized":false,"isRegistered":false,"networkSize":1}`},
		{"interview", asks{"POST", interview, "", root(), ``}, 200, `{"summary":{"address":"` + own + `"}}`},
		{"provide without target", asks{"POST", "/api/node/provide-registration", "", root(), `{"target":"x"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_TARGET_FIELD"}`},
		{"register the receiver", asks{"POST", "/api/node/register", "", root(), `{"target":"` + own + `"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_TARGET_FIELD"}`},
		{"register garbage", asks{"POST", "/api/node/register", "", root(), `{"target":"[zz]:1"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_TARGET_FIELD"}`},
		{"register a node that does not answer", asks{"POST", "/api/node/register", "", root("original-address", "127.0.0.1:1"), `{"target":"127.0.0.1:1","timeout":2000}`}, 422, `{..."code":"ERR_SPREADABLE_INTERVIEW_INTERVIEWEE_NOT_AVAILABLE"}`},
		{"register with an expired timeout", asks{"POST", "/api/node/register", "", root("original-address", "127.0.0.1:1"), `{"target":"127.0.0.1:1","timeout":2000,"timestamp":1}`}, 422, `{..."code":"ERR_SPREADABLE_INTERVIEW_INTERVIEWEE_NOT_AVAILABLE"}`},
		{"approval info of an unknown action", asks{"POST", "/api/node/get-approval-info", "", root(), `{"action":"x","key":"k"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_APPROVAL_ACTION"}`},
		{"approval info of an unknown key", asks{"POST", "/api/node/get-approval-info", "", root(), `{"action":"client","key":"k"}`}, 422, `{..."code":"ERR_SPREADABLE_UNSUITABLE_APPROVAL_KEY"}`},
		{"check of an unknown key", asks{"POST", "/api/node/check-approval-answer", "", root(), `{"key":"k","answer":"1.2.3.4","approvers":[],"clientIp":"1.2.3.4"}`}, 422, `{..."code":"ERR_SPREADABLE_UNSUITABLE_APPROVAL_KEY"}`},
		{"check without a client", asks{"POST", "/api/node/check-approval-answer", "", root(), `{"key":"k","answer":"1.2.3.4","approvers":[]}`}, 422, `{..."code":"ERR_SPREADABLE_UNSUITABLE_APPROVAL_KEY"}`},
		{"available node, expired", asks{"POST", "/client/get-available-node", "", nil, `{"timeout":100,"timestamp":1}`}, 408, ""},
		{"key of an unknown action", asks{"POST", "/client/request-approval-key", "", nil, `{"action":"x"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_APPROVAL_ACTION"}`},
		{"add without a start", asks{"POST", "/client/add-approval-info", "", nil, `{"action":"client","key":"k","startedAt":"x"}`}, 422, `{..."code":"ERR_SPREADABLE_WRONG_APPROVAL_TIME"}`},
		{"add of an unknown action", asks{"POST", "/client/add-approval-info", "", nil, `{"action":"x","key":"k"}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_APPROVAL_ACTION"}`},
		{"add with info", asks{"POST", "/client/add-approval-info", "", nil, `{"action":"client","key":"k","startedAt":` + periodStart() + `,"info":null}`}, 422, `{..."code":"ERR_SPREADABLE_VALIDATE_SCHEMA...`},
		{"add", asks{"POST", "/client/add-approval-info", "127.0.0.3", nil, `{"action":"client","key":"k3","startedAt":` + periodStart() + `}`}, 200, `{"success":true}`},
		{"question with too few", asks{"POST", "/client/request-approval-question", "", nil, `{"action":"client","key":"k","confirmedAddresses":null}`}, 422, `{..."code":"ERR_SPREADABLE_NOT_ENOUGH_APPROVER_DECISIONS"}`},
		{"question of an unknown action", asks{"POST", "/client/request-approval-question", "", nil, `{"action":"x","key":"k","confirmedAddresses":[]}`}, 422, `{..."code":"ERR_SPREADABLE_INVALID_APPROVAL_ACTION"}`},
		{"IPv4 port without a node", asks{"POST", structure, "", root("original-address", "127.0.0.1:"+port+"0"), ``}, 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, n, tt.asks)
			if got.status != tt.status || !resembles(got.body, tt.body) {
				t.Errorf("%s %s\n got %d %.300s\nwant %d %s", tt.asks.method, tt.asks.path, got.status, got.body, tt.status, tt.body)
			}
			if origin := got.header.Get("Access-Control-Allow-Origin"); got.status != 400 && origin != "*" {
				t.Errorf("Access-Control-Allow-Origin is %q", origin)
			}
		})
	}
}

func periodStart() string {
	start := time.Now().UnixMilli()
	const period = 300_000
	return jsonNumber(start - start%period)
}

// resembles compares a body with what is wanted; "..." stands for anything.
func resembles(got, want string) bool {
	if want == "" {
		return true
	}
	parts := strings.Split(want, "...")
	for i, part := range parts {
		at := strings.Index(got, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return got == "" || strings.HasSuffix(want, "...")
}

func TestYoungNodesKnowEachOtherByAnEmptyRoot(t *testing.T) {
	first := startNode(t, "localhost", nil, nil)
	n := startNode(t, "localhost", first, nil) // not synced: it has no root yet
	for _, tt := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"empty", headers("node-root", ""), 200},
		{"missing", nil, 403},
		{"the future one", headers("node-root", first.address()), 403},
	} {
		if got := send(t, n, asks{method: "POST", path: "/api/node/structure", header: tt.header}); got.status != tt.status {
			t.Errorf("%s root: %d, want %d", tt.name, got.status, tt.status)
		}
	}
}

func TestAddressFilter(t *testing.T) {
	list := func(items ...string) peer.List {
		l, err := peer.ParseList(items)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ban := func(address string) func(*core.Node, *peer.Book) {
		return func(n *core.Node, book *peer.Book) {
			a := peer.MustParse(address)
			p, _ := book.Intern(a)
			n.Bans().Add(behavior.Ban{Peer: p, IP: a.IP(), Until: 1 << 62})
		}
	}
	tests := []struct {
		name   string
		change func(*Options)
		ban    func(*core.Node, *peer.Book)
		from   string
		header http.Header
		path   string
		status int
		body   string
	}{
		{"a banned IP, by another port", nil, ban("127.0.0.20:1"), "127.0.0.20", headers("original-address", "127.0.0.20:2"), "/api/node/structure", 403, `{"message":"Ip \"127.0.0.20\" is in the banlist"}`},
		{"a banned client", nil, ban("127.0.0.20:1"), "127.0.0.20", nil, "/client/get-available-node", 403, `{"message":"Ip \"127.0.0.20\" is in the banlist"}`},
		{"a banned client that claims another address", nil, ban("127.0.0.20:1"), "127.0.0.20", headers("original-address", "127.0.0.21:1"), "/client/get-available-node", 403, ""},
		{"another client", nil, ban("127.0.0.20:1"), "127.0.0.21", nil, "/client/get-available-node", 200, ""},
		{"banned by address", func(o *Options) { o.Config.BanByAddress = true }, ban("127.0.0.20:1"), "127.0.0.20", headers("original-address", "127.0.0.20:1"), "/api/node/structure", 403, `{"message":"Address \"127.0.0.20:1\" is in the banlist"}`},
		{"its neighbour", func(o *Options) { o.Config.BanByAddress = true }, ban("127.0.0.20:1"), "127.0.0.20", headers("original-address", "127.0.0.20:2"), "/api/node/structure", 200, ""},
		{"blacklisted", func(o *Options) { o.Config.Blacklist = list("127.0.0.9") }, nil, "127.0.0.9", nil, "/client/get-available-node", 403, `{"message":"Address \"127.0.0.9:0\" is in the blacklist"}`},
		{"not whitelisted", func(o *Options) { o.Config.Whitelist = list("127.0.0.8") }, nil, "", nil, "/client/get-available-node", 403, `{"message":"Address \"127.0.0.1:0\" is denied"}`},
		{"whitelisted by an address never seen before", func(o *Options) { o.Config.Whitelist = list("127.0.0.8:7") }, nil, "127.0.0.8", headers("original-address", "127.0.0.8:7"), "/api/node/structure", 200, ""},
		{"whitelisted by address, asking for the status", func(o *Options) { o.Config.Whitelist = list("127.0.0.8:7") }, nil, "127.0.0.8", headers("original-address", "127.0.0.8:7"), "/status", 200, ""},
		{"another host that claims that address", func(o *Options) { o.Config.Whitelist = list("127.0.0.8:7") }, nil, "127.0.0.9", headers("original-address", "127.0.0.8:7"), "/status", 403, ""},
		{"blacklisted and trusted", func(o *Options) {
			o.Config.Blacklist = list("127.0.0.9")
			o.Config.Trustlist = list("127.0.0.9")
		}, nil, "127.0.0.9", nil, "/client/get-available-node", 200, ""},
		{"the owner's own filter", func(o *Options) {
			o.Admit = func(*http.Request) error { return errors.New("not today") }
		}, nil, "", nil, "/client/get-available-node", 403, `{"message":"not today"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := startNode(t, "localhost", nil, tt.change)
			sync1(t, n)
			if tt.ban != nil {
				in(t, n, func(c *core.Node) { tt.ban(c, n.options.Config.Book) })
			}
			if tt.header == nil {
				tt.header = http.Header{}
			}
			tt.header.Set("node-root", n.address())
			method := "POST"
			if tt.path == "/status" {
				method = "GET"
			}
			got := send(t, n, asks{method: method, path: tt.path, from: tt.from, header: tt.header})
			if got.status != tt.status || !resembles(got.body, tt.body) {
				t.Errorf("got %v, want %d %s", got, tt.status, tt.body)
			}
			if got := send(t, n, asks{method: "GET", path: "/ping", from: tt.from}); got.status != 200 {
				t.Errorf("ping: got %v, and it should be open to all", got)
			}
		})
	}
}

func TestForwardedFor(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	n := startNode(t, "localhost", nil, func(o *Options) { o.TrustedProxies = proxies })
	tests := []struct {
		name, from, forwarded, client string
		status                        int
	}{
		{"no proxy", "127.0.0.5", "", "127.0.0.5", 200},
		{"one proxy", "", "1.2.3.4", "1.2.3.4", 200},
		{"two proxies", "", "1.2.3.4, 10.1.1.1", "1.2.3.4", 200},
		{"a client that invents an entry", "", "6.6.6.6, 1.2.3.4", "1.2.3.4", 200},
		{"IPv6", "", "2001:db8::5", "2001:0db8:0000:0000:0000:0000:0000:0005", 200},
		{"IPv6 that ends like loopback", "", "2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", 200},
		{"a client that is no proxy", "127.0.0.5", "1.2.3.4", "127.0.0.5", 200},
		{"only proxies", "", "10.0.0.1", "10.0.0.1", 200},
		{"IPv4 with a port", "", "1.2.3.4:43210", "1.2.3.4", 200},
		{"IPv6 with a port", "", "[2001:db8::5]:43210", "2001:0db8:0000:0000:0000:0000:0000:0005", 200},
		{"IPv6 with a zone", "", "2001:db8::5%eth0", "2001:0db8:0000:0000:0000:0000:0000:0005", 200},
		{"in quotes", "", `"[2001:db8::5]:1"`, "2001:0db8:0000:0000:0000:0000:0000:0005", 200},
		{"a proxy with a port", "", "1.2.3.4:1, 10.1.1.1:2", "1.2.3.4", 200},
		{"a comma at the end", "", "1.2.3.4,", "1.2.3.4", 200},
		{"a proxy that does not know", "", "1.2.3.4, unknown", "127.0.0.1", 200},
		{"a port of no IP", "", "what:80", "", 400},
		{"garbage", "", "what", "", 400},
		{"garbage beyond the client's address", "", "what, 1.2.3.4", "1.2.3.4", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.forwarded != "" {
				h.Set("X-Forwarded-For", tt.forwarded)
			}
			got := send(t, n, asks{"POST", "/client/request-approval-key", tt.from, h, `{"action":"client"}`})
			if got.status != tt.status || tt.client != "" && !strings.Contains(got.body, `"clientIp":"`+tt.client+`"`) {
				t.Errorf("got %v, want %d and client %s", got, tt.status, tt.client)
			}
		})
	}
}

// TestLoopbackOfIPv6IsLocalhost: systems may take either family for localhost, so both
// are one host.
func TestLoopbackOfIPv6IsLocalhost(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) { o.Listen = "[::1]:0" })
	sync1(t, n)
	root := func(address string) http.Header {
		return headers("node-root", n.address(), "original-address", address)
	}
	for _, tt := range []struct {
		name   string
		asks   asks
		status int
	}{
		{"a node at localhost", asks{"POST", "/api/node/structure", "", root("localhost:80"), ``}, 200},
		{"a node at 127.0.0.1", asks{"POST", "/api/node/structure", "", root("127.0.0.1:80"), ``}, 200},
		{"a node at another IP", asks{"POST", "/api/node/structure", "", root("127.0.0.2:80"), ``}, 403},
		{"a node at a literal", asks{"POST", "/api/node/structure", "", root("[::1]:80"), ``}, 403},
		{"a client", asks{"POST", "/client/get-available-node", "", nil, ``}, 200},
		{"status", asks{"GET", "/status", "", nil, ``}, 200},
	} {
		if got := send(t, n, tt.asks); got.status != tt.status {
			t.Errorf("%s: got %v, want %d", tt.name, got, tt.status)
		}
	}
}
