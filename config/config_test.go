package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/extensions/captcha"
	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
)

func someIP() (netip.Addr, error) { return netip.MustParseAddr("192.0.2.7"), nil }

// load reads a file of the given text together with flags and variables.
func load(t *testing.T, text string, flags map[string]string, environ ...string) (*Config, error) {
	t.Helper()
	given := Given{Flags: flags, Environ: environ}
	if text != "" {
		given.File = write(t, "node.yaml", text)
	}
	return Load(given)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsComeBeforeEnvironmentBeforeFileBeforeDefaults(t *testing.T) {
	file := "port: 4001\nmax_fails: 7\nsync_interval: 5s\n"
	c, err := load(t, file, map[string]string{"port": "4003"}, "SPREADNODE_PORT=4002", "SPREADNODE_MAX_FAILS=8")
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 4003 || c.MaxFails != 8 || c.SyncInterval != 5*time.Second || c.MaxCalls != 1024 {
		t.Errorf("port %d, max_fails %d, sync_interval %v, max_calls %d", c.Port, c.MaxFails, c.SyncInterval, c.MaxCalls)
	}
	for key, want := range map[string]string{
		"port": "flag --port", "max_fails": "environment SPREADNODE_MAX_FAILS", "sync_interval": "node.yaml:3:1", "max_calls": "default",
	} {
		if got := c.Origin(key); !strings.HasSuffix(got, want) {
			t.Errorf("%s comes from %q, want %q", key, got, want)
		}
	}
}

func TestTheEnvironmentNamesTheFile(t *testing.T) {
	path := write(t, "other.yaml", "port: 4444")
	c, err := Load(Given{Environ: []string{"SPREADNODE_CONFIG=" + path}})
	if err != nil || c.Port != 4444 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestAnEmptyVariableIsNone(t *testing.T) {
	c, err := load(t, "", nil, "SPREADNODE_PORT=")
	if err != nil || c.Port != 4000 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestListsAreListsEverywhere(t *testing.T) {
	want := "192.0.2.1,n1.example.com"
	for name, c := range map[string]func() (*Config, error){
		"flow":  func() (*Config, error) { return load(t, "blacklist: [192.0.2.1, n1.example.com]", nil) },
		"block": func() (*Config, error) { return load(t, "blacklist:\n  - 192.0.2.1\n  - n1.example.com\n", nil) },
		"flag": func() (*Config, error) {
			return load(t, "", map[string]string{"blacklist": "192.0.2.1, n1.example.com"})
		},
		"env": func() (*Config, error) { return load(t, "", nil, "SPREADNODE_BLACKLIST="+want) },
	} {
		got, err := c()
		if err != nil || strings.Join(got.Blacklist, ",") != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if c, err := load(t, "blacklist: 192.0.2.1", nil); err != nil || len(c.Blacklist) != 1 {
		t.Errorf("a single item: %v, %v", c, err)
	}
	if c, err := load(t, "blacklist: [192.0.2.1]", map[string]string{"blacklist": ""}); err != nil || len(c.Blacklist) != 0 {
		t.Errorf("an empty flag does not empty the list: %v, %v", c, err)
	}
}

// An empty item may be what a variable in a script did not hold: a list that lets
// everybody in must not come of it.
func TestAListHasNoEmptyItems(t *testing.T) {
	for _, text := range []string{",", " ", "192.0.2.1,", "192.0.2.1,,192.0.2.2", ", 192.0.2.1"} {
		want := `want items with a comma between two, not ` + phrase.Quote(text)
		_, err := load(t, "", map[string]string{"whitelist": text})
		if err == nil || err.Error() != "flag --whitelist: "+want {
			t.Errorf("flag %q: %v", text, err)
		}
		_, err = load(t, "", nil, "SPREADNODE_WHITELIST="+text)
		if err == nil || err.Error() != "environment SPREADNODE_WHITELIST: "+want {
			t.Errorf("variable %q: %v", text, err)
		}
	}
	for _, text := range []string{"whitelist: ''", "whitelist: ['']", "whitelist: '192.0.2.1,192.0.2.2'", "bootstrap: ''", "trusted_proxies: ''"} {
		if _, err := load(t, text, nil); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

// A ~ means the home directory wherever a path can be given; a shell expands it in few of
// these places.
func TestPathsMayBeginAtHome(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	keys := []string{"data", "password_file", "tls_cert", "tls_key", "tls_ca", "admin_token_file"}
	for _, key := range append(keys, "admin") {
		given, want := "~/a b", "/home/me/a b"
		if key == "admin" {
			given, want = "unix:"+given, "unix:"+want
		}
		env := "SPREADNODE_" + strings.ToUpper(key)
		for where, read := range map[string]func(text string) (*Config, error){
			"file":        func(text string) (*Config, error) { return load(t, key+": "+text, nil) },
			"flag":        func(text string) (*Config, error) { return load(t, "", map[string]string{key: text}) },
			"environment": func(text string) (*Config, error) { return load(t, "", nil, env+"="+text) },
		} {
			c, err := read(given)
			if err != nil {
				t.Errorf("%s in %s: %v", key, where, err)
				continue
			}
			for _, s := range c.Settings() {
				if s.Key == key && s.Value != want {
					t.Errorf("%s in %s becomes %q", key, where, s.Value)
				}
			}
			for _, bad := range []string{"$HOME/a", "~you/a"} {
				if key == "admin" {
					bad = "unix:" + bad
				}
				if _, err := read(bad); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "-", "_"), key) && !strings.Contains(err.Error(), env) {
					t.Errorf("%s in %s: %s gives %v", key, where, bad, err)
				}
			}
		}
	}
	for _, o := range Options() {
		if strings.HasPrefix(o.Unit, "path") != slices.Contains(keys, o.Key) {
			t.Errorf("%s is, or is not, a path", o.Key)
		}
	}
}

// What is given without effect is told of, with where it came from; what has one is not.
func TestOptionsWithoutEffectAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"trusted: true\nblacklist: [192.0.2.1]":        "blacklist (file node.yaml:2:1) has no effect: trusted is true",
		"trusted: true\nban_by_address: true":          "ban_by_address",
		"cookie_age: 1d":                               "cookie_age (file node.yaml:1:1) has no effect: the network is open",
		"plain_cookie: true":                           "plain_cookie",
		"tls_ca: ca.pem":                               "tls_ca (file node.yaml:1:1) has no effect: https is off",
		"admin_token_file: token":                      "admin_token_file",
		"captcha: false\ncaptcha_width: 300":           "captcha_width (file node.yaml:2:1) has no effect: captcha is false",
		"captcha: false\ncaptcha_width: 240":           "",
		"captcha_width: 300":                           "",
		"https: proxy\ntls_ca: " + authority(t):        "",
		"blacklist: [192.0.2.1]\nwhitelist: [::1]":     "blacklist (file node.yaml:1:1) has no effect: there is a whitelist",
		"admin: 127.0.0.1:4100\nadmin_token_file: a":   "",
		"username: a\npassword: b\nplain_cookie: true": "",
		"blacklist: [192.0.2.1]":                       "",
	} {
		c := Defaults()
		err := c.parse("node.yaml", []byte(text))
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		idle := strings.Join(c.Idle(), "\n")
		if !strings.HasPrefix(idle, want) || (want == "") != (idle == "") || strings.Contains(idle, "\n") {
			t.Errorf("%q: told %q, want %q", text, idle, want)
		}
	}
}

// The bounds of the options of captchas are those of the captchas.
func TestOptionsOfCaptchasAreWhatCaptchasTake(t *testing.T) {
	for _, text := range []string{
		"captcha_length: 3", "captcha_length: 4", "captcha_length: 8", "captcha_length: 9", "captcha_width: 99", "captcha_width: 100", "captcha_width: 500",
		"captcha_width: 501", "captcha_shadows: 0", "captcha_shadows: 3", "captcha_shadows: 4", "captcha_color: '#0aF123'", "captcha_color: random",
		"captcha_color: transparent", "captcha_color: red", "captcha_background: transparent", "captcha_background: random", "captcha_background: '#12345'",
		"captcha_background: '#12345g'", "captcha_background: '#123456'",
	} {
		c, err := load(t, text, nil)
		o := captcha.DefaultOptions()
		key, value, _ := strings.Cut(strings.ReplaceAll(text, "'", ""), ": ")
		number, _ := strconv.Atoi(value)
		switch key {
		case "captcha_length":
			o.Length = number
		case "captcha_width":
			o.Width = number
		case "captcha_shadows":
			o.Shadows = number
		case "captcha_color":
			o.Color = value
		case "captcha_background":
			o.Background = value
		}
		if _, wrong := captcha.New(o); (wrong == nil) != (err == nil) {
			t.Errorf("%s: %v and %v (%v)", text, err, wrong, c)
		}
	}
}

// Every broken file is an error of one line that says where.
func TestBrokenFilesSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"prot: 4001":                                 `:1:1: unknown key "prot"; did you mean "port"?`,
		"port: 4000\nsync: 5s":                       `:2:1: unknown key "sync"`,
		"port: 4000\n\nport: 4001":                   `:3:1: port: given twice; first in line 1`,
		"port: 4000\n\"port\": 4001":                 `:2:1: port: given twice; first`,
		"syncInterval: 5s":                           `:1:1: unknown key "syncInterval"; npm's network.syncInterval is sync_interval here`,
		"initialNetworkAddress: localhost:1":         `npm's initialNetworkAddress is bootstrap here`,
		"sync_interval: 5":                           `:1:16: sync_interval: want a duration with a unit (ms, s, m, h, d), such as 500ms, 16s, 5m or 7d, not "5"`,
		"sync_interval: -5s":                         `want a duration above 0`,
		"sync_interval: 0s":                          `want a duration above 0`,
		"sync_interval: 4000d":                       `want a duration`,
		"port: 0":                                    `:1:7: port: want a port from 1 to 65535, not "0"`,
		"port: 70000":                                `want a port`,
		"port: [1, 2]":                               `:1:7: port: expected a value, not a list`,
		"port:\n  number: 1":                         `port: expected a value, not a group of keys`,
		"port:":                                      `port: expected a value, not nothing`,
		"port: !!int 4000":                           `:1:7: tags (!) are not part of a configuration`,
		"port: &p 4000":                              `:1:7: anchors, aliases and merge keys`,
		"trusted: yes":                               `:1:10: trusted: want true or false, not "yes"`,
		"max_body: 500":                              `max_body: want a size with a unit (B, kB, KiB, MB, MiB, GB, GiB), such as 500KiB, not "500"`,
		"max_body: 0B":                               `want a size`,
		"https: maybe":                               `https: want one of off, proxy, on, not "maybe"`,
		"bootstrap: [localhost]":                     `bootstrap: address "localhost": no port, want "host:port"`,
		"blacklist: [10.0.0.0/33]":                   `blacklist: item 1: want an IP or a range such as 10.0.0.0/8 or 2001:db8::/32, not "10.0.0.0/33"`,
		"trusted_proxies: [nobody]":                  `trusted_proxies: want an IP or a range such as 10.0.0.0/8 or 2001:db8::/32, not "nobody"`,
		"allowed_ranges: [intranet]":                 `allowed_ranges: want an IP or a range such as 10.0.0.0/8 or 2001:db8::/32, not "intranet"`,
		"host_share: 0%":                             `host_share: want a share above 0% and up to 100%, such as 12.5%, not "0%"`,
		"host_share: 101%":                           `host_share: want a share`,
		"host_share: 5":                              `host_share: want a share`,
		"host_share: NaN%":                           `host_share: want a share`,
		"body_rate: 0B":                              `body_rate: want a size`,
		"approvers: r-0":                             `approvers: `,
		"decision: 101%":                             `decision: `,
		"candidate_suspicion: 5":                     `:1:1: unknown key "candidate_suspicion"`,
		"listen: here":                               `listen: want host:port or :port, not "here"`,
		"source: 1.2.3":                              `source: ip "1.2.3"`,
		"hostname: a\nusername: us\ter":              `:2:11: a tab inside a text: write \t, in double quotes, or spaces`,
		"hostname: a\npassword: \"pa\tss\"\nport: 1": `:2:11: a tab inside a text`,
		"port: 010":                                  `want a port`,
		"max_fails: 010":                             `want a whole number`,
		"max_body: 0500KiB":                          `want a size`,
		"\tport: 1":                                  `a tab cannot indent YAML`,
		"port: 1\n---\nport: 2":                      `a second document`,
		"- port":                                     `:1:1: expected keys with values, such as "key: value", not a list`,
		"port: {":                                    `:1:7: an opened { is never closed`,
		"\xff\xfe":                                   `:1:1: not a text file`,
		"password: " + strings.Repeat("x", 10):       "",
		"username: \"us\\ter\"":                      "",
		"username: 'us\ter'":                         "",
		"# nothing":                                  "",
	} {
		_, err := load(t, text, nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want == "":
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v, want %q", text, err, want)
		case strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "node.yaml:"):
			t.Errorf("%q: not one line with the place: %v", text, err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	if _, err := Load(Given{File: "no/such/file.yaml"}); err == nil || err.Error() != "no/such/file.yaml: no such file or directory" {
		t.Errorf("%v", err)
	}
	if _, err := Load(Given{File: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("%v", err)
	}
	if _, err := Load(Given{File: write(t, "large.yaml", strings.Repeat("#\n", strictyaml.MaxSize/2+1))}); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("%v", err)
	}
}

func TestBadFlagsAndVariablesAreNamed(t *testing.T) {
	if _, err := load(t, "", map[string]string{"sync_interval": "soon"}); err == nil || !strings.HasPrefix(err.Error(), "flag --sync-interval: want a duration") {
		t.Errorf("%v", err)
	}
	if _, err := load(t, "", nil, "SPREADNODE_PORT=tcp://10.0.0.1:4000"); err == nil || !strings.HasPrefix(err.Error(), "environment SPREADNODE_PORT: want a port") {
		t.Errorf("%v", err)
	}
}

func TestMisspeltVariablesAreFound(t *testing.T) {
	got := UnknownVariables([]string{"SPREADNODE_PASWORD=x", "SPREADNODE_PORT=1", "SPREADNODE_CONFIG=x", "HOME=/", "SPREADNODE_EMPTY=", "SPREADNODE_FOO=x"})
	if want := []string{"SPREADNODE_FOO", "SPREADNODE_PASWORD; did you mean SPREADNODE_PASSWORD?"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestResolveCompletesWhatFollows(t *testing.T) {
	c, err := load(t, "port: 4100", nil)
	if err == nil {
		err = c.Resolve(someIP)
	}
	if err != nil {
		t.Fatal(err)
	}
	address, _ := c.Address()
	if address.String() != "192.0.2.7:4100" || c.Bootstrap[0] != "192.0.2.7:4100" || c.Listen != ":4100" || c.Data != "spreadnode-4100" ||
		c.Admin != "unix:spreadnode-4100/admin.sock" || c.AdminTokenFile != "spreadnode-4100/admin.token" {
		t.Errorf("%+v", c)
	}
}

func TestIPv6HostnamesGetBrackets(t *testing.T) {
	for _, host := range []string{"2001:db8::5", "'[2001:db8::5]'"} {
		c, err := load(t, "hostname: "+host, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err != nil {
			t.Fatal(err)
		}
		if address, _ := c.Address(); address.String() != "[2001:0db8:0000:0000:0000:0000:0000:0005]:4000" {
			t.Errorf("%s becomes %s", host, address)
		}
	}
}

func TestWhatDoesNotFitTogetherIsRefused(t *testing.T) {
	long := "unix:/" + strings.Repeat("x", 110)
	for text, want := range map[string]string{
		"sync_interval: 1s":                           "node.yaml:1:1: server_timeout 2s must be shorter than sync_interval 1s",
		"sync_period: 10s":                            "node.yaml:1:1: sync_period 10s must not be shorter than sync_interval 16s",
		"ping_timeout: 999us":                         "ping_timeout: want 1ms or more",
		"sync_interval: 1us\nserver_timeout: 1ns":     "sync_interval: want 1ms or more",
		"draw: host\ndraw_salt: reveal\nlevels: auto": "draw_salt reveal needs a fixed number of levels, not auto",
		"ping_timeout: 3s":                            "ping_timeout 3s must not be longer than server_timeout 2s",
		"approvals_per_host: 10001":                   "node.yaml:1:1: approvals_per_host 10001 must not be more than approvals_per_prefix 10000",
		"max_approvals: 9999":                         "node.yaml:1:1: approvals_per_prefix 10000 must not be more than max_approvals 9999",
		"hostname: '::1'":                             "hostname: other nodes take ::1 for 127.0.0.1",
		"hostname: 0.0.0.0":                           "0.0.0.0 cannot be the IP of a node",
		"username: me":                                "username: needs a password: set SPREADNODE_PASSWORD or password_file",
		"password: secret":                            "password: needs a username",
		"username: 'a:b'\npassword: x":                "must not hold a colon",
		"username: me\npassword: \"a\\nb\"":           "password: want text in UTF-8 without control characters",
		"username: \"a\\0b\"\npassword: x":            "username: want text in UTF-8 without control characters",
		"admin: 'unix:'":                              "admin: want unix:path",
		"https: on":                                   "https: on needs tls_cert and tls_key",
		"tls_cert: x":                                 "tls_cert: a certificate without https: on",
		"look_pause: 1us":                             "look_pause: want 1ms or more",
		"max_lookups: 0":                              "max_lookups: want a whole number from 1 to 1000",
		"max_fails: 0":                                "max_fails: must be 1 or more",
		"max_connections: 0":                          "max_connections: must be 1 or more",
		"max_silent_connections: 0":                   "max_silent_connections: must be 1 or more",
		"levels: 5":                                   `levels: want auto, or a whole number from 1 to 4, not "5"`,
		"levels: auto\nfan_out: 3":                    `fan_out: want a whole number from 4 to 65535, not "3"`,
		"leave_timeout: 2s\nleave_notice: 3s":         "leave_notice: must be at most leave_timeout, 2s",
		"save_pause: 2s":                              "save_pause: want 1s or less: clients wait for it",
		"network_version: ''":                         "network_version: must not be empty",
		"network_version: \"a\\nb\"":                  "network_version: want one line of text",
		"network_version: ' a'":                       "network_version: want one line of text",
		"approvers: 3\ndecision: 4":                   "node.yaml:2:1: decision 4 must not be above approvers 3",
		"captcha_length: 4\ncaptcha_decision: 5":      "node.yaml:2:1: captcha_decision 5 must not be above captcha_length 4",
		"approval_period: 1ms":                        "node.yaml:1:1: approval_period: want 1s or more",
		"captcha_period: 999ms":                       "captcha_period: want 1s or more",
		"max_body: 1B":                                "node.yaml:1:1: max_body: want 4KiB or more",
		"hostname: node1":                             "hostname: address",
		"admin: 0.0.0.0:4100":                         "admin: 0.0.0.0 is not a loopback address",
		"admin: n1.example.com:4100":                  "not a loopback address",
		"admin: somewhere":                            "admin: want unix:path, host:port or off",
		"admin: '" + long + "'":                       "systems allow 90",
		"data: /" + strings.Repeat("long/", 30):       "systems allow 90",
	} {
		c, err := load(t, text, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, good := range []string{"admin: 127.0.0.1:4100", "admin: '[::1]:4100'", "admin: localhost:4100", "admin: off", "https: proxy",
		"approvers: 3\ndecision: 3", "decision: 9", "approvers: 100%\ndecision: 9", "approval_period: 1s", "max_body: 4KiB",
		"captcha: false\ncaptcha_decision: 9", "network_version: 'a b'"} {
		c, err := load(t, good, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// As many single IPs as a range of 16 bits has, as lists that are published name them.
func TestALongBlacklistIsRead(t *testing.T) {
	for _, item := range []string{"10.0.%d.%d", "192.168.%d.%d", "2001:0db8:0000:0000:0000:0000:00%02x:00%02x"} {
		var text strings.Builder
		text.WriteString("blacklist:\n")
		for i := range 1 << 16 {
			fmt.Fprintf(&text, "- "+item+"\n", i>>8, i&255)
		}
		c, err := load(t, text.String(), nil)
		if err != nil || len(c.Blacklist) != 1<<16 {
			t.Errorf("%s: %v", item, err)
		}
	}
	long := "blacklist: [" + strings.Repeat("a1,", 80_000) + "a1]"
	if _, err := load(t, long, nil); err == nil || !strings.Contains(err.Error(), "more than 150000 words and signs") {
		t.Errorf("longer than any list: %.200v", err)
	}
}

func TestAMachineWithoutAnAddressMustNameItself(t *testing.T) {
	c := Defaults()
	err := c.Resolve(func() (netip.Addr, error) { return netip.Addr{}, errors.New("nothing") })
	if err == nil || err.Error() != "hostname: nothing: set hostname to a name or an IP of this machine" {
		t.Errorf("%v", err)
	}
}

func TestPasswordsComeFromWhereTheyAreSafe(t *testing.T) {
	file := write(t, "secret", "from file\nnot this\n")
	for name, test := range map[string]struct {
		text    string
		flags   map[string]string
		environ []string
		want    string
	}{
		"file":                {text: "password_file: " + file, want: "from file"},
		"file with a mark":    {text: "password_file: " + write(t, "marked", "\ufeffsecret\r\n"), want: "secret"},
		"environment":         {environ: []string{"SPREADNODE_PASSWORD=env"}, want: "env"},
		"environment first":   {text: "password_file: " + file, environ: []string{"SPREADNODE_PASSWORD=env"}, want: "env"},
		"flag of file first":  {flags: map[string]string{"password_file": file}, environ: []string{"SPREADNODE_PASSWORD=env"}, want: "from file"},
		"no flag of its own":  {flags: map[string]string{"password": "flag"}, text: "password: plain", want: "plain"},
		"none":                {want: ""},
		"configuration":       {text: "password: plain", want: "plain"},
		"file by environment": {text: "password: plain", environ: []string{"SPREADNODE_PASSWORD_FILE=" + file}, want: "from file"},
	} {
		c, err := load(t, "username: me\n"+test.text, test.flags, test.environ...)
		if err == nil && test.want != "" {
			err = c.Resolve(someIP)
		}
		if err != nil || c.Password != test.want {
			t.Errorf("%s: %v, %v", name, c, err)
			continue
		}
		for _, s := range c.Settings() {
			if test.want != "" && strings.Contains(s.Value, test.want) {
				t.Errorf("%s: the setting %v shows the password", name, s)
			}
		}
	}
	for _, text := range []string{
		"password: a\npassword_file: " + file, "password_file: no/such", "password_file: " + write(t, "empty", "\n"),
		"username: u\npassword_file: " + write(t, "binary", "a\x00b\n"), "username: u\npassword_file: " + write(t, "latin1", "\xe4\n"),
	} {
		c, err := load(t, text, nil)
		if err == nil {
			err = c.Resolve(someIP)
		}
		if err == nil || !strings.Contains(err.Error(), "password_file") && !strings.Contains(err.Error(), "password: want text") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestChangedTellsWhatNeedsARestart(t *testing.T) {
	before, _ := load(t, "port: 4000\nlog_level: info", nil)
	after, err := load(t, "port: 4001\nlog_level: debug\nblacklist: [192.0.2.1]", nil)
	if err != nil {
		t.Fatal(err)
	}
	reload, restart := before.Changed(after)
	if strings.Join(reload, " ") != "blacklist log_level" || strings.Join(restart, " ") != "port" {
		t.Errorf("reload %v, restart %v", reload, restart)
	}
}

func TestTheTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Options() {
		if seen[o.Key] || o.Usage == "" || o.Unit == "" || o.Group == "" || (o.Default == "") == (o.Depends == "") {
			t.Errorf("%s: twice, or not described: %+v", o.Key, o)
		}
		seen[o.Key] = true
	}
}

// An option that says what 0s means takes it.
func TestWhatNoTimeMeansCanBeSaid(t *testing.T) {
	told := 0
	for _, o := range Options() {
		if !strings.Contains(o.Usage, "0s: ") {
			continue
		}
		told++
		if _, err := Load(Given{Flags: map[string]string{o.Key: "0s"}}); err != nil || !strings.HasPrefix(o.Unit, "0s, or ") {
			t.Errorf("%s: %v; its values are %s", o.Key, err, o.Unit)
		}
	}
	if told == 0 {
		t.Error("no option does")
	}
}

// The example is a good file that changes nothing, and so it is with all its comments
// taken away.
func TestTheExampleIsTheDefaults(t *testing.T) {
	var bare strings.Builder
	for line := range strings.Lines(Example()) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") && !strings.Contains(line, ":   #") {
			line = line[1:]
		}
		bare.WriteString(line)
	}
	for _, text := range []string{Example(), bare.String()} {
		c, err := load(t, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if reload, restart := Defaults().Changed(c); len(reload)+len(restart) > 0 {
			t.Errorf("changes %v %v", reload, restart)
		}
	}
}

// What a setting shows can be given back and means the same.
func TestSettingsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Defaults()
		c.SyncInterval = time.Duration(rapid.Int64Range(1, int64(maxDuration)).Draw(t, "interval"))
		c.MaxBody = rapid.Int64Range(1, 1<<31).Draw(t, "size")
		flags := map[string]string{}
		for _, s := range c.Settings() {
			if s.Value != "" {
				flags[s.Key] = s.Value
			}
		}
		again, err := Load(Given{Flags: flags})
		if err != nil {
			t.Fatal(err)
		}
		if reload, restart := c.Changed(again); len(reload)+len(restart) > 0 {
			t.Fatalf("changed: %v %v", reload, restart)
		}
	})
}

func TestDurationsAreWrittenAsPeopleDo(t *testing.T) {
	for text, want := range map[string]string{"300s": "5m", "60m": "1h", "24h": "1d", "10s": "10s", "90s": "1m30s", "1.5h": "1h30m", "0.5d": "12h", "100ms": "100ms", "20m": "20m"} {
		d, err := ParseDuration(text)
		if got := (*duration)(&d).String(); err != nil || got != want {
			t.Errorf("%s is written %s, want %s (%v)", text, got, want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Example()))
	f.Add([]byte("port: 4001\nbootstrap: [localhost:4000]\nsync_interval: 1.5h\n"))
	f.Add([]byte("a: {b: [c, 'd'], e: |\n  text\n}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Defaults()
		if err := c.parse("fuzz.yaml", data); err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "fuzz.yaml") {
				t.Errorf("not one line with the place: %q", err)
			}
			return
		}
		if err := c.Resolve(someIP); err == nil {
			if _, err := c.Address(); err != nil {
				t.Errorf("resolved without an address: %v", err)
			}
		}
	})
}
