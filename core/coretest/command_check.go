package coretest

func (s *Script) check() string { return s.Net.Violation() }
