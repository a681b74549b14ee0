package coretest

func (s *Script) start() string {
	for _, h := range s.Chosen() {
		if !h.Up {
			h.Start()
		}
	}
	return ""
}
