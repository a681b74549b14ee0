package coretest

func (s *Script) cut() string {
	s.Net.Cut(uint32(s.Number("from", 0)))
	return ""
}
