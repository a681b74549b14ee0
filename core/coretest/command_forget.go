package coretest

func (s *Script) forgetSent() string {
	s.sent, s.told = len(s.Net.Trace), len(s.Net.Notes)
	return ""
}
