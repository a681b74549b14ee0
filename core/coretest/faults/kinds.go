package faults

import (
	"maps"
	"slices"
	"time"

	"spreadable/core/coretest"
)

// Kinds are the names of all faults, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds())) }

// kinds are the faults by name. Each does its harm, takes it back if it is one that
// passes, and returns at the end of the fault.
func kinds() map[string]func(*World) {
	return map[string]func(*World){
		"none":                func(*World) {},
		"kill":                kill,
		"restart-memory":      func(w *World) { restarts(w, true) },
		"restart-blank":       func(w *World) { restarts(w, false) },
		"partition":           partition,
		"loss":                loss,
		"slow":                slow,
		"slow-forever":        slowForever,
		"hang":                hang,
		"boot-gone":           bootGone,
		"boot-restart-memory": func(w *World) { bootRestart(w, true) },
		"boot-restart-blank":  func(w *World) { bootRestart(w, false) },
		"rolling-memory":      func(w *World) { rolling(w, true) },
		"rolling-blank":       func(w *World) { rolling(w, false) },
		"crashloop-memory":    func(w *World) { crashloop(w, true) },
		"crashloop-blank":     func(w *World) { crashloop(w, false) },
		"power-cut-memory":    func(w *World) { powerCut(w, true) },
		"power-cut-blank":     func(w *World) { powerCut(w, false) },
		"churn":               churn,
		"growth":              growth,
		"mixed":               mixed,
	}
}

// kill ends up to a third of the nodes for good.
func kill(w *World) {
	hosts, silent := w.some(w.share(0, 0.3), false), w.coin()
	w.did("kill %s silent=%v", names(hosts), silent)
	crashAll(hosts, silent)
}

func crashAll(hosts []*coretest.Host, silent bool) {
	for _, h := range hosts {
		h.Crash(silent)
	}
}

// restarts ends up to a third of the nodes, and starts them again some minutes later.
func restarts(w *World, remember bool) {
	hosts, away := w.some(w.share(0.02, 0.3), false), w.between(time.Second, 8*time.Minute)
	silent := w.coin()
	w.did("restart %s away %v silent=%v", names(hosts), away, silent)
	crashAll(hosts, silent)
	w.Run(away)
	for _, h := range hosts {
		restart(h, remember)
	}
}

// partition cuts the network into two or three parts for some minutes.
func partition(w *World) {
	parts, lasts := 2+w.plan.IntN(2), w.between(30*time.Second, 12*time.Minute)
	w.CutSwallows = w.coin()
	first := w.plan.Float64()*0.8 + 0.1
	w.did("partition into %d (share %.2f) for %v swallows=%v", parts, first, lasts, w.CutSwallows)
	for _, h := range w.Hosts() {
		if w.plan.Float64() > first {
			h.Group = 1 + w.plan.IntN(parts-1)
		}
	}
	w.Run(lasts)
	w.Heal()
}

// loss loses up to a tenth of all messages for a while.
func loss(w *World) {
	lasts := w.between(10*time.Minute, 40*time.Minute)
	w.Loss = 0.01 + 0.09*w.plan.Float64()
	w.did("loss %.3f of each message for %v", w.Loss, lasts)
	w.Run(lasts)
	w.Loss = 0
}

// slow delays the messages of some nodes by about as long as a request may take.
func slow(w *World) {
	hosts, lasts := w.some(w.share(0.05, 0.3), true), w.between(2*time.Minute, 30*time.Minute)
	for _, h := range hosts {
		h.Slow = w.between(300*time.Millisecond, 1500*time.Millisecond)
	}
	w.did("slow %s for %v", names(hosts), lasts)
	w.Run(lasts)
	for _, h := range hosts {
		h.Slow = 0
	}
}

// slowForever delays them for good, by so little that a round trip stays below two
// seconds.
func slowForever(w *World) {
	hosts := w.some(w.share(0.05, 0.3), false)
	for _, h := range hosts {
		h.Slow = w.between(100*time.Millisecond, 450*time.Millisecond)
	}
	w.did("slow for ever %s", names(hosts))
	w.Run(10 * time.Minute)
}

// hang holds some nodes, as stopped processes, and lets them run again.
func hang(w *World) {
	hosts, lasts := w.some(w.share(0.02, 0.3), true), w.between(30*time.Second, 15*time.Minute)
	w.did("hang %s for %v", names(hosts), lasts)
	for _, h := range hosts {
		h.Hold()
	}
	w.Run(lasts)
	for _, h := range hosts {
		h.Release()
	}
}

// bootGone ends the first bootstrap node for good, and often others with it.
func bootGone(w *World) {
	silent := w.coin()
	w.did("bootstrap node dies for good silent=%v", silent)
	w.Host(1).Crash(silent)
	if w.coin() {
		hosts := w.some(w.share(0, 0.3), false)
		w.did("and %s", names(hosts))
		crashAll(hosts, silent)
	}
}

// bootRestart restarts the first bootstrap node.
func bootRestart(w *World, remember bool) {
	away, silent := w.between(time.Second, 10*time.Minute), w.coin()
	w.did("bootstrap node away for %v silent=%v", away, silent)
	w.Host(1).Crash(silent)
	w.Run(away)
	restart(w.Host(1), remember)
}

// rolling restarts all nodes, one after the other, as an update does.
func rolling(w *World, remember bool) {
	away, pause := w.between(500*time.Millisecond, 20*time.Second), w.between(0, 10*time.Second)
	w.did("rolling restart away %v pause %v", away, pause)
	for _, h := range w.Live() {
		h.Crash(false)
		w.Run(away)
		restart(h, remember)
		w.Run(pause)
	}
}

// crashloop lets one to three nodes run for some seconds, crash, and start again, for
// long.
func crashloop(w *World, remember bool) {
	const rounds = 300
	hosts := w.some(1+w.plan.IntN(3), false)
	up, down := w.between(5*time.Second, 40*time.Second), w.between(time.Second, 10*time.Second)
	w.did("crash loop of %s: up %v down %v for %d rounds", names(hosts), up, down, rounds)
	end := w.Now() + rounds*round
	for _, h := range hosts {
		var die, live func()
		die = func() {
			if w.Now() < end {
				h.Crash(false)
				h.At(w.Now()+down, live)
			}
		}
		live = func() {
			restart(h, remember)
			h.At(w.Now()+up, die)
		}
		h.At(w.Now()+w.between(0, up), die)
	}
	w.Run((rounds + 2) * round)
	for _, h := range hosts {
		if !h.Up {
			restart(h, remember)
		}
	}
}

// powerCut ends all nodes at once; they come back within two minutes of each other.
func powerCut(w *World, remember bool) {
	away, within := w.between(time.Second, 20*time.Minute), w.between(0, 2*time.Minute)
	w.did("power cut for %v, back within %v", away, within)
	all := w.Live()
	crashAll(all, true)
	w.Run(away)
	for _, h := range all {
		h.At(w.Now()+w.between(0, within), func() { restart(h, remember) })
	}
	w.Run(within)
}

// churn replaces up to a tenth of the nodes in each of many rounds.
func churn(w *World) {
	rounds, rate := 10+w.plan.IntN(40), 0.01+0.09*w.plan.Float64()
	w.did("churn %.3f of the nodes replaced in each of %d rounds", rate, rounds)
	for range rounds {
		k := int(float64(len(w.Live()))*rate + w.plan.Float64())
		for _, h := range w.some(k, false) {
			h.At(w.Now()+w.between(0, round), func() { h.Crash(w.coin()) })
		}
		for range k {
			w.join()
		}
		w.Run(round)
	}
}

// join lets a newcomer start within the next round.
func (w *World) join() {
	h := w.newcomer()
	h.At(w.Now()+w.between(0, round), func() { h.Boot(nil) })
}

// growth is no fault: the network grows slowly, and for long.
func growth(w *World) {
	rounds := 60 + w.plan.IntN(60)
	w.did("one newcomer a round for %d rounds", rounds)
	for range rounds {
		w.join()
		w.Run(round)
	}
}

// mixed is two to four faults, one after the other.
func mixed(w *World) {
	parts := []string{
		"kill", "restart-memory", "restart-blank", "partition", "loss", "slow", "hang",
		"boot-restart-memory", "boot-restart-blank", "churn",
	}
	for range 2 + w.plan.IntN(3) {
		name := parts[w.plan.IntN(len(parts))]
		w.did("[%s]", name)
		kinds()[name](w)
		w.Run(w.between(0, 3*time.Minute))
	}
}
