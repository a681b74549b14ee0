package httptransport

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/core/peer"
)

// Basic auth, and the cookie that spares browsers its dialog.
//
// The npm package puts name and password into the cookie: base64 of
// {"username","password"}, readable to scripts, because its browser client takes them
// from there and sends them to all nodes as Basic auth. Our cookie has the same form, but
// in the place of the password a token: a time at which it ends, signed with a key
// derived from the password. The browser client works with it as it is, against any Go
// node of the network, and a thief of it has a week and not the password. An npm node
// knows nothing of tokens; Options.PlainCookie is for browsers in networks of both.
type auth struct {
	credentials Credentials
	key         []byte // of tokens
	name        string // of cookies
	age         time.Duration
	plain       bool
	secure      bool
	realm       string
	now         func() time.Time
	given       atomic.Pointer[cookie] // the last one
}

// cookie is what a browser gets. It is the same for all of one second: a flood of requests
// must not cost a signature each.
type cookie struct {
	ends int64 // in seconds
	text string
}

// tokenRounds makes guessing the password from a token expensive. Once per start of a
// node.
const tokenRounds = 100_000

func newAuth(o *Options, key []byte, now func() time.Time) *auth {
	if o.Auth == nil {
		return nil
	}
	return &auth{
		credentials: *o.Auth, key: key, name: cookieName(o.Address.String()), age: o.CookieAge, plain: o.PlainCookie,
		secure: o.HTTPS, realm: o.Address.String(), now: now,
	}
}

func cookieName(address string) string { return "spreadableNetworkAuth[" + address + "]" }

func basic(c Credentials) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
}

// login is what a request shows to be let in.
type login struct {
	right bool
	fresh bool // right, and a browser would like a cookie for next time
	wrong int  // credentials that are neither right nor have been
}

// read looks at the header and the cookie; one that is right is enough. A browser's first
// request has neither: that is no failure. A proof in the header has been judged before.
func (a *auth) read(r *http.Request, proof verdict) login {
	if proof != none {
		l := login{right: proof == right}
		if !l.right {
			l.wrong = 1
		}
		return l
	}
	header, cookie := a.readHeader(r), a.readCookie(r)
	l := login{right: header == right || cookie == right}
	l.fresh = header == right && cookie != right
	for _, v := range []verdict{header, cookie} {
		if v == wrong && !l.right {
			l.wrong++
		}
	}
	return l
}

// verdict is what credentials are worth.
type verdict uint8

const (
	none  verdict = iota // there are none, or they were right once: a token that has ended
	wrong                // somebody guesses
	right
)

func (a *auth) readHeader(r *http.Request) verdict {
	if r.Header.Get("Authorization") == "" {
		return none
	}
	username, password, found := r.BasicAuth()
	if !found {
		return wrong
	}
	return a.judge(username, password)
}

// judge compares in constant time. The password may be a token.
func (a *auth) judge(username, password string) verdict {
	name := subtle.ConstantTimeCompare(digest(username), digest(a.credentials.Username))
	word := subtle.ConstantTimeCompare(digest(password), digest(a.credentials.Password))
	switch {
	case name == 0:
		return wrong
	case word == 1:
		return right
	}
	return a.judgeToken(password)
}

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func (a *auth) readCookie(r *http.Request) verdict {
	value, found := findCookie(r.Header["Cookie"], a.name)
	if !found {
		return none
	}
	if len(value) > 4096 {
		return wrong
	}
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return wrong
	}
	var c struct{ Username, Password string }
	if json.Unmarshal(text, &c) != nil {
		return wrong
	}
	return a.judge(c.Username, c.Password)
}

// findCookie looks for a cookie whose name has brackets, which net/http takes for
// malformed.
func findCookie(headers []string, name string) (value string, found bool) {
	for _, header := range headers {
		for pair := range strings.SplitSeq(header, ";") {
			key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if !ok || key != name {
				continue
			}
			if plain, err := url.PathUnescape(value); err == nil {
				value = plain
			}
			return value, true
		}
	}
	return "", false
}

// setCookie gives a browser what it needs for next time.
func (a *auth) setCookie(h http.Header) {
	ends := a.now().Add(a.age)
	given := a.given.Load()
	if given == nil || given.ends != ends.Unix() {
		given = &cookie{ends.Unix(), a.newCookie(ends)}
		a.given.Store(given)
	}
	h.Add("Set-Cookie", given.text)
}

// newCookie makes what is valid until a time.
func (a *auth) newCookie(ends time.Time) string {
	password := a.token(ends)
	if a.plain {
		password = a.credentials.Password
	}
	pair, _ := json.Marshal(map[string]string{"username": a.credentials.Username, "password": password}) // texts always have a JSON form
	text := a.name + "=" + base64.StdEncoding.EncodeToString(pair) +
		"; path=/; expires=" + ends.UTC().Format(http.TimeFormat) + "; SameSite=Lax"
	if a.secure {
		text += "; Secure"
	}
	return text
}

// token is "<end in seconds>.<signature>".
func (a *auth) token(ends time.Time) string {
	text := strconv.FormatInt(ends.Unix(), 10)
	return text + "." + a.sign(text)
}

func (a *auth) sign(text string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (a *auth) judgeToken(token string) verdict {
	text, signature, found := strings.Cut(token, ".")
	if !found || !hmac.Equal([]byte(signature), []byte(a.sign(text))) {
		return wrong
	}
	ends, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return wrong
	case a.now().Unix() < ends:
		return right
	}
	return none
}

// watched are the hosts that have shown wrong credentials: about theirs the node is
// asked, good or wrong, while those of all others cost it nothing. The rule itself is the
// core's (core.Node.LogIn). A host comes in before the node hears of its wrong login, so
// that of many guesses sent at once none passes beside the count.
type watched struct {
	mu    sync.Mutex
	hosts map[peer.Address]struct{}
}

// maxWatched bounds them. One that is dropped is not praised for a good login, no more.
const maxWatched = 10_000

func (w *watched) has(ip netip.Addr) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, found := w.hosts[peer.OfHost(ip)]
	return found
}

func (w *watched) add(ip netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hosts == nil || len(w.hosts) >= maxWatched {
		w.hosts = make(map[peer.Address]struct{})
	}
	w.hosts[peer.OfHost(ip)] = struct{}{}
}

func (w *watched) drop(ip netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.hosts, peer.OfHost(ip))
}
