package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/core/draw"
	"spreadable/core/peer"
)

// Config holds the options of a node. [Options] says what each means. Make one with
// [Load] or [Defaults].
type Config struct {
	Port, PublicPort uint16
	Hostname         string
	Listen           string
	Source           netip.Addr
	Bootstrap        []string // canonical addresses
	Data             string

	SyncInterval, SyncPeriod   time.Duration
	AutoSync                   bool
	ServerTimeout, PingTimeout time.Duration
	MaxFails, ProbeFails       int
	MaxLoss                    float64 // from 0.2 to 0.9
	Registration               string  // directed, original
	Levels, FanOut             int     // levels: message.AutoLevels for auto
	NetworkVersion             string

	Trusted                         bool
	Whitelist, Blacklist, Trustlist []string
	BanByAddress                    bool
	HostLimits                      string // auto, strict, off
	Username, Password              string
	PasswordFile                    string
	CookieAge, LoginPause           time.Duration
	PlainCookie, ProofsOnly         bool
	TrustedProxies                  []netip.Prefix
	AllowedRanges                   []netip.Prefix

	HTTPS                  string // HTTPSOff, HTTPSProxy, HTTPSOn
	TLSCert, TLSKey, TLSCA string

	ClientConcurrency, MaxCalls, MaxConnections, MaxSilent int
	CallsPerPeer, MaxLookups                               int
	LookPause                                              time.Duration
	MaxBody                                                int64   // bytes
	HostShare                                              float64 // above 0, up to 1
	BodyRate                                               int64   // bytes per second

	Draw, DrawPer, DrawSalt         string // original, host; network, client; none, verifier, network
	DrawGroup                       draw.Group
	DrawMinAge                      time.Duration
	Approvers                       draw.Count
	Decision                        draw.Decision
	ApprovalPeriod                  time.Duration
	MaxApprovals                    int
	ApprovalsPerHost                int
	HostPlaces                      int
	NewNames                        int
	ClaimChecks, CutPeriods         int
	AgesPerNode                     int
	ApprovalsPerPrefix              int
	ApprovalWrongAnswers            int
	Captcha                         bool
	CaptchaLength                   int
	CaptchaDecision                 draw.Decision
	CaptchaPeriod                   time.Duration
	CaptchaWidth, CaptchaShadows    int
	CaptchaBackground, CaptchaColor string

	Extensions     []string // NAME, or NAME=FILE
	ExtensionSpace int64    // bytes, of each
	ExtensionKeys  int64    // bytes, of each

	Admin          string // unix:path, host:port, off
	AdminTokenFile string
	LogLevel       string
	LogFormat      string
	SavePause      time.Duration
	LeaveTimeout   time.Duration
	LeaveNotice    time.Duration

	sources map[string]string // by key; a key that is missing has its default
}

// Values of Config.HTTPS.
const (
	HTTPSOff   = "off"   // plain HTTP
	HTTPSProxy = "proxy" // a proxy in front of the node speaks TLS
	HTTPSOn    = "on"    // the node does
)

// AdminOff as Config.Admin means no local endpoint.
const AdminOff = "off"

// Defaults returns the options of a node for which nothing has been set.
func Defaults() *Config {
	c := &Config{sources: make(map[string]string)}
	for _, o := range Options() {
		if o.Default != "" {
			if err := o.value(c).set(o.Default); err != nil {
				// a bug in the table of options
				panic(fmt.Sprintf("config: default of %s: %v", o.Key, err))
			}
		}
	}
	return c
}

// Origin says where the value of a key came from: "default", "file FILE:LINE:COLUMN",
// "environment NAME" or "flag --name".
func (c *Config) Origin(key string) string {
	if source, given := c.sources[key]; given {
		return source
	}
	return "default"
}

// Setting is an option with its value.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // masked if secret
	Source string `json:"source"`
	Reload bool   `json:"reloadable"`
}

// Settings returns all options with their values and where these came from, in the order
// of [Options].
func (c *Config) Settings() []Setting {
	var list []Setting
	for _, o := range Options() {
		s := Setting{o.Key, o.value(c).String(), c.Origin(o.Key), o.Reload}
		if o.Secret && s.Value != "" {
			s.Value = "***"
		}
		list = append(list, s)
	}
	return list
}

// Changed returns the keys whose values differ in other, split into those that a running
// node can take and those for which it must be started again.
func (c *Config) Changed(other *Config) (reload, restart []string) {
	for _, o := range Options() {
		switch {
		case o.value(c).String() == o.value(other).String():
		case o.Reload:
			reload = append(reload, o.Key)
		default:
			restart = append(restart, o.Key)
		}
	}
	return reload, restart
}

// FillPaths completes the paths that follow from other options: enough to find a running
// node, not to run one.
func (c *Config) FillPaths() error {
	if c.Data == "" {
		c.Data = "spreadnode-" + strconv.Itoa(int(c.Port))
	}
	if c.Admin == "" {
		c.Admin = "unix:" + filepath.Join(c.Data, "admin.sock")
	}
	if c.AdminTokenFile == "" {
		c.AdminTokenFile = filepath.Join(c.Data, "admin.token")
	}
	return c.checkAdmin()
}

// Resolve completes all options that follow from others, or from the machine, reads the
// password file, and says what is out of range or does not fit together. A resolved
// Config may be resolved again. OwnIP gives the node's IP if there is no hostname;
// usually it is [LastIPv4]. An error that wraps [ErrMachine] may be gone at another try.
func (c *Config) Resolve(ownIP func() (netip.Addr, error)) error {
	if err := c.checkValues(); err != nil {
		return err
	}
	if err := c.ReadPassword(); err != nil {
		return err
	}
	if c.PublicPort == 0 {
		c.PublicPort = c.Port
	}
	if c.Hostname == "" {
		ip, err := ownIP()
		if err != nil {
			return fmt.Errorf("hostname: %w: set hostname to a name or an IP of this machine", machineError{err})
		}
		c.Hostname = ip.String()
	}
	address, err := c.Address()
	if err != nil {
		return c.blame(err, "hostname")
	}
	// on the wire it is 127.0.0.1, as for npm nodes
	if address.IP() == netip.IPv6Loopback() {
		return c.blame(errors.New(
			"other nodes take ::1 for 127.0.0.1 and would refuse the node: use 127.0.0.1"), "hostname")
	}
	if c.Listen == "" {
		c.Listen = net.JoinHostPort("", strconv.Itoa(int(c.Port)))
		// other machines could not call it anyway
		if ip := address.IP(); ip.IsLoopback() && c.Hostname != "localhost" {
			c.Listen = net.JoinHostPort(ip.String(), strconv.Itoa(int(c.Port)))
		}
	}
	if len(c.Bootstrap) == 0 {
		c.Bootstrap = []string{address.String()}
	}
	return cmp.Or(c.FillPaths(), c.check(), c.checkMachine())
}

// checkValues says which value is out of range. Load checks each value, but a program may
// have set fields itself.
func (c *Config) checkValues() error {
	other := Defaults()
	for _, o := range Options() {
		text := o.value(c).String()
		if text == "" && o.Default == "" {
			continue // not given
		}
		if err := copyValue(o.value(other), text); err != nil {
			return c.blame(err, o.Key)
		}
		if read := o.value(other).String(); read != text { // a path that begins with ~
			_ = copyValue(o.value(c), read)
		}
	}
	return nil
}

// copyValue sets a value from the text of another value of its kind.
func copyValue(to value, text string) error {
	list, many := to.(listValue)
	if !many {
		return to.set(text)
	}
	items, err := splitList(text)
	if err != nil {
		return err
	}
	return list.setList(items)
}

// Clone returns a copy that shares nothing with c.
func (c *Config) Clone() *Config {
	other := *c
	other.sources = maps.Clone(c.sources)
	if other.sources == nil {
		other.sources = make(map[string]string)
	}
	for _, list := range []*[]string{&other.Bootstrap, &other.Whitelist, &other.Blacklist, &other.Trustlist} {
		*list = slices.Clone(*list)
	}
	other.TrustedProxies = slices.Clone(c.TrustedProxies)
	other.AllowedRanges = slices.Clone(c.AllowedRanges)
	other.Extensions = slices.Clone(c.Extensions)
	return &other
}

// Address is what the node announces.
func (c *Config) Address() (peer.Address, error) {
	return peer.Parse(net.JoinHostPort(strings.Trim(c.Hostname, "[]"), strconv.Itoa(int(c.PublicPort))))
}

// clash puts the place where a value came from before an error that names the keys
// itself: values that do not fit together.
func (c *Config) clash(err error, keys ...string) error {
	if source, given := c.sources[c.guilty(keys)]; given {
		return fmt.Errorf("%s: %w", source, err)
	}
	return err
}

// guilty returns the first key that was given, or else the first.
func (c *Config) guilty(keys []string) string {
	i := slices.IndexFunc(keys, func(k string) bool { _, given := c.sources[k]; return given })
	return keys[max(0, i)]
}

// blame puts the key, and where its value came from, before an error. Of several keys it
// takes the first that was given. For a flag or a variable the key is left out: their
// names contain it.
func (c *Config) blame(err error, keys ...string) error {
	key := c.guilty(keys)
	source, given := c.sources[key]
	switch {
	case !given:
		return fmt.Errorf("%s: %w", key, err)
	case strings.HasPrefix(source, "file "):
		return fmt.Errorf("%s: %s: %w", source, key, err)
	}
	return fmt.Errorf("%s: %w", source, err)
}

// Take copies from other the options that a running node can change, with where they came
// from.
func (c *Config) Take(other *Config) {
	for _, o := range Options() {
		if !o.Reload {
			continue
		}
		if text := o.value(other).String(); o.value(c).String() != text {
			// a text from another Config is always valid
			_ = copyValue(o.value(c), text)
		}
		delete(c.sources, o.Key)
		if source, given := other.sources[o.Key]; given {
			c.sources[o.Key] = source
		}
	}
}
