package coretest

func (s *Script) revive() string {
	s.Host("node").Revive()
	return ""
}
