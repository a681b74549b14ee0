package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/phrase"
)

// What options cannot be together, whatever the machine.

// check says what does not fit together.
func (c *Config) check() error {
	return cmp.Or(c.checkTimes(), c.checkApprovals(), c.checkRest())
}

func (c *Config) checkTimes() error {
	switch {
	// nodes tell each other whole milliseconds
	case min(c.SyncInterval, c.ServerTimeout, c.PingTimeout) < time.Millisecond:
		return c.blame(errors.New("want 1ms or more"), c.firstTiny())
	case c.SyncPeriod < c.SyncInterval:
		return c.clash(fmt.Errorf("sync_period %s must not be shorter than sync_interval %s",
			short(c.SyncPeriod), short(c.SyncInterval)), "sync_period", "sync_interval")
	case c.ServerTimeout >= c.SyncInterval:
		return c.clash(fmt.Errorf("server_timeout %s must be shorter than sync_interval %s",
			short(c.ServerTimeout), short(c.SyncInterval)), "server_timeout", "sync_interval")
	case c.PingTimeout > c.ServerTimeout:
		return c.clash(fmt.Errorf("ping_timeout %s must not be longer than server_timeout %s",
			short(c.PingTimeout), short(c.ServerTimeout)), "ping_timeout", "server_timeout")
	}
	return nil
}

// checkCredentials says what makes a login with the username and password impossible.
func (c *Config) checkCredentials() error {
	switch {
	case c.Username != "" && c.Password == "":
		return c.blame(errors.New("needs a password: set SPREADNODE_PASSWORD or password_file"), "username")
	case c.Username == "" && c.Password != "":
		return c.blame(errors.New("needs a username"), "password", "password_file")
	case !isText(c.Password):
		return c.blame(errors.New("want text in UTF-8 without control characters"), "password", "password_file")
	case !isText(c.Username):
		return c.blame(errors.New("want text in UTF-8 without control characters"), "username")
	case strings.Contains(c.Username, ":"):
		return c.blame(errors.New(
			"must not hold a colon: basic authentication separates name and password by it"), "username")
	}
	return nil
}

// isText reports whether basic authentication can carry a text unchanged between all
// kinds of nodes and browsers: RFC 7617 wants UTF-8 and no control characters. A tab,
// which is one, makes no trouble.
func isText(s string) bool {
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\t' }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, control)
}

// leastPeriod is the shortest period of approvals: a client needs some requests, one
// after the other, between the draw of its approvers and its answer.
const leastPeriod = time.Second

// checkApprovals says with which options no approval could ever succeed.
func (c *Config) checkApprovals() error {
	if most, fixed := c.Approvers.Fixed(); fixed && c.Decision.Of(most) > most {
		return c.clash(fmt.Errorf("decision %s must not be above approvers %s", c.Decision, c.Approvers),
			"decision", "approvers")
	}
	if err := c.checkDraw(); err != nil {
		return err
	}
	switch {
	case c.Captcha && c.CaptchaDecision.Of(c.CaptchaLength) > c.CaptchaLength:
		return c.clash(fmt.Errorf("captcha_decision %s must not be above captcha_length %d",
			c.CaptchaDecision, c.CaptchaLength), "captcha_decision", "captcha_length")
	case c.ApprovalPeriod < leastPeriod:
		return c.blame(fmt.Errorf("want %s or more", short(leastPeriod)), "approval_period")
	case c.Captcha && c.CaptchaPeriod < leastPeriod:
		return c.blame(fmt.Errorf("want %s or more", short(leastPeriod)), "captcha_period")
	case c.ApprovalsPerHost > c.ApprovalsPerPrefix:
		return c.clash(fmt.Errorf("approvals_per_host %d must not be more than approvals_per_prefix %d",
			c.ApprovalsPerHost, c.ApprovalsPerPrefix), "approvals_per_host", "approvals_per_prefix")
	case c.ApprovalsPerPrefix > c.MaxApprovals:
		return c.clash(fmt.Errorf("approvals_per_prefix %d must not be more than max_approvals %d",
			c.ApprovalsPerPrefix, c.MaxApprovals), "approvals_per_prefix", "max_approvals")
	}
	return nil
}

// DrawSettings are the settings of draws, which all nodes of a network must have alike.
func (c *Config) DrawSettings() (draw.Settings, error) {
	return draw.ParseSettings(c.Draw, c.DrawPer, c.DrawSalt, c.DrawGroup.String(), c.DrawMinAge)
}

// checkDraw says which settings of draws do not go together.
func (c *Config) checkDraw() error {
	settings, err := c.DrawSettings()
	if err != nil { // it begins with the name of the option, without draw_
		return c.clash(fmt.Errorf("draw_%w", err), "draw", "draw_per", "draw_salt", "draw_group", "draw_min_age")
	}
	longest := c.ApprovalPeriod
	if c.Captcha {
		longest = max(longest, c.CaptchaPeriod)
	}
	if least := 16 * c.ServerTimeout; settings.Salt == draw.RevealSalt && longest < least {
		return c.clash(fmt.Errorf("draw_salt reveal needs an approval_period or captcha_period of at least 16 times server_timeout, %s",
			(*duration)(&least)), "draw_salt", "approval_period", "captcha_period", "server_timeout")
	}
	if settings.Salt == draw.RevealSalt && c.Levels == message.AutoLevels {
		return c.clash(errors.New("draw_salt reveal needs a fixed number of levels, not auto"), "draw_salt", "levels")
	}
	if settings.Salt == draw.NetworkSalt && c.Password == "" {
		return c.clash(errors.New("draw_salt network needs a password, which all nodes of the network have"), "draw_salt", "password")
	}
	return nil
}

// leastBody is the smallest max_body: requests of nodes, with their lists of addresses,
// need that much.
const leastBody = 4 << 10

// mostPause is the longest save_pause.
const mostPause = time.Second

func (c *Config) checkRest() error {
	switch {
	case c.HTTPS == HTTPSOn && (c.TLSCert == "" || c.TLSKey == ""):
		return c.blame(errors.New("on needs tls_cert and tls_key"), "https")
	case c.HTTPS != HTTPSOn && (c.TLSCert != "" || c.TLSKey != ""):
		return c.blame(fmt.Errorf("a certificate without https: on (https is %s)", c.HTTPS), "tls_cert", "tls_key")
	case c.MaxFails == 0 || c.ClientConcurrency == 0 || c.MaxCalls == 0 || c.MaxConnections == 0 || c.MaxSilent == 0:
		return c.blame(errors.New("must be 1 or more"), c.firstZero())
	case c.Levels > 1 && c.Registration != "directed":
		return c.clash(fmt.Errorf("levels %s needs registration directed: the %s one has one level", (*levels)(&c.Levels), c.Registration),
			"levels", "registration")
	case c.LeaveNotice > c.LeaveTimeout && c.Origin("leave_notice") != "default":
		return c.blame(fmt.Errorf("must be at most leave_timeout, %s", short(c.LeaveTimeout)), "leave_notice")
	case c.SavePause > mostPause:
		return c.blame(fmt.Errorf("want %s or less: clients wait for it", short(mostPause)), "save_pause")
	case c.MaxBody < leastBody:
		return c.blame(fmt.Errorf("want %s or more: requests of nodes would not fit", (*size)(new(int64(leastBody)))), "max_body")
	case c.LookPause < time.Millisecond:
		return c.blame(errors.New("want 1ms or more"), "look_pause")
	case c.NetworkVersion == "":
		return c.blame(errors.New("must not be empty"), "network_version")
	case !isText(c.NetworkVersion) || strings.TrimSpace(c.NetworkVersion) != c.NetworkVersion:
		return c.blame(errors.New("want one line of text in UTF-8, without spaces at its ends: "+
			"it is sent as a header of HTTP"), "network_version")
	}
	return nil
}

// short writes a duration as people do: 5m, not 5m0s.
func short(d time.Duration) string { return (*duration)(&d).String() }

func (c *Config) firstTiny() string {
	switch {
	case c.SyncInterval < time.Millisecond:
		return "sync_interval"
	case c.ServerTimeout < time.Millisecond:
		return "server_timeout"
	}
	return "ping_timeout"
}

func (c *Config) firstZero() string {
	for _, limit := range []struct {
		key   string
		value int
	}{{"max_fails", c.MaxFails}, {"client_concurrency", c.ClientConcurrency}, {"max_calls", c.MaxCalls}, {"max_connections", c.MaxConnections}} {
		if limit.value == 0 {
			return limit.key
		}
	}
	return "max_silent_connections"
}

// checkAdmin says what is wrong with the local endpoint, such as an address that other
// machines could reach.
func (c *Config) checkAdmin() error {
	if c.Admin == AdminOff {
		return nil
	}
	if path, found := strings.CutPrefix(c.Admin, "unix:"); found {
		// the shortest limit among systems is 104, and a longer name is needed while the
		// socket is made
		const most = 90
		if path == "" {
			return c.blame(errors.New("want unix:path, such as unix:/run/spreadnode.sock, not unix: alone"), "admin")
		}
		if len(path) > most {
			return c.blame(fmt.Errorf("the path of the socket has %d bytes, and systems allow %d: "+
				"set admin to a shorter path, such as unix:/run/spreadnode.sock, or to a loopback address",
				len(path), most), "admin", "data")
		}
		return nil
	}
	host, p, err := net.SplitHostPort(c.Admin)
	ip, ipErr := peer.ParseIP(host)
	switch {
	case err != nil || new(port).set(p) != nil:
		return c.blame(fmt.Errorf("want unix:path, host:port or off, not %s", phrase.Quote(c.Admin)), "admin")
	case host != "localhost" && (ipErr != nil || !ip.IsLoopback()):
		return c.blame(fmt.Errorf("%s is not a loopback address: the endpoint must not be reachable "+
			"from other machines; use 127.0.0.1 and a tunnel", host), "admin")
	}
	return nil
}
