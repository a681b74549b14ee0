package config

import "strings"

// Option is one thing that the owner of a node can decide.
type Option struct {
	Key string // in the file: sync_interval
	Npm string // its name in the npm package, "" if it has none there
	// as a person would write it; "" where it is nothing, or depends on something
	Default string
	Depends string // then: on what, in words
	Unit    string // what a value looks like
	Usage   string // what it does, in one sentence without a full stop
	Group   string // the heading under which help and examples list it
	Secret  bool   // never shown, and no flag
	Reload  bool   // a running node takes a change when it reads its options again

	value func(*Config) value
}

// Flag is the option's name on the command line, without the hyphens in front; "" for a
// secret.
func (o Option) Flag() string {
	if o.Secret {
		return ""
	}
	return strings.ReplaceAll(o.Key, "_", "-")
}

// Env is the option's name in the environment.
func (o Option) Env() string { return envPrefix + strings.ToUpper(o.Key) }

// IsSwitch reports whether the option is true or false, so that its flag needs no value.
func (o Option) IsSwitch() bool { return o.Unit == unitSwitch }

// IsList reports whether the option holds many values, so that its flag may be given
// again.
func (o Option) IsList() bool {
	_, many := o.value(new(Config)).(listValue)
	return many
}

// Words are those of which the value is one; nil if it is anything else.
func (o Option) Words() []string {
	if c, ok := o.value(new(Config)).(*choice); ok {
		return c.words
	}
	return nil
}

const (
	envPrefix = "SPREADNODE_"
	// names the file; no option, since it cannot stand in the file
	envFile = envPrefix + "CONFIG"
)

// Units, as tables and help texts name them.
const (
	unitSwitch   = "true, false"
	unitPort     = "1 to 65535"
	unitDuration = "duration such as 500ms, 16s, 7d"
	unitSize     = "size such as 500KiB"
	unitCount    = "whole number"
	unitAddress  = "host:port"
	unitList     = "list of addresses, hosts, IPs"
	unitFile     = "path; ~ is the home directory"
)

// The groups of options, in the order in which they are shown.
const (
	groupPlace    = "Where the node is"
	groupNetwork  = "How it keeps its place"
	groupAccess   = "Who may talk to it"
	groupTLS      = "HTTPS"
	groupLimits   = "Limits"
	groupApproval = "Approval of clients"
	groupService  = "Running it"
)

// Options returns the table of all options, by group.
func Options() []Option {
	var all []Option
	for _, group := range []struct {
		name    string
		options []Option
	}{
		{groupPlace, placeOptions()}, {groupNetwork, networkOptions()}, {groupAccess, accessOptions()}, {groupTLS, tlsOptions()},
		{groupLimits, limitOptions()}, {groupApproval, approvalOptions()}, {groupService, serviceOptions()},
	} {
		for _, o := range group.options {
			o.Group = group.name
			all = append(all, o)
		}
	}
	return all
}

func placeOptions() []Option {
	return []Option{
		{Key: "port", Npm: "port", Default: "4000", Unit: unitPort,
			Usage: "port of the node",
			value: func(c *Config) value { return (*port)(&c.Port) }},
		{Key: "public_port", Npm: "publicPort", Depends: "port", Unit: unitPort,
			Usage: "port that the node announces, where a proxy or router maps another one",
			value: func(c *Config) value { return (*port)(&c.PublicPort) }},
		{Key: "hostname", Npm: "hostname", Depends: "the machine's last IPv4 address that is not a loopback one", Unit: "host name or IP",
			Usage: "host that the node announces; for other nodes it must lead to the IP that its requests come from",
			value: func(c *Config) value { return (*text)(&c.Hostname) }},
		{Key: "listen", Depends: "all interfaces at port; of a loopback IP only that", Unit: unitAddress,
			Usage: "local address of the listener",
			value: func(c *Config) value { return (*listenAddress)(&c.Listen) }},
		{Key: "source", Depends: "the system's choice", Unit: "IP",
			Usage: "local IP that requests to other nodes come from",
			value: func(c *Config) value { return (*ip)(&c.Source) }},
		{Key: "bootstrap", Npm: "initialNetworkAddress", Depends: "the node's own address: it starts a network", Unit: "list of host:port", Reload: true,
			Usage: "addresses of nodes that are in the network already; one is asked for a place",
			value: func(c *Config) value { return (*addresses)(&c.Bootstrap) }},
		{Key: "data", Npm: "storage.path", Depends: "spreadnode-PORT", Unit: unitFile,
			Usage: "directory of the node's state; one node at a time",
			value: func(c *Config) value { return (*path)(&c.Data) }},
	}
}

func networkOptions() []Option {
	return []Option{
		{Key: "sync_interval", Npm: "network.syncInterval", Default: "16s", Unit: unitDuration,
			Usage: "time from one renewal of the lists to the next; all nodes of a network should have the same",
			value: func(c *Config) value { return (*duration)(&c.SyncInterval) }},
		{Key: "auto_sync", Npm: "network.autoSync", Default: "true", Unit: unitSwitch,
			Usage: "whether the node syncs by itself; else on spreadnode sync only, for tests",
			value: func(c *Config) value { return (*boolean)(&c.AutoSync) }},
		{Key: "sync_period", Npm: "network.syncTimeCalculationPeriod", Default: "1d", Unit: unitDuration,
			Usage: "how far back the average duration of a sync reaches",
			value: func(c *Config) value { return (*duration)(&c.SyncPeriod) }},
		{Key: "server_timeout", Npm: "request.serverTimeout", Default: "2s", Unit: unitDuration,
			Usage: "patience with a request to another node; below sync_interval",
			value: func(c *Config) value { return (*duration)(&c.ServerTimeout) }},
		{Key: "ping_timeout", Npm: "request.pingTimeout", Default: "1s", Unit: unitDuration,
			Usage: "patience with a ping; at most server_timeout",
			value: func(c *Config) value { return (*duration)(&c.PingTimeout) }},
		{Key: "max_fails", Npm: "network.serverMaxFails", Default: "10", Unit: unitCount,
			Usage: "failures in a row after which another node is forgotten",
			value: func(c *Config) value { return (*count)(&c.MaxFails) }},
		{Key: "registration", Default: "directed", Unit: "directed, original",
			Usage: "rule by which newcomers find a place: ours, or that of the npm package to the letter",
			value: func(c *Config) value { return &choice{&c.Registration, []string{"directed", "original"}} }},
		{Key: "network_version", Npm: "codename and version of the package", Default: "spreadable-0.3", Unit: "text",
			Usage: "protocol that all nodes and clients of the network name",
			value: func(c *Config) value { return (*text)(&c.NetworkVersion) }},
	}
}

func accessOptions() []Option {
	return []Option{
		{Key: "trusted", Npm: "network.isTrusted", Default: "false", Unit: unitSwitch,
			Usage: "whether everybody is trusted: no lists, no bans",
			value: func(c *Config) value { return (*boolean)(&c.Trusted) }},
		{Key: "whitelist", Npm: "network.whitelist", Depends: "nobody: no white list", Unit: unitList, Reload: true,
			Usage: "who may talk to the node; if empty, everybody who is not banned or blacklisted",
			value: func(c *Config) value { return (*peers)(&c.Whitelist) }},
		{Key: "blacklist", Npm: "network.blacklist", Depends: "nobody", Unit: unitList, Reload: true,
			Usage: "who may not talk to the node",
			value: func(c *Config) value { return (*peers)(&c.Blacklist) }},
		{Key: "trustlist", Npm: "network.trustlist", Depends: "nobody", Unit: unitList, Reload: true,
			Usage: "who is exempt from both lists and from bans",
			value: func(c *Config) value { return (*peers)(&c.Trustlist) }},
		{Key: "ban_by_address", Npm: "behavior.banByAddress", Default: "false", Unit: unitSwitch,
			Usage: "whether a ban is for an address only; else for its IP with all that lives there",
			value: func(c *Config) value { return (*boolean)(&c.BanByAddress) }},
		{Key: "username", Npm: "network.auth.username", Depends: "none: an open network", Unit: "text",
			Usage: "name of a network that is closed by basic authentication",
			value: func(c *Config) value { return (*text)(&c.Username) }},
		{Key: "password", Npm: "network.auth.password", Depends: "none", Unit: "text", Secret: true,
			Usage: "its password; better in the environment or in password_file",
			value: func(c *Config) value { return (*text)(&c.Password) }},
		{Key: "password_file", Depends: "none", Unit: unitFile,
			Usage: "file whose first line is the password",
			value: func(c *Config) value { return (*path)(&c.PasswordFile) }},
		{Key: "cookie_age", Npm: "network.authCookieMaxAge", Default: "7d", Unit: unitDuration,
			Usage: "how long a browser stays logged in",
			value: func(c *Config) value { return (*duration)(&c.CookieAge) }},
		{Key: "plain_cookie", Default: "false", Unit: unitSwitch,
			Usage: "whether a browser's cookie holds the password itself, as npm nodes need it",
			value: func(c *Config) value { return (*boolean)(&c.PlainCookie) }},
		{Key: "trusted_proxies", Depends: "nobody; loopback with https: proxy", Unit: "list of IPs and ranges",
			Usage: "who may say in X-Forwarded-For for whom it speaks",
			value: func(c *Config) value { return (*ranges)(&c.TrustedProxies) }},
	}
}

func tlsOptions() []Option {
	return []Option{
		{Key: "https", Npm: "server.https: false, true, {key,cert}", Default: "off", Unit: "off, proxy, on",
			Usage: "whether the network speaks HTTPS: by a proxy in front of the node, or by itself with tls_cert",
			value: func(c *Config) value { return &choice{&c.HTTPS, []string{HTTPSOff, HTTPSProxy, HTTPSOn}} }},
		{Key: "tls_cert", Npm: "server.https.cert", Depends: "none", Unit: unitFile, Reload: true,
			Usage: "file of the certificate in PEM, with its chain",
			value: func(c *Config) value { return (*path)(&c.TLSCert) }},
		{Key: "tls_key", Npm: "server.https.key", Depends: "none", Unit: unitFile, Reload: true,
			Usage: "file of its key in PEM",
			value: func(c *Config) value { return (*path)(&c.TLSKey) }},
		{Key: "tls_ca", Npm: "server.https.ca", Depends: "the system's authorities", Unit: unitFile,
			Usage: "file of the authorities in PEM that sign the other nodes' certificates",
			value: func(c *Config) value { return (*path)(&c.TLSCA) }},
	}
}

func limitOptions() []Option {
	return []Option{
		{Key: "client_concurrency", Npm: "request.clientConcurrency", Default: "50", Unit: unitCount,
			Usage: "requests of clients in work at a time, for each endpoint that asks other nodes",
			value: func(c *Config) value { return (*count)(&c.ClientConcurrency) }},
		{Key: "max_body", Npm: "server.maxBodySize", Default: "500KiB", Unit: unitSize,
			Usage: "largest body of a request, decompressed",
			value: func(c *Config) value { return (*size)(&c.MaxBody) }},
		{Key: "max_calls", Default: "1024", Unit: unitCount,
			Usage: "requests to other nodes on the wire at a time",
			value: func(c *Config) value { return (*count)(&c.MaxCalls) }},
		{Key: "max_connections", Default: "8192", Unit: unitCount,
			Usage: "incoming connections at a time",
			value: func(c *Config) value { return (*count)(&c.MaxConnections) }},
	}
}

func approvalOptions() []Option {
	return []Option{
		{Key: "approvers", Npm: "client: approversCount", Default: "r-6", Unit: "3, auto, r-6, 25%",
			Usage: "how many nodes approve a client: a number, the square root of the network's size, another root, a share",
			value: func(c *Config) value { return (*approvers)(&c.Approvers) }},
		{Key: "decision", Npm: "client: decisionLevel", Default: "66.6%", Unit: "2, 66.6%",
			Usage: "how many of them must agree",
			value: func(c *Config) value { return (*decision)(&c.Decision) }},
		{Key: "approval_period", Npm: "client: period", Default: "5m", Unit: unitDuration,
			Usage: "how long one draw of approvers lasts",
			value: func(c *Config) value { return (*duration)(&c.ApprovalPeriod) }},
		{Key: "captcha", Default: "true", Unit: unitSwitch,
			Usage: "whether the node also approves by a picture",
			value: func(c *Config) value { return (*boolean)(&c.Captcha) }},
		{Key: "captcha_length", Npm: "captcha: captchaLength", Default: "6", Unit: "4 to 8",
			Usage: "symbols of the picture, and approvers",
			value: func(c *Config) value { return &ranged{&c.CaptchaLength, 4, 8} }},
		{Key: "captcha_decision", Npm: "captcha: decisionLevel", Default: "75%", Unit: "5, 75%",
			Usage: "how many of the approvers must find their symbols right",
			value: func(c *Config) value { return (*decision)(&c.CaptchaDecision) }},
		{Key: "captcha_period", Npm: "captcha: period", Default: "5m", Unit: unitDuration,
			Usage: "how long one draw of approvers lasts",
			value: func(c *Config) value { return (*duration)(&c.CaptchaPeriod) }},
		{Key: "captcha_width", Npm: "captcha: captchaWidth", Default: "240", Unit: "100 to 500, in pixels",
			Usage: "width of the picture when the client does not choose",
			value: func(c *Config) value { return &ranged{&c.CaptchaWidth, 100, 500} }},
		{Key: "captcha_background", Npm: "captcha: captchaBackground", Default: "transparent", Unit: `transparent, "#rrggbb"`,
			Usage: "its background when the client does not choose",
			value: func(c *Config) value { return &color{&c.CaptchaBackground, "transparent"} }},
		{Key: "captcha_color", Npm: "captcha: captchaColor", Default: "random", Unit: `random, "#rrggbb"`,
			Usage: "colour of the symbols when the client does not choose",
			value: func(c *Config) value { return &color{&c.CaptchaColor, "random"} }},
		{Key: "captcha_shadows", Npm: "captcha: captchaShadows", Default: "1", Unit: "0 to 3",
			Usage: "faint copies beneath each symbol",
			value: func(c *Config) value { return &ranged{&c.CaptchaShadows, 0, 3} }},
	}
}

func serviceOptions() []Option {
	return []Option{
		{Key: "admin", Depends: "unix:admin.sock in data", Unit: "unix:path, loopback host:port, off",
			Usage: "local endpoint for the other commands; never reachable from outside",
			value: func(c *Config) value { return (*endpoint)(&c.Admin) }},
		{Key: "admin_token_file", Depends: "admin.token in data", Unit: unitFile,
			Usage: "file of the token that a TCP endpoint asks for; made if it is not there",
			value: func(c *Config) value { return (*path)(&c.AdminTokenFile) }},
		{Key: "log_level", Npm: "logger.level", Default: "info", Unit: "debug, info, warn, error", Reload: true,
			Usage: "what is logged, to the standard error output",
			value: func(c *Config) value { return &choice{&c.LogLevel, []string{"debug", "info", "warn", "error"}} }},
		{Key: "log_format", Default: "text", Unit: "text, json",
			Usage: "form of the log",
			value: func(c *Config) value { return &choice{&c.LogFormat, []string{"text", "json"}} }},
		{Key: "leave_timeout", Default: "10s", Unit: unitDuration,
			Usage: "how long requests in work may take to finish when the node leaves",
			value: func(c *Config) value { return (*duration)(&c.LeaveTimeout) }},
	}
}
