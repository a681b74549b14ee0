package config

import (
	"slices"
	"strings"
	"sync"

	"spreadable/core/draw"
)

// Option is one thing that the owner of a node can decide.
type Option struct {
	Key string // in the file: sync_interval
	Npm string // its name in the npm package, "" if it has none there
	// as a person would write it; "" if there is none, or if it depends on something
	Default string
	Depends string // if Default is empty: what it depends on, in words
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
	// names the file; not an option, since the file cannot name itself
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
	unitList     = "list of addresses, hosts, IPs, ranges of IPs"
	unitFile     = "path; ~ is the home directory"
)

// The groups of options, in the order in which they are shown.
const (
	groupPlace    = "Where the node is"
	groupNetwork  = "Place in the network"
	groupAccess   = "Access"
	groupTLS      = "HTTPS"
	groupLimits   = "Limits"
	groupApproval = "Approval of clients"
	groupExtended = "Extensions"
	groupService  = "Operation"
)

// Options returns the table of all options, by group. It is always the same, and must not
// be changed.
func Options() []Option { return table() }

var table = sync.OnceValue(func() []Option {
	var all []Option
	for _, group := range []struct {
		name    string
		options []Option
	}{
		{groupPlace, placeOptions()}, {groupNetwork, networkOptions()},
		{groupAccess, accessOptions()}, {groupTLS, tlsOptions()},
		{groupLimits, limitOptions()}, {groupApproval, approvalOptions()},
		{groupExtended, extensionOptions()}, {groupService, serviceOptions()},
	} {
		for _, o := range group.options {
			o.Group = group.name
			all = append(all, o)
		}
	}
	return slices.Clip(all)
})

func placeOptions() []Option {
	return []Option{
		{Key: "port", Npm: "port", Default: "4000", Unit: unitPort,
			Usage: "port of the node",
			value: func(c *Config) value { return (*port)(&c.Port) }},
		{Key: "public_port", Npm: "publicPort", Depends: "port", Unit: unitPort,
			Usage: "port that the node announces, if a proxy or router maps another port to the node's",
			value: func(c *Config) value { return (*port)(&c.PublicPort) }},
		{Key: "hostname", Npm: "hostname", Unit: "host name or IP",
			Depends: "the machine's last IPv4 address that is not a loopback one",
			Usage:   "host that the node announces; other nodes must resolve it to the IP that its requests come from",
			value:   func(c *Config) value { return (*text)(&c.Hostname) }},
		{Key: "listen", Depends: "all interfaces, at port; with a loopback IP as hostname only that", Unit: unitAddress,
			Usage: "local address that the node listens at",
			value: func(c *Config) value { return (*listenAddress)(&c.Listen) }},
		{Key: "source", Depends: "the system's choice", Unit: "IP",
			Usage: "local IP that requests to other nodes come from",
			value: func(c *Config) value { return (*ip)(&c.Source) }},
		{Key: "bootstrap", Npm: "initialNetworkAddress", Unit: "list of host:port", Reload: true,
			Depends: "the node's own address: it starts a network",
			Usage:   "addresses of nodes that are in the network already; the node asks one of them for a place",
			value:   func(c *Config) value { return (*addresses)(&c.Bootstrap) }},
		{Key: "data", Npm: "storage.path", Depends: "spreadnode-PORT", Unit: unitFile,
			Usage: "directory of the node's state; only one node at a time can use it",
			value: func(c *Config) value { return (*path)(&c.Data) }},
	}
}

func networkOptions() []Option {
	return []Option{
		{Key: "sync_interval", Npm: "network.syncInterval", Default: "16s", Unit: unitDuration,
			Usage: "time from one sync, the renewal of the node's lists, to the next; all nodes of a network should have the same",
			value: func(c *Config) value { return (*duration)(&c.SyncInterval) }},
		{Key: "auto_sync", Npm: "network.autoSync", Default: "true", Unit: unitSwitch,
			Usage: "whether the node syncs by itself; if not, only on spreadnode sync, which is for tests",
			value: func(c *Config) value { return (*boolean)(&c.AutoSync) }},
		{Key: "sync_period", Npm: "network.syncTimeCalculationPeriod", Default: "1d", Unit: unitDuration,
			Usage: "period over which the average duration of a sync is taken",
			value: func(c *Config) value { return (*duration)(&c.SyncPeriod) }},
		{Key: "server_timeout", Npm: "request.serverTimeout", Default: "2s", Unit: unitDuration,
			Usage: "timeout of a request to another node; below sync_interval",
			value: func(c *Config) value { return (*duration)(&c.ServerTimeout) }},
		{Key: "ping_timeout", Npm: "request.pingTimeout", Default: "1s", Unit: unitDuration,
			Usage: "timeout of a ping; at most server_timeout",
			value: func(c *Config) value { return (*duration)(&c.PingTimeout) }},
		{Key: "max_fails", Npm: "network.serverMaxFails", Default: "10", Unit: unitCount,
			Usage: "failed requests in a row after which another node is dropped",
			value: func(c *Config) value { return (*count)(&c.MaxFails) }},
		{Key: "probe_fails", Default: "7", Unit: "1 to 24",
			Usage: "requests, one each 24th of sync_interval, that a silent node must fail in a row until it is dropped; a refused connection counts for half of them; 1: only max_fails counts",
			value: func(c *Config) value { return &ranged{&c.ProbeFails, 1, 24} }},
		{Key: "max_loss", Default: "30%", Unit: "20% to 90%",
			Usage: "share of requests that a master may leave unanswered in the long run; a slave of one that leaves more unanswered looks for another",
			value: func(c *Config) value { return &partly{&c.MaxLoss, 0.2, 0.9} }},
		{Key: "registration", Default: "directed", Unit: "directed, original",
			Usage: "rule by which newcomers find a master: this project's, or exactly that of the npm package",
			value: func(c *Config) value { return &choice{&c.Registration, []string{"directed", "original"}} }},
		{Key: "levels", Default: "1", Unit: "1 to 4, auto",
			Usage: "levels of masters in the network: with more, a node asks fewer others at a time and a search takes more steps; auto: the network decides by its size; all nodes of a network must have the same, and with npm nodes 1 or auto",
			value: func(c *Config) value { return (*levels)(&c.Levels) }},
		{Key: "fan_out", Default: "100", Unit: "4 to 65535",
			Usage: "others that a node asks at a time, at most, in a network that decides how many levels it has: with more, it takes another level; all nodes of a network should have the same",
			value: func(c *Config) value { return &ranged{&c.FanOut, 4, 65535} }},
		{Key: "network_version", Npm: "codename and version of the package", Default: "spreadable-0.3", Unit: "text",
			Usage: "protocol version that all nodes and clients of the network must name",
			value: func(c *Config) value { return (*text)(&c.NetworkVersion) }},
	}
}

func accessOptions() []Option {
	return []Option{
		{Key: "trusted", Npm: "network.isTrusted", Default: "false", Unit: unitSwitch,
			Usage: "whether all nodes and clients are trusted: no lists, no bans",
			value: func(c *Config) value { return (*boolean)(&c.Trusted) }},
		{Key: "whitelist", Npm: "network.whitelist", Depends: "none: all may", Unit: unitList, Reload: true,
			Usage: "nodes and clients that may talk to the node; if empty, all that are not banned or blacklisted",
			value: func(c *Config) value { return (*peers)(&c.Whitelist) }},
		{Key: "blacklist", Npm: "network.blacklist", Depends: "none", Unit: unitList, Reload: true,
			Usage: "nodes and clients that may not talk to the node",
			value: func(c *Config) value { return (*peers)(&c.Blacklist) }},
		{Key: "trustlist", Npm: "network.trustlist", Depends: "none", Unit: unitList, Reload: true,
			Usage: "nodes and clients that are exempt from both lists and from bans",
			value: func(c *Config) value { return (*peers)(&c.Trustlist) }},
		{Key: "ban_by_address", Npm: "behavior.banByAddress", Default: "false", Unit: unitSwitch,
			Usage: "whether a ban is for one address; if not, it is for all nodes and clients at its IP",
			value: func(c *Config) value { return (*boolean)(&c.BanByAddress) }},
		{Key: "host_limits", Default: "auto", Unit: "auto, strict, off",
			Usage: "what counts as one host, where its share is limited: strict, each IP (IPv6: /64); off, each address; auto, off at a node on loopback, else strict",
			value: func(c *Config) value { return &choice{&c.HostLimits, []string{"auto", "strict", "off"}} }},
		{Key: "host_places", Default: "4", Unit: "1 to 1000",
			Usage: "nodes of one host that the network, with several levels each branch, takes where host_limits is strict; all nodes of a network should have the same",
			value: func(c *Config) value { return &ranged{&c.HostPlaces, 1, 1000} }},
		{Key: "new_names", Default: "8", Unit: "1 to 1000",
			Usage: "new masters that one node may name in a sync before any of them has answered; with each that answers it may name more",
			value: func(c *Config) value { return &ranged{&c.NewNames, 1, 1000} }},
		{Key: "claim_checks", Default: "8", Unit: "1 to 1000",
			Usage: "masters with new slaves that are checked in a sync, by asking some of these slaves",
			value: func(c *Config) value { return &ranged{&c.ClaimChecks, 1, 1000} }},
		{Key: "cut_periods", Default: "3", Unit: "1 to 1000",
			Usage: "periods in a row in which a master's answers to draws are too long for its size before it is blamed",
			value: func(c *Config) value { return &ranged{&c.CutPeriods, 1, 1000} }},
		{Key: "ages_per_node", Default: "8", Unit: "1 to 1000",
			Usage: "hosts of which a master remembers since when they are in the network, for each node of it and 1024 more, where draw_min_age is set",
			value: func(c *Config) value { return &ranged{&c.AgesPerNode, 1, 1000} }},
		{Key: "allowed_ranges", Depends: "none", Unit: "list of IPs and ranges",
			Usage: "loopback, link-local and private IPs that the node may call; those of its own address's kind, and addresses in bootstrap, whitelist and trustlist, it may call anyway",
			value: func(c *Config) value { return (*ranges)(&c.AllowedRanges) }},
		{Key: "username", Npm: "network.auth.username", Depends: "none: an open network", Unit: "text",
			Usage: "user name of a closed network (HTTP basic authentication)",
			value: func(c *Config) value { return (*text)(&c.Username) }},
		{Key: "password", Npm: "network.auth.password", Depends: "none", Unit: "text", Secret: true,
			Usage: "password of a closed network; better in the environment or in password_file",
			value: func(c *Config) value { return (*text)(&c.Password) }},
		{Key: "password_file", Depends: "none", Unit: unitFile,
			Usage: "file whose first line is the password",
			value: func(c *Config) value { return (*path)(&c.PasswordFile) }},
		{Key: "cookie_age", Npm: "network.authCookieMaxAge", Default: "7d", Unit: unitDuration,
			Usage: "how long a browser stays logged in to a closed network",
			value: func(c *Config) value { return (*duration)(&c.CookieAge) }},
		{Key: "login_pause", Default: "10s", Unit: unitDuration,
			Usage: "time between two logins of a host that are looked at after ten wrong ones; the others are refused unread",
			value: func(c *Config) value { return (*duration)(&c.LoginPause) }},
		{Key: "proofs_only", Default: "false", Unit: unitSwitch,
			Usage: "whether the password stays with this node: other nodes get only proofs that it knows the password, which npm nodes do not understand",
			value: func(c *Config) value { return (*boolean)(&c.ProofsOnly) }},
		{Key: "plain_cookie", Default: "false", Unit: unitSwitch,
			Usage: "whether a browser's cookie holds the password itself, as npm nodes need it",
			value: func(c *Config) value { return (*boolean)(&c.PlainCookie) }},
		{Key: "trusted_proxies", Depends: "none; loopback with https: proxy", Unit: "list of IPs and ranges",
			Usage: "proxies whose X-Forwarded-For is believed",
			value: func(c *Config) value { return (*ranges)(&c.TrustedProxies) }},
	}
}

func tlsOptions() []Option {
	return []Option{
		{Key: "https", Npm: "server.https: false, true, {key,cert}", Default: "off", Unit: "off, proxy, on",
			Usage: "whether the network speaks HTTPS: proxy if a proxy in front of the node does, on if the node itself does, with tls_cert",
			value: func(c *Config) value { return &choice{&c.HTTPS, []string{HTTPSOff, HTTPSProxy, HTTPSOn}} }},
		{Key: "tls_cert", Npm: "server.https.cert", Depends: "none", Unit: unitFile, Reload: true,
			Usage: "PEM file of the node's certificate, with its chain",
			value: func(c *Config) value { return (*path)(&c.TLSCert) }},
		{Key: "tls_key", Npm: "server.https.key", Depends: "none", Unit: unitFile, Reload: true,
			Usage: "PEM file of the certificate's key",
			value: func(c *Config) value { return (*path)(&c.TLSKey) }},
		{Key: "tls_ca", Npm: "server.https.ca", Depends: "the system's authorities", Unit: unitFile,
			Usage: "PEM file of the authorities that sign the other nodes' certificates",
			value: func(c *Config) value { return (*path)(&c.TLSCA) }},
	}
}

func limitOptions() []Option {
	return []Option{
		{Key: "client_concurrency", Npm: "request.clientConcurrency", Default: "50", Unit: unitCount,
			Usage: "clients' requests in progress at a time, for each endpoint that asks other nodes; the others wait",
			value: func(c *Config) value { return (*count)(&c.ClientConcurrency) }},
		{Key: "max_body", Npm: "server.maxBodySize", Default: "500KiB", Unit: unitSize,
			Usage: "largest body of a request, after decompression",
			value: func(c *Config) value { return (*size)(&c.MaxBody) }},
		{Key: "max_calls", Default: "1024", Unit: unitCount,
			Usage: "requests to other nodes in progress at a time; the others wait",
			value: func(c *Config) value { return (*count)(&c.MaxCalls) }},
		{Key: "calls_per_peer", Default: "64", Unit: "1 to 65535",
			Usage: "requests to one other node in progress at a time, and connections kept to it; client_concurrency if that is more; the others wait",
			value: func(c *Config) value { return &ranged{&c.CallsPerPeer, 1, 65535} }},
		{Key: "max_lookups", Default: "16", Unit: "1 to 1000",
			Usage: "names that others claim which are looked up at a time, apart from these as many of other nodes that are called, and twice as many of known ones; the others wait",
			value: func(c *Config) value { return &ranged{&c.MaxLookups, 1, 1000} }},
		{Key: "look_pause", Default: "250ms", Unit: unitDuration,
			Usage: "least time between two nodes that are asked whether clients can be sent to them; shorter: clients are spread sooner, longer: fewer addresses that a liar names are asked",
			value: func(c *Config) value { return (*duration)(&c.LookPause) }},
		{Key: "max_connections", Default: "1536", Unit: unitCount,
			Usage: "incoming connections that are served at a time; beyond it each new one takes the place of one of the host that has most",
			value: func(c *Config) value { return (*count)(&c.MaxConnections) }},
		{Key: "max_silent_connections", Default: "8192", Unit: unitCount,
			Usage: "incoming connections that have not sent anything yet, likewise",
			value: func(c *Config) value { return (*count)(&c.MaxSilent) }},
		{Key: "host_share", Default: "12.5%", Unit: "share such as 12.5%",
			Usage: "what one host may have of connections of both kinds, of client_concurrency, of large bodies and lookups of names at a time, where host_limits is strict",
			value: func(c *Config) value { return (*share)(&c.HostShare) }},
		{Key: "body_rate", Default: "4KiB", Unit: unitSize + ", per second",
			Usage: "least rate at which a body above 16KiB, or a compressed one, must come",
			value: func(c *Config) value { return (*size)(&c.BodyRate) }},
	}
}

func approvalOptions() []Option {
	return []Option{
		{Key: "approvers", Npm: "client: approversCount", Default: "r-6", Unit: "3, auto, r-6, 25%",
			Usage: "how many nodes approve a client: a number, the square root of the network's size (auto), another root (r-6), a share",
			value: func(c *Config) value { return (*approvers)(&c.Approvers) }},
		{Key: "decision", Npm: "client: decisionLevel", Default: "66.6%", Unit: "2, 66.6%",
			Usage: "how many of the approvers must agree: a number or a share",
			value: func(c *Config) value { return (*decision)(&c.Decision) }},
		{Key: "draw", Default: "original", Unit: "original, host",
			Usage: "how approvers are drawn: original, by address as npm nodes do; host, by host, where an owner of many ports counts once; all nodes of a network must have the same, in this and in all draw_ options",
			value: func(c *Config) value { return &choice{&c.Draw, []string{"original", "host"}} }},
		{Key: "draw_per", Default: "network", Unit: "network, client",
			Usage: "whether all clients of a period have the same approvers, or each has its own; client needs draw host",
			value: func(c *Config) value { return &choice{&c.DrawPer, []string{"network", "client"}} }},
		{Key: "draw_salt", Default: "none", Unit: strings.Join(draw.Saltings(), ", "),
			Usage: "what keeps draws from being known beforehand: verifier, a secret of the node that a client works with; network, the password; reveal, what masters commit to and then reveal; needs draw host",
			value: func(c *Config) value { return &choice{&c.DrawSalt, draw.Saltings()} }},
		{Key: "draw_group", Default: "prefix", Unit: `address, ip, prefix, "/16,/32"`,
			Usage: "what counts once in a draw by host: an IP, a prefix (/24 of IPv4, /48 of IPv6) or one of given lengths; address only for tests on one machine",
			value: func(c *Config) value { return (*group)(&c.DrawGroup) }},
		{Key: "draw_min_age", Default: "0s", Unit: "0s to 30d",
			Usage: "how long a host must have been in the network before it is drawn, or while the network is young, as long as that less one period; needs draw host",
			value: func(c *Config) value { return (*age)(&c.DrawMinAge) }},
		{Key: "approval_period", Npm: "client: period", Default: "5m", Unit: unitDuration,
			Usage: "how long the approvers stay the same before others are drawn",
			value: func(c *Config) value { return (*duration)(&c.ApprovalPeriod) }},
		{Key: "max_approvals", Default: "100000", Unit: "1 to 100000",
			Usage: "approvals that the node vouches for at a time, and keys that it has given out; beyond it old ones give way",
			value: func(c *Config) value { return &ranged{&c.MaxApprovals, 1, 100_000} }},
		{Key: "approvals_per_prefix", Default: "10000", Unit: "1 to 100000",
			Usage: "the share of one network of clients: an IPv4 /24 or an IPv6 /48",
			value: func(c *Config) value { return &ranged{&c.ApprovalsPerPrefix, 1, 100_000} }},
		{Key: "approvals_per_host", Default: "1000", Unit: "1 to 100000",
			Usage: "the share of one host of clients: an IPv4, with all behind its NAT, or an IPv6 /64",
			value: func(c *Config) value { return &ranged{&c.ApprovalsPerHost, 1, 100_000} }},
		{Key: "approval_wrong_answers", Default: "1", Unit: "1 to 10",
			Usage: "wrong answers that end a question; with more than one, searching it is cheaper than guessing",
			value: func(c *Config) value { return &ranged{&c.ApprovalWrongAnswers, 1, 10} }},
		{Key: "captcha", Default: "true", Unit: unitSwitch,
			Usage: "whether the node also approves clients by a captcha",
			value: func(c *Config) value { return (*boolean)(&c.Captcha) }},
		{Key: "captcha_length", Npm: "captcha: captchaLength", Default: "6", Unit: "4 to 8",
			Usage: "number of symbols in the picture, and of approvers",
			value: func(c *Config) value { return &ranged{&c.CaptchaLength, 4, 8} }},
		{Key: "captcha_decision", Npm: "captcha: decisionLevel", Default: "75%", Unit: "5, 75%",
			Usage: "how many of the approvers must find their symbols right: a number or a share",
			value: func(c *Config) value { return (*decision)(&c.CaptchaDecision) }},
		{Key: "captcha_period", Npm: "captcha: period", Default: "5m", Unit: unitDuration,
			Usage: "how long the approvers of captchas stay the same before others are drawn",
			value: func(c *Config) value { return (*duration)(&c.CaptchaPeriod) }},
		{Key: "captcha_width", Npm: "captcha: captchaWidth", Default: "240", Unit: "100 to 500, in pixels",
			Usage: "width of the picture if the client does not choose",
			value: func(c *Config) value { return &ranged{&c.CaptchaWidth, 100, 500} }},
		{Key: "captcha_background", Npm: "captcha: captchaBackground", Default: "transparent",
			Unit:  `transparent, "#rrggbb"`,
			Usage: "background of the picture if the client does not choose",
			value: func(c *Config) value { return &color{&c.CaptchaBackground, "transparent"} }},
		{Key: "captcha_color", Npm: "captcha: captchaColor", Default: "random", Unit: `random, "#rrggbb"`,
			Usage: "color of the symbols if the client does not choose",
			value: func(c *Config) value { return &color{&c.CaptchaColor, "random"} }},
		{Key: "captcha_shadows", Npm: "captcha: captchaShadows", Default: "1", Unit: "0 to 3",
			Usage: "number of faint copies beneath each symbol",
			value: func(c *Config) value { return &ranged{&c.CaptchaShadows, 0, 3} }},
	}
}

func extensionOptions() []Option {
	return []Option{
		{Key: "extensions", Depends: "none", Unit: "list of NAME or NAME=FILE",
			Usage: "applications that run on the node, each with the file of its own options if it needs one; all nodes of a network need the same",
			value: func(c *Config) value { return (*extensions)(&c.Extensions) }},
		{Key: "extension_space", Default: "10GiB", Unit: "size such as 10GiB",
			Usage: "how much the large values of each extension may take on disk",
			value: func(c *Config) value { return (*size)(&c.ExtensionSpace) }},
		{Key: "extension_keys", Default: "1GiB", Unit: "size such as 1GiB",
			Usage: "how much the keys and small values of each extension may take in the state file",
			value: func(c *Config) value { return (*size)(&c.ExtensionKeys) }},
	}
}

func serviceOptions() []Option {
	return []Option{
		{Key: "admin", Depends: "unix:admin.sock in data", Unit: "unix:path, loopback host:port, off",
			Usage: "local endpoint for the other commands; never reachable from other machines",
			value: func(c *Config) value { return (*endpoint)(&c.Admin) }},
		{Key: "admin_token_file", Depends: "admin.token in data", Unit: unitFile,
			Usage: "file of the token that a local endpoint on a port asks for; made if missing",
			value: func(c *Config) value { return (*path)(&c.AdminTokenFile) }},
		{Key: "log_level", Npm: "logger.level", Default: "info", Unit: "debug, info, warn, error", Reload: true,
			Usage: "least severe messages that are logged, to the standard error output",
			value: func(c *Config) value { return &choice{&c.LogLevel, []string{"debug", "info", "warn", "error"}} }},
		{Key: "log_format", Default: "text", Unit: "text, json",
			Usage: "form of the log",
			value: func(c *Config) value { return &choice{&c.LogFormat, []string{"text", "json"}} }},
		{Key: "save_pause", Default: "10ms", Unit: "0s, or " + unitDuration + ", at most 1s",
			Usage: "time between saves of approvals in a flood of clients, which wait for the next one; 20 saves may come at once; 0s: no limit",
			value: func(c *Config) value { return (*age)(&c.SavePause) }},
		{Key: "leave_timeout", Default: "10s", Unit: unitDuration,
			Usage: "how long the node takes to leave, at most: to tell others, and to finish requests in progress",
			value: func(c *Config) value { return (*duration)(&c.LeaveTimeout) }},
		{Key: "leave_notice", Default: "1s", Unit: "0s, or " + unitDuration,
			Usage: "how long a node that leaves goes on serving after it has told its slaves to find other places, within leave_timeout; 0s: it tells no other node, as is best before a restart",
			value: func(c *Config) value { return (*age)(&c.LeaveNotice) }},
	}
}
