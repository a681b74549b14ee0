package coretest

func (s *Script) syncMany() string {
	for range s.Number("times", 1) {
		s.Net.Run(s.Duration("apart", 0))
		s.Host("node").Node.Sync()
		s.Net.Settle()
	}
	s.told = len(s.Net.Notes)
	return ""
}
