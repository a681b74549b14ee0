package coretest

func (s *Script) heal() string {
	s.Net.Heal()
	return ""
}
