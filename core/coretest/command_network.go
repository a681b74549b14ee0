package coretest

func (s *Script) network() string {
	s.newNetwork(s.Duration("latency", defaultLatency), uint64(s.Number("seed", 1)))
	return ""
}
