package httptransport

import (
	"crypto/hmac"
	"crypto/pbkdf2"
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
	"time"
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
	cookie      string // its name
	age         time.Duration
	plain       bool
	secure      bool
	realm       string
	now         func() time.Time
}

// tokenRounds makes guessing the password from a token expensive. Once per start of a
// node.
const tokenRounds = 100_000

func newAuth(o *Options, now func() time.Time) (*auth, error) {
	if o.Auth == nil {
		return nil, nil
	}
	salt := []byte("spreadable token for " + o.Auth.Username)
	key, err := pbkdf2.Key(sha256.New, o.Auth.Password, salt, tokenRounds, sha256.Size)
	if err != nil {
		return nil, err
	}
	return &auth{
		credentials: *o.Auth, key: key, cookie: cookieName(o.Address.String()), age: o.CookieAge, plain: o.PlainCookie,
		secure: o.HTTPS, realm: o.Address.String(), now: now,
	}, nil
}

func cookieName(address string) string { return "spreadableNetworkAuth[" + address + "]" }

func basic(c Credentials) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
}

// permits decides by the header or the cookie. Fresh means that a browser would like a
// cookie for next time.
func (a *auth) permits(r *http.Request) (ok, fresh bool) {
	if username, password, found := r.BasicAuth(); found && a.matches(username, password) {
		return true, !a.permitsCookie(r)
	}
	return a.permitsCookie(r), false
}

// matches compares in constant time. The password may be a token.
func (a *auth) matches(username, password string) bool {
	name := subtle.ConstantTimeCompare(digest(username), digest(a.credentials.Username))
	word := subtle.ConstantTimeCompare(digest(password), digest(a.credentials.Password))
	return name&word == 1 || name == 1 && a.validToken(password)
}

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func (a *auth) permitsCookie(r *http.Request) bool {
	value, found := findCookie(r.Header["Cookie"], a.cookie)
	if !found || len(value) > 4096 {
		return false
	}
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	var c struct{ Username, Password string }
	return json.Unmarshal(text, &c) == nil && a.matches(c.Username, c.Password)
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
	password := a.token(ends)
	if a.plain {
		password = a.credentials.Password
	}
	text, _ := json.Marshal(map[string]string{"username": a.credentials.Username, "password": password}) // texts always have a JSON form
	cookie := a.cookie + "=" + base64.StdEncoding.EncodeToString(text) +
		"; path=/; expires=" + ends.UTC().Format(http.TimeFormat) + "; SameSite=Lax"
	if a.secure {
		cookie += "; Secure"
	}
	h.Add("Set-Cookie", cookie)
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

func (a *auth) validToken(token string) bool {
	text, signature, found := strings.Cut(token, ".")
	if !found || !hmac.Equal([]byte(signature), []byte(a.sign(text))) {
		return false
	}
	ends, err := strconv.ParseInt(text, 10, 64)
	return err == nil && a.now().Unix() < ends
}

// failures slows down guessing of passwords: npm's rule of the behaviour
// "authentication", more than ten failures and fifteen minutes of silence, for IPs, since
// most guessers have no address. A success takes one failure back.
type failures struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[netip.Prefix]failed
}

type failed struct {
	count int
	last  time.Time
}

const (
	maxFailures = 10
	failureLife = 15 * time.Minute
	maxGuessers = 10_000
)

// host is what failures are counted by: an IPv4, or the part of an IPv6 that one customer
// has.
func host(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 32
	}
	p, _ := ip.Prefix(bits) // in range for both
	return p
}

func (f *failures) blocked(ip netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, found := f.of[host(ip)]
	return found && e.count > maxFailures && f.now().Sub(e.last) < failureLife
}

func (f *failures) note(ip netip.Addr, good bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := host(ip)
	e, found := f.of[key]
	switch {
	case good && !found:
		return
	case good && e.count <= 1:
		delete(f.of, key)
		return
	case good:
		e.count--
	case f.now().Sub(e.last) >= failureLife:
		e = failed{1, f.now()}
	default:
		e = failed{e.count + 1, f.now()}
	}
	if f.of == nil || len(f.of) >= maxGuessers {
		f.of = make(map[netip.Prefix]failed)
	}
	f.of[key] = e
}
