package lie

// grinds is an honest node at an address that comes early in a draw. Its owner can choose
// among all ports of its IPs, and has computed for each period which will be drawn.
func (l *Liar) grinds() Answer { return honest }
