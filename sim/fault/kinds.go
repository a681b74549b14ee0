package fault

import "time"

// kinds are the faults by name.
func kinds() map[string]Kind {
	return map[string]Kind{
		"none":                {do: func(*Breaker) {}, Rounds: 5},
		"kill":                {do: kill, Rounds: 20},
		"restart-memory":      {do: func(b *Breaker) { restarts(b, true) }, Rounds: 20},
		"restart-blank":       {do: func(b *Breaker) { restarts(b, false) }, Rounds: 20},
		"partition":           {do: partition},
		"loss":                {do: loss, Rounds: 10},
		"slow":                {do: slow, Rounds: 15},
		"slow-forever":        {do: slowForever, Rounds: 10},
		"hang":                {do: hang, Rounds: 30},
		"boot-gone":           {do: bootGone, Last: true},
		"boot-restart-memory": {do: func(b *Breaker) { bootRestart(b, true) }, Rounds: 20},
		"boot-restart-blank":  {do: func(b *Breaker) { bootRestart(b, false) }, Rounds: 20},
		"rolling-memory":      {do: func(b *Breaker) { rolling(b, true) }, Rounds: 20},
		"rolling-blank":       {do: func(b *Breaker) { rolling(b, false) }, Rounds: 20},
		"crashloop-memory":    {do: func(b *Breaker) { crashloop(b, true) }, Rounds: 20},
		"crashloop-blank":     {do: func(b *Breaker) { crashloop(b, false) }, Rounds: 20},
		"power-cut-memory":    {do: func(b *Breaker) { powerCut(b, true) }, Rounds: 50},
		"power-cut-blank":     {do: func(b *Breaker) { powerCut(b, false) }, Rounds: 50},
		"masters-gone":        {do: mastersGone, Last: true},
		"split":               {do: split, Last: true},
		"cut-off":             {do: cutOff, Rounds: 20},
		"mass-join":           {do: massJoin, Newcomers: mostMassJoin, Rounds: 15},
		"churn":               {do: churn, Newcomers: mostChurn, Rounds: 40},
		"growth":              {do: growth, Newcomers: func(int) int { return mostGrowth }, Rounds: 10},
		"mixed":               {do: mixed, Newcomers: func(size int) int { return 4 * mostChurn(size) }},
	}
}

// kill ends up to a third of the nodes for good.
func kill(b *Breaker) {
	hosts, silent := b.some(b.share(0, 0.3), false), b.coin()
	b.did("kill %s silent=%v", names(hosts), silent)
	crashAll(hosts, silent)
}

// restarts ends up to a third of the nodes, and starts them again some minutes later.
func restarts(b *Breaker, remember bool) {
	hosts, away := b.some(b.share(0.02, 0.3), false), b.Between(time.Second, 8*time.Minute)
	silent := b.coin()
	b.did("restart %s away %v silent=%v", names(hosts), away, silent)
	crashAll(hosts, silent)
	b.Run(away)
	for _, h := range hosts {
		h.Boot(remember)
	}
}

// partition cuts the network into two or three parts for some minutes.
func partition(b *Breaker) {
	parts, lasts := 2+b.Random.IntN(2), b.Between(30*time.Second, 12*time.Minute)
	swallows := b.coin()
	b.SetCut(swallows)
	first := b.Random.Float64()*0.8 + 0.1
	b.did("partition into %d (share %.2f) for %v swallows=%v", parts, first, lasts, swallows)
	for _, h := range b.Hosts() {
		if b.Random.Float64() > first {
			h.SetGroup(1 + b.Random.IntN(parts-1))
		}
	}
	b.Run(lasts)
	b.heal()
}

// loss loses up to a tenth of all messages for a while.
func loss(b *Breaker) {
	lasts := b.Between(10*time.Minute, 40*time.Minute)
	share := 0.01 + 0.09*b.Random.Float64()
	b.SetLoss(share)
	b.did("loss %.3f of each message for %v", share, lasts)
	b.Run(lasts)
	b.SetLoss(0)
}

// slow delays the messages of some nodes by about as long as a request may take.
func slow(b *Breaker) {
	hosts, lasts := b.some(b.share(0.05, 0.3), true), b.Between(2*time.Minute, 30*time.Minute)
	for _, h := range hosts {
		h.SetSlow(b.Between(300*time.Millisecond, 1500*time.Millisecond))
	}
	b.did("slow %s for %v", names(hosts), lasts)
	b.Run(lasts)
	for _, h := range hosts {
		h.SetSlow(0)
	}
}

// slowForever delays them for good, by so little that a round trip stays below two
// seconds.
func slowForever(b *Breaker) {
	hosts := b.some(b.share(0.05, 0.3), false)
	for _, h := range hosts {
		h.SetSlow(b.Between(100*time.Millisecond, 450*time.Millisecond))
	}
	b.did("slow for ever %s", names(hosts))
	b.Run(10 * time.Minute)
}

// hang holds some nodes, as stopped processes, and lets them run again.
func hang(b *Breaker) {
	hosts, lasts := b.some(b.share(0.02, 0.3), true), b.Between(30*time.Second, 15*time.Minute)
	b.did("hang %s for %v", names(hosts), lasts)
	for _, h := range hosts {
		h.Hold()
	}
	b.Run(lasts)
	for _, h := range hosts {
		h.Release()
	}
}

// bootGone ends the first bootstrap node for good, and often others with it.
func bootGone(b *Breaker) {
	silent := b.coin()
	b.did("bootstrap node dies for good silent=%v", silent)
	b.Hosts()[0].Crash(silent)
	if b.coin() {
		hosts := b.some(b.share(0, 0.3), false)
		b.did("and %s", names(hosts))
		crashAll(hosts, silent)
	}
}

// bootRestart restarts the first bootstrap node.
func bootRestart(b *Breaker, remember bool) {
	away, silent := b.Between(time.Second, 10*time.Minute), b.coin()
	b.did("bootstrap node away for %v silent=%v", away, silent)
	b.Hosts()[0].Crash(silent)
	b.Run(away)
	b.Hosts()[0].Boot(remember)
}

// rolling restarts all nodes, one after the other, as an update does.
func rolling(b *Breaker, remember bool) {
	away, pause := b.Between(500*time.Millisecond, 20*time.Second), b.Between(0, 10*time.Second)
	b.did("rolling restart away %v pause %v", away, pause)
	for _, h := range b.live() {
		h.Crash(false)
		b.Run(away)
		h.Boot(remember)
		b.Run(pause)
	}
}

// crashloop lets one to three nodes run for some seconds, crash, and start again, for
// long.
func crashloop(b *Breaker, remember bool) {
	const rounds = 300
	hosts := b.some(1+b.Random.IntN(3), false)
	up, down := b.Between(5*time.Second, 40*time.Second), b.Between(time.Second, 10*time.Second)
	b.did("crash loop of %s: up %v down %v for %d rounds", names(hosts), up, down, rounds)
	end := b.Now() + rounds*Round
	for _, h := range hosts {
		var die, live func()
		die = func() {
			if b.Now() < end {
				h.Crash(false)
				b.At(b.Now()+down, live)
			}
		}
		live = func() {
			h.Boot(remember)
			b.At(b.Now()+up, die)
		}
		b.At(b.Now()+b.Between(0, up), die)
	}
	b.Run((rounds + 2) * Round) // longer than the last one is down
}

// powerCut ends all nodes at once; they come back within two minutes of each other.
func powerCut(b *Breaker, remember bool) {
	away, within := b.Between(time.Second, 20*time.Minute), b.Between(0, 2*time.Minute)
	b.did("power cut for %v, back within %v", away, within)
	all := b.live()
	crashAll(all, true)
	b.Run(away)
	for _, h := range all {
		b.At(b.Now()+b.Between(0, within), func() { h.Boot(remember) })
	}
	b.Run(within)
}

// mastersGone ends all masters at once, often the bootstrap node among them. The rest must
// find each other.
func mastersGone(b *Breaker) {
	var masters []Host
	for _, h := range b.live() {
		if h.IsMaster() {
			masters = append(masters, h)
		}
	}
	silent := b.coin()
	b.did("all masters die: %s silent=%v", names(masters), silent)
	crashAll(masters, silent)
}

// split ends the first bootstrap node for good. Later it cuts the others into halves,
// which know each other only from before.
func split(b *Breaker) {
	lasts := b.Between(2*time.Minute, 30*time.Minute)
	swallows := b.coin()
	b.SetCut(swallows)
	b.did("bootstrap node dies, then two halves for %v swallows=%v", lasts, swallows)
	b.Hosts()[0].Crash(true)
	b.Run(b.Between(time.Minute, 5*time.Minute))
	for i, h := range b.some(len(b.live()), true) {
		h.SetGroup(i % 2)
	}
	b.Run(lasts)
	b.heal()
}

// cutOff cuts one node off from all others, every other time the first bootstrap node.
func cutOff(b *Breaker) {
	h, lasts := b.some(1, true)[0], b.Between(time.Minute, 30*time.Minute)
	if b.coin() {
		h = b.Hosts()[0]
	}
	swallows := b.coin()
	b.SetCut(swallows)
	b.did("%s is cut off for %v swallows=%v", h.Name(), lasts, swallows)
	h.SetGroup(1)
	b.Run(lasts)
	b.heal()
}

// heal ends all cuts.
func (b *Breaker) heal() {
	for _, h := range b.Hosts() {
		h.SetGroup(0)
	}
}

// massJoin starts up to as many newcomers at once as there are nodes.
func massJoin(b *Breaker) {
	count := b.share(0.1, 1)
	b.did("%d newcomers at once", count)
	for range count {
		if h := b.Newcomer(); h != nil {
			h.Boot(false)
		}
	}
	b.Run(Round)
}

func mostMassJoin(size int) int { return 2 * size }

// mostChurn is how many newcomers churn starts at most.
func mostChurn(size int) int { return 50 * (size/10 + 1) }

// churn replaces up to a tenth of the nodes in each of many rounds.
func churn(b *Breaker) {
	rounds, rate := 10+b.Random.IntN(40), 0.01+0.09*b.Random.Float64()
	b.did("churn %.3f of the nodes replaced in each of %d rounds", rate, rounds)
	for range rounds {
		k := int(float64(len(b.live()))*rate + b.Random.Float64())
		for _, h := range b.some(k, false) {
			b.At(b.Now()+b.Between(0, Round), func() { h.Crash(b.coin()) })
		}
		for range k {
			b.join()
		}
		b.Run(Round)
	}
}

// join lets a newcomer start within the next round.
func (b *Breaker) join() {
	if h := b.Newcomer(); h != nil {
		b.At(b.Now()+b.Between(0, Round), func() { h.Boot(false) })
	}
}

// mostGrowth is how many rounds growth lasts at most.
const mostGrowth = 120

// growth is no fault: the network grows slowly, and for long.
func growth(b *Breaker) {
	rounds := mostGrowth/2 + b.Random.IntN(mostGrowth/2)
	b.did("one newcomer a round for %d rounds", rounds)
	for range rounds {
		b.join()
		b.Run(Round)
	}
}

// mixed is two to four faults, one after the other.
func mixed(b *Breaker) {
	parts := []string{
		"kill", "restart-memory", "restart-blank", "partition", "loss", "slow", "hang",
		"boot-restart-memory", "boot-restart-blank", "churn",
	}
	for range 2 + b.Random.IntN(3) {
		name := parts[b.Random.IntN(len(parts))]
		b.did("[%s]", name)
		kinds()[name].do(b)
		b.Run(b.Between(0, 3*time.Minute))
	}
}
