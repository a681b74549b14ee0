package service

import (
	"cmp"
	"context"
	"slices"

	"spreadable/admin"
	"spreadable/core"
)

// Reload implements admin.Node: it reads the options again and puts in force what a running node can take. An error leaves
// all as it was. The certificate's files are read again even when their names are the same.
func (s *Service) Reload(ctx context.Context) (*admin.Reloaded, error) {
	if s.options.Again == nil {
		return nil, admin.Refuse("this node has no options to read again")
	}
	next, err := s.options.Again()
	if err != nil {
		return nil, admin.Refuse("%v", err)
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	reload, restart := s.config.Changed(next)
	if s.cert != nil && !slices.Contains(restart, "https") {
		if err := s.cert.load(next.TLSCert, next.TLSKey); err != nil {
			return nil, admin.Refuse("%v", err)
		}
	}
	var failed error
	if err := s.do(ctx, func(*core.Node) {
		if failed = setLists(s.core, next); failed == nil && slices.Contains(reload, "bootstrap") {
			failed = setBootstrap(s.core, next.Bootstrap)
		}
	}); err != nil || failed != nil {
		return nil, cmp.Or(err, failed)
	}
	if s.options.Level != nil {
		s.options.Level.UnmarshalText([]byte(next.LogLevel)) // one of the words that the options allow
	}
	s.config.Take(next)
	s.options.Log.Info("options read again", "changed", reload, "only_after_restart", restart)
	return &admin.Reloaded{Changed: orEmpty(reload), Restart: orEmpty(restart)}, nil
}

// orEmpty makes an empty list of none: [] in JSON.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
