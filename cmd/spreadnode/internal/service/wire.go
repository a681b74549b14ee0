package service

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"spreadable/config"
	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
	httptransport "spreadable/transport/http"
)

// transport makes the options of the wire from those of the owner.
func (s *Service) transport() (httptransport.Options, error) {
	c := s.config
	var none httptransport.Options
	var err error
	if s.core, err = s.coreConfig(); err != nil {
		return none, err
	}
	o := httptransport.Options{
		Config: s.core, Address: s.address, Listen: c.Listen, Source: c.Source, HTTPS: c.HTTPS != config.HTTPSOff,
		CookieAge: c.CookieAge, PlainCookie: c.PlainCookie, TrustedProxies: c.TrustedProxies, Version: c.NetworkVersion,
		MaxBody: c.MaxBody, Concurrency: c.ClientConcurrency, MaxCalls: c.MaxCalls, MaxConnections: c.MaxConnections,
		Persist: s.persist, Observe: s.observe, Log: s.options.Log,
	}
	if ip := s.address.IP(); !o.Source.IsValid() && ip.IsLoopback() && s.address.Host() != "localhost" {
		o.Source = ip // whoever lives at 127.0.0.N must call from there; the transport does the same
	}
	if c.Username != "" {
		o.Auth = &httptransport.Credentials{Username: c.Username, Password: c.Password}
	}
	if c.HTTPS == config.HTTPSOn {
		if s.cert, err = loadCertificate(c.TLSCert, c.TLSKey); err != nil {
			return none, err
		}
		o.GetCertificate = s.cert.get
	}
	if c.TLSCA != "" {
		o.CA, err = LoadAuthorities(c.TLSCA)
	}
	return o, err
}

// coreConfig makes the options of the core.
func (s *Service) coreConfig() (*core.Config, error) {
	c := s.config
	cfg := &core.Config{
		Book: peer.NewBook(httptransport.DefaultBookLimit), SyncInterval: c.SyncInterval, ManualSync: !c.AutoSync, SyncPeriod: c.SyncPeriod,
		ServerTimeout: c.ServerTimeout, PingTimeout: c.PingTimeout, MaxFails: c.MaxFails, Trusted: c.Trusted,
		BanByAddress: c.BanByAddress, CandidateSuspicion: c.CandidateSuspicion, Load: s.load.read,
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: c.Approvers, Decision: c.Decision, Period: c.ApprovalPeriod})},
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
	if err := setLists(cfg, c); err != nil {
		return nil, err
	}
	return cfg, setBootstrap(cfg, c.Bootstrap)
}

// setLists and setBootstrap give the core what can change while it runs: then in the node's thread.
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

// persist runs after every step of the node, in its thread, before what the step caused leaves the process.
func (s *Service) persist(n *core.Node) error {
	if root := n.NetworkRoot(); !s.rooted && !root.IsZero() {
		s.rooted = true
		s.options.Log.Info("the network is known", "root", s.core.Book.Text(root))
	}
	if s.store == nil {
		return nil
	}
	return s.store.Commit(n)
}

// observe keeps of what the node notes the latest failure to register, for the status.
func (s *Service) observe(n core.Note) {
	if n.What != core.NoteRegistered && n.What != core.NoteRegisterFailed {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = ""
	if n.What == core.NoteRegisterFailed {
		s.failed = n.Text
	}
}

// certificate is the node's own; the files can change while it runs.
type certificate struct {
	current atomic.Pointer[tls.Certificate]
}

func loadCertificate(cert, key string) (*certificate, error) {
	c := &certificate{}
	return c, c.load(cert, key)
}

func (c *certificate) load(cert, key string) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("tls_cert %s, tls_key %s: %w", cert, key, err)
	}
	c.current.Store(&pair)
	return nil
}

// get is what a handshake asks for.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// LoadAuthorities reads the certificates of authorities, in PEM, that tls_ca names.
func LoadAuthorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tls_ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls_ca: %s: no certificate in PEM", path)
	}
	return pool, nil
}
