package coretest

func (s *Script) kill() string {
	s.Host("node").Up = false
	return ""
}
