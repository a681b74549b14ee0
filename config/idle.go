package config

import (
	"fmt"
	"strings"

	"spreadable/core/message"
)

// Idle returns a line for each option that was given but has no effect because of
// another: its key, where it came from, and why. That is not an error: people switch
// things off and on again. Call it after [Config.Resolve].
func (c *Config) Idle() []string {
	var idle []string
	defaults := Defaults()
	for _, o := range Options() {
		source, given := c.sources[o.Key]
		if !given || o.value(c).String() == o.value(defaults).String() {
			continue
		}
		if reason := c.idle(o.Key); reason != "" {
			idle = append(idle, fmt.Sprintf("%s (%s) has no effect: %s", o.Key, source, reason))
		}
	}
	return idle
}

// idle says why an option has no effect; "" if it has one.
func (c *Config) idle(key string) string {
	switch key {
	case "whitelist", "blacklist", "trustlist", "ban_by_address":
		if c.Trusted {
			return "trusted is true, so all are trusted"
		}
		if key == "blacklist" && len(c.Whitelist) > 0 {
			return "there is a whitelist, which decides alone"
		}
	case "fan_out":
		if c.Levels != message.AutoLevels {
			return "levels is not auto, so the network does not decide how many it has"
		}
	case "cookie_age", "login_pause", "plain_cookie", "proofs_only":
		if c.Username == "" {
			return "the network is open: there is no username"
		}
	case "tls_ca":
		if c.HTTPS == HTTPSOff {
			return "https is off"
		}
	case "admin_token_file":
		if c.Admin == AdminOff || strings.HasPrefix(c.Admin, "unix:") {
			return "only an admin endpoint on a port asks for a token"
		}
	case "extension_space", "extension_keys":
		if len(c.Extensions) == 0 {
			return "there are no extensions"
		}
	case "captcha_length", "captcha_decision", "captcha_period",
		"captcha_width", "captcha_background", "captcha_color", "captcha_shadows":
		if !c.Captcha {
			return "captcha is false"
		}
	}
	return ""
}
