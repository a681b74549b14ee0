package httptransport

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// closedNode is the password check of a node in a closed network, at a time that the test
// sets.
func closedNode(t *testing.T, now *time.Time, change func(*Options)) *auth {
	t.Helper()
	book := peer.NewBook(0)
	self, err := book.Intern(peer.MustParse("localhost:4000"))
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{
		Config: &core.Config{Book: book, Bootstrap: []core.Peer{self}}, Address: peer.MustParse("localhost:4000"),
		Auth: &Credentials{"user", "secret"},
	}
	if change != nil {
		change(o)
	}
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	key, err := loginKey(o.Auth)
	if err != nil {
		t.Fatal(err)
	}
	return newAuth(o, key, func() time.Time { return *now })
}

// A cookie holds a token that is good for a week, at each node of the network, and for its
// user alone; a changed one is good for nothing.
func TestCookiesHoldATokenForAWeek(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a := closedNode(t, &now, nil)
	h := http.Header{}
	a.setCookie(h)
	pair, attributes, _ := strings.Cut(h.Get("Set-Cookie"), "; ")
	if want := "path=/; expires=" + now.Add(7*24*time.Hour).UTC().Format(http.TimeFormat) + "; SameSite=Lax"; attributes != want {
		t.Errorf("the cookie has %q, want %q", attributes, want)
	}
	name, value, _ := strings.Cut(pair, "=")
	permits := func(cookie string) bool {
		return a.read(&http.Request{Header: http.Header{"Cookie": {cookie}}}, none).right
	}
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(from, to string) string {
		return name + "=" + base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(text), from, to, 1)))
	}
	for what, test := range map[string]struct {
		cookie string
		want   bool
	}{
		"the cookie":              {pair, true},
		"among others":            {"a=b; " + pair + "; c=d", true},
		"escaped":                 {name + "=" + fmt.Sprintf("%%%02X", value[0]) + value[1:], true},
		"of another node":         {"spreadableNetworkAuth[localhost:4001]=" + value, false},
		"of another user":         {changed("user\"", "root\""), false},
		"with another end":        {changed(`"password":"1`, `"password":"2`), false},
		"no base64":               {name + "=!", false},
		"no JSON":                 {name + "=" + base64.StdEncoding.EncodeToString([]byte("{")), false},
		"as long as may be":       {changed(`{`, "{"+strings.Repeat(" ", (4096-len(value))/4*3)), true},
		"longer":                  {changed(`{`, "{"+strings.Repeat(" ", (4096-len(value))/4*3+3)), false},
		"without a value":         {name, false},
		"with the password in it": {changed(string(text), `{"username":"user","password":"secret"}`), true},
	} {
		if got := permits(test.cookie); got != test.want {
			t.Errorf("%s: permitted %v", what, got)
		}
	}
	now = now.Add(7*24*time.Hour - time.Second)
	if !permits(pair) {
		t.Error("after a week less a second the cookie is good no more")
	}
	if now = now.Add(time.Second); permits(pair) {
		t.Error("after a week the cookie is still good")
	}
}

// All cookies of one second are the same, those of the next are good a second longer.
func TestACookieIsGivenOutForASecond(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a := closedNode(t, &now, nil)
	give := func() string {
		h := http.Header{}
		a.setCookie(h)
		return h.Get("Set-Cookie")
	}
	first := give()
	if now = now.Add(999 * time.Millisecond); give() != first {
		t.Error("another cookie within a second")
	}
	if now = now.Add(time.Millisecond); give() == first {
		t.Error("the same cookie a second later")
	}
}

// A browser that has said the password gets a cookie; one that has a good one already gets
// none. Https makes it secure, and npm nodes beside ours need the password in it.
func TestWhoGetsACookie(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a := closedNode(t, &now, func(o *Options) { o.HTTPS, o.PlainCookie, o.CookieAge = true, true, time.Hour })
	h := http.Header{}
	a.setCookie(h)
	cookie := h.Get("Set-Cookie")
	pair, _, _ := strings.Cut(cookie, "; ")
	_, value, _ := strings.Cut(pair, "=")
	text, err := base64.StdEncoding.DecodeString(value)
	if err != nil || string(text) != `{"password":"secret","username":"user"}` || !strings.HasSuffix(cookie, "; Secure") || !strings.Contains(cookie, now.Add(time.Hour).UTC().Format(http.TimeFormat)) {
		t.Errorf("%s holds %s: %v", cookie, text, err)
	}
	good, bad := basic(Credentials{"user", "secret"}), basic(Credentials{"user", "x"})
	for what, test := range map[string]struct {
		header    http.Header
		ok, fresh bool
	}{
		"nothing":                       {http.Header{}, false, false},
		"the password":                  {headers("authorization", good), true, true},
		"the password and the cookie":   {headers("authorization", good, "cookie", pair), true, false},
		"the cookie":                    {headers("cookie", pair), true, false},
		"a bad password":                {headers("authorization", bad), false, false},
		"a bad password and a cookie":   {headers("authorization", bad, "cookie", pair), true, false},
		"the password and a bad cookie": {headers("authorization", good, "cookie", pair[:30]), true, true},
		"another user":                  {headers("authorization", basic(Credentials{"root", "secret"})), false, false},
	} {
		if l := a.read(&http.Request{Header: test.header}, none); l.right != test.ok || l.fresh != test.fresh {
			t.Errorf("%s: permitted %v, wants a cookie %v", what, l.right, l.fresh)
		}
	}
}
