package node

import "spreadable/config"

// ownDescriptors are kept for what is no connection of the network: the store, the
// listeners, the local endpoint, lookups of names, the log. Of a small limit it is half.
const ownDescriptors = 192

// leastCalls are possible even where descriptors are few: with less a node cannot sync.
const leastCalls = 8

// fit returns how many connections, silent connections and calls can be open at a time
// with so many descriptors, in the ratio of what the options want. Each call may leave an
// idle connection beside its own. Zero descriptors are no limit.
func fit(descriptors uint64, connections, silent, calls int) (fewer, fewerSilent, fewerCalls int) {
	wanted := uint64(connections) + uint64(silent) + 2*uint64(calls)
	spare := descriptors - min(ownDescriptors, descriptors/2)
	if descriptors == 0 || wanted <= spare {
		return connections, silent, calls
	}
	fewerCalls = min(calls, max(leastCalls, int(spare*uint64(calls)/wanted)))
	rest := max(2, int(spare)-2*fewerCalls)
	fewer = max(1, min(connections, rest*connections/(connections+silent)))
	return fewer, max(1, min(silent, rest-fewer)), fewerCalls
}

// fitDescriptors lowers the limits of connections and calls to what the process may open,
// so that the local endpoint and the store find a descriptor under any flood, and logs it.
func (n *Node) fitDescriptors(c *config.Config) (connections, silent, calls int) {
	descriptors := maxDescriptors()
	connections, silent, calls = fit(descriptors, c.MaxConnections, c.MaxSilent, c.MaxCalls)
	if connections != c.MaxConnections || silent != c.MaxSilent || calls != c.MaxCalls {
		n.options.Log.Warn("the limit of open files is too low for max_connections, max_silent_connections and max_calls; "+
			"raise it (ulimit -n, or LimitNOFILE of systemd)", "open_files", descriptors,
			"want", c.MaxConnections+c.MaxSilent+2*c.MaxCalls+ownDescriptors,
			"max_connections", connections, "max_silent_connections", silent, "max_calls", calls)
	}
	return connections, silent, calls
}
