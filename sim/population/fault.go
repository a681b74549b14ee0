package population

import "time"

// End ends the stays at some hosts now, as a fault does, and returns their numbers. Where
// back is later than now, the nodes come back then, with what they knew if they remember;
// else they are gone for ever, and their later stays with them. All workers must stand
// still. The hosts must have nodes that are up.
func (p *Population) End(hosts []int, now, back time.Duration, crash, remember bool) (ended []int) {
	c, gone := p.churn, make(map[int32]bool)
	for _, host := range hosts {
		i := c.StayAt(host, now)
		stay := &c.stays[i]
		until := stay.Down
		stay.Down, stay.Crash = now, crash
		ended = append(ended, i)
		if back <= now {
			gone[stay.identity] = true
			continue
		}
		if until <= back {
			continue // it would have left by then
		}
		next := Stay{Host: int32(host), Before: -1, Up: back, Down: until, Returns: true, identity: stay.identity}
		if remember {
			next.Before, stay.Kept = int32(i), true
		}
		c.insert(next)
	}
	for i := range c.stays {
		if s := &c.stays[i]; s.Up > now && gone[s.identity] {
			s.Down = s.Up // never
		}
	}
	c.count()
	return ended
}

// insert adds a stay at its place among those of its host.
func (c *churn) insert(s Stay) {
	list := c.byHost[s.Host]
	at := 0
	for at < len(list) && c.stays[list[at]].Up < s.Up {
		at++
	}
	c.stays = append(c.stays, s)
	list = append(list, 0)
	copy(list[at+1:], list[at:])
	list[at] = int32(len(c.stays) - 1)
	c.byHost[s.Host] = list
}
