package coretest

import (
	"time"

	"spreadable/core/behavior"
)

func (s *Script) ban() string {
	who := s.Host("node").Peer()
	s.Host("at").Node.Bans().Add(behavior.Ban{
		Peer: who, IP: s.Net.Book.IP(who), Reason: "by hand", Since: s.Net.Now(), Until: s.Net.Now() + s.Duration("for", time.Hour),
	})
	return ""
}
