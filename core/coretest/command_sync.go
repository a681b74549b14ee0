package coretest

func (s *Script) sync() string {
	for _, h := range s.Chosen() {
		h.Node.Sync()
		s.Net.Settle()
	}
	return s.newNotes()
}
