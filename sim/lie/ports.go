package lie

// ports is an honest node on each of many ports of one host, so that its owner has more
// voices than others.
func (l *Liar) ports() Answer { return honest }
