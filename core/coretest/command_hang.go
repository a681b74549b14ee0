package coretest

// hang also ends it, with off.
func (s *Script) hang() string {
	h := s.Host("node")
	if s.Has("off") {
		h.Revive()
	} else {
		h.Hung = true
	}
	return ""
}
