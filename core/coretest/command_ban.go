package coretest

import (
	"time"

	"spreadable/core/behavior"
)

func (s *Script) ban() string {
	banned := s.Host("node").Peer()
	s.Host("at").Node.Bans().Add(behavior.Ban{
		Peer: banned, IP: s.Net.Book.IP(banned), Reason: "by hand", Since: s.Net.Now(), Until: s.Net.Now() + s.Duration("for", time.Hour),
	})
	return ""
}
