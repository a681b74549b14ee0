package node

import (
	"cmp"
	"context"
	"slices"

	"spreadable/admin"
	"spreadable/core"
)

// Reload reads the configuration again, by Options.Reload, and applies what a running
// node can change. An error leaves everything as it was. The certificate's files are read
// again even when their names are the same, and so is that of the authorities, of which it
// says that it has changed.
func (n *Node) Reload(ctx context.Context) (*admin.Reloaded, error) {
	if n.options.Reload == nil {
		return nil, admin.Refuse("this node has no options to read again")
	}
	next, err := n.options.Reload()
	if err == nil {
		next, err = resolved(next)
	}
	if err != nil {
		return nil, admin.Refuse("%v", err)
	}
	if own, err := next.Address(); err == nil && slices.Equal(next.Bootstrap, []string{own.String()}) {
		next.Bootstrap = []string{n.Address()} // a new address of its own is for the next start
	}
	n.reloading.Lock()
	defer n.reloading.Unlock()
	reload, restart := n.config.Changed(next)
	var cert *renewal
	if n.cert != nil && !slices.Contains(restart, "https") {
		if cert, err = n.cert.read(next); err != nil {
			return nil, admin.Refuse("%v", err)
		}
		// the usual renewal: another certificate in files of the same names
		if cert.new && !slices.Contains(reload, "tls_cert") {
			reload = append(reload, "tls_cert")
		}
	}
	authorities, err := next.Authorities()
	if err != nil {
		return nil, admin.Refuse("%v", err)
	}
	if !authorities.Equal(n.authorities) && !slices.Contains(restart, "tls_ca") {
		restart = append(restart, "tls_ca")
	}
	var failed error
	if err := n.Do(ctx, func(*core.Node) {
		if failed = setLists(n.core, next); failed == nil && slices.Contains(reload, "bootstrap") {
			failed = setBootstrap(n.core, next.Bootstrap)
		}
	}); err != nil || failed != nil {
		return nil, cmp.Or(err, failed)
	}
	if n.options.Level != nil {
		// cannot fail: the options allow only words that slog knows
		n.options.Level.UnmarshalText([]byte(next.LogLevel))
	}
	n.config.Take(next)
	reloaded := &admin.Reloaded{Changed: orEmpty(reload), Restart: orEmpty(restart)}
	log := n.options.Log
	if cert != nil {
		n.cert.take(cert)
		cert.warn(log)
		if cert.new {
			reloaded.CertificateEnds = &cert.pair.Leaf.NotAfter
			log = log.With("certificate_ends", cert.pair.Leaf.NotAfter)
		}
	}
	log.Info("options read again", "changed", reloaded.Changed, "only_after_restart", reloaded.Restart)
	return reloaded, nil
}

// orEmpty turns nil into an empty list, which is [] in JSON.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
