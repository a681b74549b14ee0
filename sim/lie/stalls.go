package lie

// stalls answers truly, but so late that its askers are about to give up.
func (l *Liar) stalls() Answer { return honest }
