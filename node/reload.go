package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"spreadable/admin"
	"spreadable/core"
)

// Reload reads the configuration again, by Options.Reload, and applies what a running
// node can change. An error leaves everything as it was. The certificate's files are read
// again even when their names are the same.
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
	var ends *time.Time // of a certificate that is new
	if n.cert != nil && !slices.Contains(restart, "https") {
		renewed, err := n.cert.load(next)
		if err != nil {
			return nil, admin.Refuse("%v", err)
		}
		if renewed {
			ends = n.cert.ends()
		}
		// the usual renewal: another certificate in files of the same names
		if renewed && !slices.Contains(reload, "tls_cert") {
			reload = append(reload, "tls_cert")
		}
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
	reloaded := &admin.Reloaded{Changed: orEmpty(reload), Restart: orEmpty(restart), CertificateEnds: ends}
	log := n.options.Log
	if ends != nil {
		log = log.With("certificate_ends", *ends)
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
