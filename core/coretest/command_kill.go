package coretest

// kill leaves the node what it knows; its timers wait.
func (s *Script) kill() string {
	s.Host("node").Up = false
	return ""
}
