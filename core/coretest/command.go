package coretest

// Command is one command of the scripts.
type Command struct {
	Name string
	// Args are the arguments as people write them: key= has a value, [] may be left out.
	Args string
	Does string // one line
	Run  func(*Script) string
}

// Commands returns the commands that each script has. Run returns what the command
// prints; "" is printed as ok.
func Commands() []Command {
	return []Command{
		{"network", "[latency=] [seed=]", "begins a new network", (*Script).network},
		{"add-nodes", "[n=] [bootstrap=] [rule=] ...", "adds nodes, not started yet", (*Script).addNodes},
		{"fake", "[node=] [address=]", "makes a host that gives fixed answers, a line each", (*Script).fake},
		{"start", "[node=]", "starts one, or all that are not up", (*Script).start},
		{"run", "for= [quiet]", "lets time pass; prints the nodes' notes", (*Script).run},
		{"sync", "[node=]", "runs one sync to its end; prints the notes", (*Script).sync},
		{"sync-many", "node= [times=] [apart=]", "runs syncs, some time apart, and drops the notes", (*Script).syncMany},
		{"targets", "[from=] [kind=]", "counts the requests since the last look by receiver", (*Script).targets},
		{"structure", "[node=]", "prints backlink, slaves and masters", (*Script).structure},
		{"status", "[node=]", "prints what a node says about itself", (*Script).status},
		{"trace", "[from=] [kind=]", "prints the requests since the last look", (*Script).trace},
		{"forget", "", "drops trace and notes up to now", (*Script).forgetSent},
		{"count", "[from=] [kind=]", "counts the requests since the last look by outcome", (*Script).count},
		{"check", "", "prints the first invariant that does not hold", (*Script).check},
		{"sizes", "", "prints how many nodes each node counts", (*Script).sizes},
		{"kill", "node=", "takes a host down: it refuses all requests", (*Script).kill},
		{"revive", "node=", "brings it up again, with all that it knew", (*Script).revive},
		{"hang", "node= [off]", "lets a host take requests and answer none", (*Script).hang},
		{"cut", "from=", "cuts the hosts from a number on off from the others", (*Script).cut},
		{"heal", "", "ends the cut", (*Script).heal},
		{"ban", "node= at= [for=]", "bans a node at another", (*Script).ban},
		{"bans", "at=", "prints a node's bans", (*Script).bans},
		{"suspicion", "of= at=", "prints the scores and failures of a node at another", (*Script).suspicion},
		{"request", "kind= to= [from=] [client=] [root=] ...", "sends one request by hand", (*Script).request},
		{"search", "entry= [key=] [name=] [client=]", "searches the network for a key's holders", (*Script).search},
		{"available", "entry=", "asks for a node to use", (*Script).available},
		{"available-many", "entry= times=", "counts the nodes that are named", (*Script).availableMany},
		{"approve", "entry= [client=] [action=]", "gets a client approved, all the way", (*Script).approve},
		{"draw", "entry= [client=] [action=]", "draws a client's approvers", (*Script).draw},
		{"add", "[client=] [node=] [time=] [info=] [key=]", "asks the drawn approvers to vouch", (*Script).add},
		{"question", "entry= [client=] [confirmed=]", "asks for the question", (*Script).question},
		{"act", "entry= [client=] [answer=] [ip=] ...", "shows the proof and acts", (*Script).act},
		{"check-part", "node= from= [client=] [answer=] ...", "asks an approver as an entry node does", (*Script).checkPart},
	}
}
