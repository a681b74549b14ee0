package node

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"spreadable/config"
	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
	"spreadable/extensions/web"
	httptransport "spreadable/transport/http"
)

// transport makes the options of the transport from those of the owner.
func (n *Node) transport() (httptransport.Options, error) {
	c := n.config
	var none httptransport.Options
	var err error
	if n.core, err = n.coreConfig(); err != nil {
		return none, err
	}
	o := httptransport.Options{
		Config: n.core, Address: n.address, Listen: c.Listen, Source: c.Source, HTTPS: c.HTTPS != config.HTTPSOff,
		ProofsOnly: c.ProofsOnly, CookieAge: c.CookieAge, PlainCookie: c.PlainCookie, TrustedProxies: c.TrustedProxies, Version: c.NetworkVersion,
		MaxBody: c.MaxBody, Concurrency: c.ClientConcurrency,
		CallsPerPeer: c.CallsPerPeer, MaxLookups: c.MaxLookups, HostShare: c.HostShare, BodyRate: c.BodyRate, AllowedRanges: c.AllowedRanges,
		Queries: n.options.Queries, Admit: n.options.Admit, Via: n.options.Via, Persist: n.persist, Observe: n.observe, Log: n.options.Log,
	}
	if len(n.options.Extensions) > 0 {
		o.Attach, o.Draft = n.attach, n.draft
		if o.Web, err = web.NewMux(func(extension string) web.Runner { return runner{n, extension} }, n.options.Extensions...); err != nil {
			return none, err
		}
	}
	o.MaxConnections, o.MaxSilent, o.MaxCalls = n.fitDescriptors(c)
	if ip := n.address.IP(); !o.Source.IsValid() && ip.IsLoopback() && n.address.Host() != "localhost" {
		// a node at 127.0.0.N must call from there; the transport does the same
		o.Source = ip
	}
	if c.Username != "" {
		o.Auth = &httptransport.Credentials{Username: c.Username, Password: c.Password}
	}
	if c.HTTPS == config.HTTPSOn {
		n.cert = &certificate{host: n.address.Host()}
		first, err := n.cert.read(c)
		if err != nil {
			return none, err
		}
		first.warn(n.options.Log)
		n.cert.take(first)
		o.GetCertificate = n.cert.get
	}
	n.authorities, err = c.Authorities()
	o.CA = n.authorities
	return o, err
}

// coreConfig makes the options of the core.
func (n *Node) coreConfig() (*core.Config, error) {
	c := n.config
	hosts, err := peer.ParseHosts(c.HostLimits)
	if err != nil {
		return nil, fmt.Errorf("host_limits: %w", err)
	}
	settings, err := c.DrawSettings()
	if err != nil {
		return nil, fmt.Errorf("draw: %w", err)
	}
	cfg := &core.Config{
		Levels: c.Levels, FanOut: c.FanOut, Draw: settings, DrawSecret: []byte(c.Password),
		Book:         peer.NewBook(httptransport.DefaultBookLimit),
		SyncInterval: c.SyncInterval, ManualSync: !c.AutoSync, SyncPeriod: c.SyncPeriod,
		ServerTimeout: c.ServerTimeout, PingTimeout: c.PingTimeout, MaxFails: c.MaxFails, ProbeFails: c.ProbeFails, MaxLoss: c.MaxLoss, Trusted: c.Trusted,
		LoginPause: c.LoginPause, LookPause: c.LookPause, BanByAddress: c.BanByAddress, Load: n.busy, Hosts: hosts,
		HostPlaces: c.HostPlaces, NewNames: c.NewNames, ClaimChecks: c.ClaimChecks, CutPeriods: c.CutPeriods, AgesPerNode: c.AgesPerNode,
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{
			Approvers: c.Approvers, Decision: c.Decision, Period: c.ApprovalPeriod,
		})},
		ApprovalLimits: core.ApprovalLimits{
			Total: c.MaxApprovals, PerPrefix: c.ApprovalsPerPrefix, PerHost: c.ApprovalsPerHost, WrongAnswers: c.ApprovalWrongAnswers,
		},
	}
	if c.Registration == core.Original.String() {
		cfg.Registration = core.Original
	}
	if c.Captcha {
		pictures, err := captcha.New(captcha.Options{
			Length: c.CaptchaLength, Decision: c.CaptchaDecision, Period: c.CaptchaPeriod, Width: c.CaptchaWidth,
			Background: c.CaptchaBackground, Color: c.CaptchaColor, Shadows: c.CaptchaShadows,
		})
		if err != nil {
			return nil, err
		}
		cfg.Approvals = append(cfg.Approvals, pictures)
	}
	cfg.Approvals = append(cfg.Approvals, n.options.Approvals...)
	if err := checkApprovals(cfg.Approvals); err != nil {
		return nil, err
	}
	if err := setLists(cfg, c); err != nil {
		return nil, err
	}
	return cfg, setBootstrap(cfg, c.Bootstrap)
}

// setLists and setBootstrap set what can change while the core runs. Once it runs, call
// them only in the node's thread.
func setLists(cfg *core.Config, c *config.Config) error {
	var lists [3]peer.List
	for i, items := range [][]string{c.Whitelist, c.Blacklist, c.Trustlist} {
		list, err := peer.ParseList(items)
		if err != nil {
			return fmt.Errorf("%s: %w", []string{"whitelist", "blacklist", "trustlist"}[i], err)
		}
		lists[i] = list
	}
	cfg.Whitelist, cfg.Blacklist, cfg.Trustlist = lists[0], lists[1], lists[2]
	return nil
}

func setBootstrap(cfg *core.Config, texts []string) error {
	var list []core.Peer
	for _, text := range texts {
		a, err := peer.Parse(text)
		if err != nil {
			return fmt.Errorf("bootstrap: %w", err)
		}
		p, err := cfg.Book.Intern(a)
		if err != nil {
			return fmt.Errorf("bootstrap: %w", err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return errors.New("bootstrap: no address")
	}
	cfg.Bootstrap = list
	return nil
}

// persist runs in the node's thread after every step, before anything that the step
// caused leaves the process.
func (n *Node) persist(c *core.Node) (wait time.Duration, err error) {
	if root := c.NetworkRoot(); !n.rooted && !root.IsZero() {
		n.rooted = true
		n.options.Log.Info("the network is known", "root", n.core.Book.Text(root))
	}
	if n.store == nil {
		return 0, nil
	}
	err = n.store.Commit(c)
	return n.store.Waits(), err
}

// observe keeps the latest failure to register, for the status.
func (n *Node) observe(note core.Note) {
	if note.What != core.NoteRegistered && note.What != core.NoteRegisterFailed {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed = ""
	if note.What == core.NoteRegisterFailed {
		n.failed = note.Text
	}
}

// certificate is the node's own; the files can change while it runs.
type certificate struct {
	host    string // that other nodes call
	current atomic.Pointer[tls.Certificate]
}

// renewal is a certificate that was read and is not in force yet.
type renewal struct {
	pair tls.Certificate
	new  bool  // another one than before
	bad  error // why no other node accepts it; nil if they do
}

// read reads the files of the options. What no other node would accept is an error if the
// current certificate is better.
func (c *certificate) read(from *config.Config) (*renewal, error) {
	pair, err := from.Certificate()
	if err != nil {
		return nil, err
	}
	r := &renewal{pair: pair, new: true, bad: c.judge(pair.Leaf)}
	before := c.current.Load()
	if before == nil {
		return r, nil
	}
	r.new = !slices.EqualFunc(before.Certificate, pair.Certificate, bytes.Equal)
	if r.new && r.bad != nil && c.judge(before.Leaf) == nil {
		return nil, fmt.Errorf("tls_cert %s: %w", from.TLSCert, r.bad)
	}
	return r, nil
}

// take puts a certificate in force.
func (c *certificate) take(r *renewal) { c.current.Store(&r.pair) }

// judge says why other nodes accept no certificate like this one of this node.
func (c *certificate) judge(leaf *x509.Certificate) error {
	now := time.Now()
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is valid only from %s", leaf.NotBefore.UTC().Format(time.DateTime+"Z"))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate was valid until %s", leaf.NotAfter.UTC().Format(time.DateTime+"Z"))
	case strings.ContainsFunc(c.host, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil // the certificate has the name in the encoding of IDNA
	}
	return leaf.VerifyHostname(c.host)
}

// get returns the current certificate, for a TLS handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// warn logs why other nodes do not accept a certificate.
func (r *renewal) warn(log *slog.Logger) {
	if r.bad != nil {
		log.Warn("other nodes do not accept the certificate", "tls_cert", r.bad.Error())
	}
}
