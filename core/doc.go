// Package core is a Spreadable node: one member of a network of servers that has no
// centre.
//
// # What a node is
//
// Servers of many owners run the same node. Some nodes keep a list of others: such a node
// is a master, the nodes in its list are its slaves, and it is their backlink. A node can
// be master and slave at once. The roles give no privileges, and they change at any time.
// The masters know each other, and every node knows the masters. The number of masters,
// and the number of slaves of each master, tend to the square root of the number of nodes
// N. So a request to all nodes takes three sequential steps whatever N is: from the
// client to any node, from that node to all masters, from the masters to their slaves.
// These steps are the hops that an answer tells (message.Cost). A step from a node to
// itself, such as from an entry node that is a master, is none: it is a call within the
// process.
//
// A node does not know whether its world is real. Package transport/inmem runs many
// thousands of nodes in virtual time, package transport/http runs one on a server, and
// both run this code.
//
// # The smallest use
//
// A Node is a state machine without a clock, a goroutine, a lock or a socket. It belongs
// to a driver:
//
//	var node core.Node
//	node.Init(config, env, pool, self) // a validated Config, the driver's Env and Pool
//	node.Offer(query)                  // what an application answers here, if any
//	node.Start()                       // the node begins to look for its place
//
// From then on the driver has these duties. It carries them out from one thread of
// control, and never from inside another call:
//
//   - A request has arrived: call node.Serve. If it is done, send the response. If not,
//     keep the ticket: the node will call Env.Reply with it.
//   - A timer that the node set by Env.After is due: call node.Wake with its tag.
//   - A request that the node sent by Env.Call has been answered, refused, or timed out:
//     call the Answer method of its Sink, once.
//   - Work that the node gave away by Env.Offload is done: call Answer of its Sink, once.
//
// That is all that a driver must do. Node.Stop ends a node: after that no call does
// anything. A driver may do more. It may read the Status, the Bans and the Structure of
// the node, and start a Sync out of turn. It may write down what has changed in the state
// (Revision, Changes), and Restore it after a restart. It may ask whether the address
// filter would refuse a sender, before it reads the request (Screen, AdmitsAll), and
// whether a host may try another login (Login). And it may drop addresses that are no
// longer needed (SweepBook). AtEase is for a server: it says when a request for the
// structure needs no Serve. Touch is for a simulation: it loads a node into the
// processor's cache.
//
// Less formally: the node does something only when it is called, finishes it before it
// returns, and is left alone between two calls. In a simulation the kernel calls the
// node; in a server one goroutine does, and all others post their work to it.
//
// # How a node is written
//
// Nearly all messages are leaf requests: a ping, a request for the structure, an
// application's local answer. Serve answers them at once (serve.go).
//
// An operation that must ask other nodes first is a procedure. It reads from top to
// bottom and runs as a Task, a coroutine that exists only while the operation is in
// flight (task.go). The sync cycle, registration, approvals and queries are procedures. A
// task has six verbs: Call asks one peer, Gather asks many and waits for all answers,
// GatherSome for enough of them, Sleep waits for a time, Offload for work outside the
// node's thread, and Lock for a key that another task holds. While a task waits, the node
// serves other requests, so the lists may have changed after every wait. A procedure that
// depends on the lists reads them again.
//
// A node's membership in the network is a level: its lists (lists.go), and what it
// remembers to renew them (level.go). How it finds and keeps its place there is its rule,
// which has two values, directed and original (rule.go).
//
// Lists that travel are immutable snapshots and are shared (lists.go). A slave keeps the
// very list of masters that its backlink answered with, and all answers to structure
// requests are one pointer until something changes. Addresses are interned as numbers
// (package peer).
//
// # Messages
//
// One paragraph for each kind of request, in the order of message.Kind. The types of the
// bodies are in package message; a body that is not mentioned is empty.
//
// A request between nodes carries the sender's address and root. Any request but a ping
// can be denied: with ErrDenied if the sender is banned, blacklisted, or not in the
// whitelist of a receiver that has one; and a request under /api with ErrWrongRoot if it
// names another root than the receiver's. On the wire both are status 403 without a code.
// A sender that gets past these two checks is alive, so the receiver forgets its
// failures.
//
// A refusal is an answer with a code (message.Error). On the wire it has status 422, and
// its code the prefix ERR_SPREADABLE_. Each paragraph names all codes that its kind can
// be refused with. The wire decoder refuses a field that cannot be read with the code
// that the node would give to a wrong one. Everything else that goes wrong has no code.
//
// Ping (GET /ping): from any participant to any node, to see that it is there. Entry
// nodes ping the approvers that they have drawn, and clients the addresses that they were
// given. Answer: nothing; on the wire, version and address. Effect: none. Never refused,
// not even to a banned sender.
//
// Status (GET /status): from any participant to any node. A node asks its bootstrap nodes
// for the root at its first sync, and once per sync lifetime from then on (root.go).
// Answer: Status, the root, how busy the node is, its roles, and how many nodes it counts
// in the network. Effect: none. Never refused.
//
// Structure (POST /api/node/structure): at every sync, from a slave to its backlink, and
// from a master to its slaves and to all other masters; also from a node that draws
// approvers to npm masters, to learn their slaves. Body: none, or Introduction. Answer:
// Structure, with the backlink, the slaves, the masters with their sizes, and whether npm
// nodes are among the slaves. An approver also asks a node that checks an answer, and its
// backlink, once a period; and a peer that has failed to answer is asked again (probe.go).
// Effect: with an Introduction, a master takes the sender for a master and asks it at its
// next sync; a node without a place remembers the sender, to ask it for one. Never
// refused.
//
// Interview (POST /api/node/get-interview-summary): from a master to a newcomer that
// wants to register at it, to see that its address answers. Answer: Interview, the own
// address. Effect: none. Never refused.
//
// Provide (POST /api/node/provide-registration): from a node without a backlink to its
// provider, a bootstrap node, to learn where it could register; if none answers, to other
// nodes that it knows (reserve.go). Body: ProvideRequest, the address that looks for a
// place, and the backlink that it has lost, if it has. Answer: Provision. Under the
// original rule the provider asks all masters for their structure and passes on all of
// it; under the directed rule it names the places to try, best first. A node that would
// become a master of a newcomer asks two masters in its name whether there are places, and
// is named none (crowd.go). Effect: under the directed rule the provider counts a newcomer
// that asks for itself at the first of these places, and begins to probe the lost
// backlink. Refused with INVALID_TARGET_FIELD if the body names no address; MASTER_IS_FULL
// under the directed rule if the host of the address has its share of places, or as many of
// its newcomers are on their way.
//
// Register (POST /api/node/register): from a newcomer to the node that it has chosen, to
// be listed as its slave. Body: RegisterRequest, the newcomer's address and the network
// size that its provider named. Answer: Registered, the number of slaves. Effect: the
// receiver interviews the newcomer and adds it to its slaves, which makes it a master if
// it had none; the newcomer takes the receiver as its backlink. A newcomer that is listed
// already is just told the number again. Both also say how their networks draw approvers,
// if not as npm does, and the newcomer does not take a backlink that draws otherwise.
// Refused with INVALID_TARGET_FIELD if the body names no address, the receiver's own, or
// another one than the sender's; LEVELS_DIFFER if the newcomer's network has another
// number of levels, and DRAW_DIFFERS if it draws otherwise (agree.go); MASTER_IS_FULL
// if the receiver follows the directed rule and is a settled master without capacity, or
// has stepped down within the last two sync intervals;
// INTERVIEW_INTERVIEWEE_NOT_AVAILABLE if the newcomer does not answer the interview.
//
// ApprovalInfo (POST /api/node/get-approval-info): from an entry node to an approver, to
// get its part of a client's question. Body: ApprovalInfoRequest, the action and the key.
// Answer: ApprovalInfo, the part. Effect: the approver settles on the answer that it
// expects. Refused with INVALID_APPROVAL_ACTION if the receiver has no approval of this
// kind; UNSUITABLE_APPROVAL_KEY if it vouches for no client under this key and for this
// action.
//
// ApprovalCheck (POST /api/node/check-approval-answer): from the node at which a client
// takes an action to the approvers, to learn whether the answer was right. Body:
// ApprovalCheckRequest, the key, the answer, and the proof's approvers and client IP.
// Answer: nothing. Effect: the sender's host has used its only check of this question,
// and a wrong answer before the first right one ends the question
// (Config.ApprovalLimits). Refused with UNSUITABLE_APPROVAL_KEY if the key is unknown, for
// another action, or its period is over, if there is no question or it has ended, if the
// host has asked before, if the client's host is not that of the proof or is the sender's,
// or if the sender is no member: neither in a list of the receiver nor a slave of a node
// there; on the wire with INVALID_APPROVAL_INFO if the approvers are no list of addresses;
// WRONG_APPROVAL_ANSWER if the answer is wrong or the receiver is not among the approvers.
//
// QueryMaster (POST /api/master/NAME): from a node to a master above the first level of a
// network with several, to pass a network-wide request down. Body: QueryRequest, with the
// level of the receiver. Answer: QueryAnswer, merged from those of all masters one level
// below that the receiver knows. Effect: what the
// application does. Refused with UNKNOWN_QUERY if no application of the receiver answers
// this query; on the wire such a path does not exist, which is status 404 without a code.
// Refused with INVALID_QUESTION if the application says so, or with a code of its own.
//
// QueryButler (POST /api/butler/NAME): from an entry node to each master, which answers
// for its slaves. Body: QueryRequest, with level 1. Answer: QueryAnswer, merged from
// those of the slaves, and from what the application knows of slaves without asking them
// (Fold.Known); a node without slaves asks itself. Effect: what the application
// does. Refused with UNKNOWN_QUERY and INVALID_QUESTION as QueryMaster is.
//
// QuerySlave (POST /api/slave/NAME): from a master to each slave, which answers for
// itself. Body: QueryRequest, with level 0. Answer: QueryAnswer, what this one node has
// to say. Effect: what the application does. Refused with UNKNOWN_QUERY and
// INVALID_QUESTION as QueryMaster is; APPLICATION_FAILED if the application fails without
// a code of its own.
//
// AvailableNode (POST /client/get-available-node): from a client to any node, to learn of
// a node to work with. Answer: AvailableNode, a random slave of a random master that has
// named this master its backlink, now or in the last half minute, and otherwise the
// receiver itself. Effect: the receiver asks a slave, once in each Config.LookPause (16 at
// once after a pause). An answer does not tell whether an address that is no node answers.
// Never refused; on the wire, a request whose timeout has passed already is answered with
// status 408 without a code.
//
// ApprovalKey (POST /client/request-approval-key): from a client to an entry node, to
// learn which nodes approve it in the current period. Body: ApprovalKeyRequest, the
// action. Answer: ApprovalKey, the approvers in the order of the draw, a key that names
// this approval alone, the start of the period, and the client's IP. Effect: the entry
// node draws the approvers from the slaves of all masters, which it asks for Entrants,
// unless it did so a moment ago (draws.go). It remembers the draw for this key until it is
// no longer valid, or others take its place (Config.ApprovalLimits). Refused with
// INVALID_APPROVAL_ACTION if the receiver has no approval of this kind.
//
// ApprovalAdd (POST /client/add-approval-info): from a client to each of its approvers,
// to ask it to vouch. Body: ApprovalAddRequest, the action, the key, the start of the
// period, and what the client asks of the question. Answer: nothing. Effect: the approver
// remembers the client under this key until the period after that of the key has ended,
// or others take its place (Config.ApprovalLimits). Asked again, it starts anew: there
// must be another question. Refused with INVALID_APPROVAL_ACTION if the receiver has no
// approval of this kind; WRONG_APPROVAL_TIME if the start is not that of the current
// period or the one before; VALIDATE_SCHEMA_APPROVAL_INFO if a client cannot ask this of
// the question; UNSUITABLE_APPROVAL_KEY if the key is missing, or stands for another
// client, action or period.
//
// ApprovalQuestion (POST /client/request-approval-question): from a client to an entry
// node, to get the question. Body: ApprovalQuestionRequest, the
// action, the key, the approvers that have agreed, and what the client asks of the
// question. Answer: ApprovalQuestion, the question composed of the approvers' parts.
// Effect: the entry node sends ApprovalInfo to these approvers. If it has not given out
// the key, because the client has changed its entry node, it draws them first. Refused
// with INVALID_APPROVAL_ACTION if the receiver has no approval of this kind;
// VALIDATE_SCHEMA_APPROVAL_INFO if a client cannot ask this of the question, or no
// question can be composed of the parts; UNSUITABLE_APPROVAL_KEY if the key is missing;
// NOT_ENOUGH_APPROVER_DECISIONS if fewer of the approvers drawn than
// the decision level demands have agreed, or give a part that fits.
//
// Query (POST /client/NAME): from a client to an entry node, which asks the whole
// network. Body: QueryRequest. Answer: QueryAnswer, merged from those of all masters,
// with the number of nodes behind it and what it cost. Effect: what the application does.
// Refused with UNKNOWN_QUERY as QueryMaster is; NOT_ALLOWED if the application lets only
// nodes ask; INVALID_QUESTION if it says so; and if it wants an approval, for the reasons
// of Action: APPROVAL_INFO_REQUIRED, INVALID_APPROVAL_ACTION (also if the approval is of
// another kind), WRONG_APPROVAL_TIME, INVALID_APPROVAL_INFO,
// NOT_ENOUGH_APPROVER_DECISIONS or WRONG_APPROVAL_ANSWER.
//
// Action (POST /client/NAME): from a client to any node, to take an action of an
// application that is behind an approval. On the wire the field approvalInfo of the
// application's own request holds the proof. Body: ActionRequest, the approval with the
// answer. Answer: nothing; the application goes on with the request. Effect: the receiver
// draws the approvers of that period again, unless it gave out the key, and sends
// ApprovalCheck to those that the client names. Refused with APPROVAL_INFO_REQUIRED if
// there is no proof; INVALID_APPROVAL_ACTION if the receiver has no approval of this
// kind; WRONG_APPROVAL_TIME if its start is not that of the current period or the one
// before; INVALID_APPROVAL_INFO if it is another client's or names an approver twice, or
// on the wire has not exactly the fields that it must have; NOT_ENOUGH_APPROVER_DECISIONS
// if it names fewer approvers of the draw than the decision level demands, or more nodes
// than a draw can have; WRONG_APPROVAL_ANSWER if fewer approvers than that say that the
// answer is right.
//
// Entrants (POST /api/node/entrants): from a node that draws approvers to each master, to
// learn which of its slaves come first in the draw. Body: EntrantsRequest, the start of
// the period, the highest hash that is asked for, and whether of each host only one node
// counts; in a network that draws by host, what the hashes of that draw depend on
// (byhost.go). Answer: Entrants, the slaves whose hashes are not above that. Effect: none.
// Never refused; npm nodes do not know the request, which is status 404, and are asked for
// their structure instead.
//
// Branch (POST /api/tree/branch): from a node without a branch, in a network of several
// levels, to a bootstrap node and then to the head of each branch that it is sent to, to
// learn which branch to join. Body: BranchRequest, the number of levels, the level, the
// size of the network as the node above told it, and whether the sender was alone in a
// branch. Answer:
// BranchOffer, the branch with its siblings, or that the sender should found one. Effect:
// the sender counts at that branch until the branch has grown. Its root is not looked at.
// Refused with LEVELS_DIFFER if the sender's network has another number of levels than the
// receiver's; INVALID_TARGET_FIELD if there is no such level; NO_BRANCH if the receiver has
// none itself. Npm nodes do not know the request, and say so with status 404, or 403 if
// the sender names another root: then the sender stays at one level.
//
// Tree (POST /api/tree/tree): from a slave to its backlink, from a master to the head of
// its branch, and from each head to the heads of the siblings, to renew what they know of
// the branches; and from an approver to a node that checks an answer and to the heads above
// it, to see that it is a member. Body: TreeRequest, from a head the sender's own branch,
// from an approver that it wants the lists of level 1 too, from a master that its searches
// do not come back to it. Answer: Tree, the receiver's branches and their siblings. Effect:
// a head checks what another says about its branch, and takes it over if that is confirmed;
// one whose branch is left out of searches takes it to another parent. Its root is not looked
// at, but nothing is heeded that comes from another network. Never refused; a node
// without a branch answers that the root differs.
//
// Work (POST /api/work/NAME): from a master to each slave, in place of QuerySlave for a
// query whose local answer takes long, because the slave reads its disk or asks others.
// Body: QueryRequest, with level 0. Answer: QueryAnswer, what this one node has to say.
// Effect: what the application does. Refused with UNKNOWN_QUERY, INVALID_QUESTION and
// APPLICATION_FAILED as QuerySlave is.
//
// Direct (POST /api/direct/NAME): from any node to any other, a request of an application
// to this one node, such as to keep a copy. A stream of bytes may follow, of which the
// request says the length and the hash. Body: DirectRequest. Answer: DirectAnswer. Effect:
// what the application does. Refused with UNKNOWN_QUERY if the receiver has no such
// application; INVALID_QUESTION if the application says so, before the stream is read;
// APPLICATION_FAILED if it fails without a code of its own.
//
// Leave (POST /api/node/leave): from a node that is about to leave the network, or steps
// down as a master, to its slaves, to all masters if it is one, and to the heads of the
// siblings of branches that it leads; from the same node to its backlink when it ends; from
// a master to slaves that it sheds; and from a node that has moved to another branch to its
// former backlink. Body: LeaveRequest, the master that takes its place as a head, and
// whether it has gone. Answer: nothing. Effect: a slave looks for another place at once, a
// master takes the sender off its list, and all take the heir for the head that the sender
// was. Never refused; npm nodes do not know the request and find out by the sender's
// silence, or at their next sync.
//
// BranchEntrants (POST /api/tree/entrants): from a node that draws approvers, in a
// network of several levels, to the heads of the top, and from these to the heads below,
// to learn which nodes of their branches come first in the draw. Body: EntrantsRequest,
// with the level of the receiver. Answer: Entrants, merged from those of the masters one
// level below. Effect: none. Never refused; a node without a branch answers that the root
// differs.
//
// Ages (POST /api/node/ages): from a master to all others at its first syncs as a master,
// in a network that draws by host with a least age, to learn how old nodes are. Body:
// AgesRequest, the sender's own slaves. Answer: Ages, when the network began, and since
// when the receiver knows its slaves and, if it does, the sender's. With several levels
// heads of the top are asked, too, for when the network began. Effect: none. Never refused.
//
// Beacon (POST /api/node/beacon): from a master to all others, several times in a turn,
// and from a node that draws approvers to all masters, in a network whose draws are
// salted by what masters reveal. With several levels these masters are the heads of the
// top. Body: BeaconRequest, the turn, and what the sender tells of the value that is being
// made for it: a commit, a reveal or an echo (beacon.go). Answer: Beacon, the value of the
// turn, if the receiver knows it. Effect: a master that takes part in the making enters
// what another master tells. Never refused.
//
// # Levels
//
// With Config.Levels L above 1 a request to all nodes takes L + 2 steps, and all groups
// tend to N^(1/(L+1)) members, so no node asks more than so many others. The network is a
// tree of branches (message.Branch). A branch of level 1 is all that this essay describes
// of a network of one level: N^(2/(L+1)) nodes under masters that know each other. It has
// the name of its founder as its root, so its messages cannot get into another. A branch
// of level k+1 is made of branches of level k. The head of a branch of level k is a master
// of level k+1: what it lists are the masters of its branch, which all nodes of the branch
// list, too. The heads of the branches of one parent know each other, and all nodes know
// the branches of the top (tree.go).
//
// A newcomer asks its bootstrap node for a branch, and is sent down the tree: first to the
// branch of the top with the fewest nodes, by its head to the one below, and so on. Each of
// them counts only those that it has sent itself (tree_place.go). When even the smallest
// branch has as many nodes as a network of this size wants, the newcomer founds another.
// The sender counts it from that moment, as a provider counts newcomers, so a network that
// starts at once has the right shape at once. A node that stays alone in its branch, or
// finds no place there, looks for another by the list of the top.
//
// In each sync a head asks the heads of its siblings, and tells them its size, which it
// adds up from the branch below it. Masters ask their head, slaves their backlink. So a
// change is known everywhere a few syncs later (tree_sync.go). When a head does not
// answer its masters, the first of them by address takes over, tells the other heads, and
// so the branch is silent for two syncs at most. Nothing has to be handed over, because
// all masters know what the head knew. When all masters of a branch die, what is left of
// it can form several parts of the same name. A head learns that from the lists of other
// heads, in which its own branch has another head: then the masters of both parts meet,
// and the first head by address stays (tree_rivals.go). Each head of the top asks a bootstrap
// node at each sync, so that parts of a network that do not list each other meet
// (tree_bridge.go). Only bootstrap nodes can change the name of the whole network
// (tree_name.go).
//
// With message.AutoLevels the network decides how many levels it has (tree_shape.go). A
// level that it does without has one branch of all nodes, which searches skip. Branches
// that are too many close, and nodes of branches that are too large move to others, few
// at a time. A node that leaves says so before and hands over what it has (leave.go).
//
// Any node can say that it heads a branch. So heads check it, by asking another node of the
// branch and a slave of that (tree_claims.go), and believe no more than these confirm. The
// members of a branch can check its head: they know its masters and their sizes, the list
// of the top says what the head claims, and an entry node sees what a search reaches. The
// masters replace a head that claims too much or hides its branch (tree_audit.go). It is
// not punished: to others it could be the members that lie.
//
// Approvers are drawn from all branches: heads answer for their branches as masters do for
// their slaves (tree_draws.go).
//
// # The sync cycle
//
// At every sync interval a node renews its lists (sync.go and, for each rule, original.go
// and directed.go). It lifts bans that have ended and punishes misbehaviour that has
// piled up (access.go). It confirms the root. It asks its backlink, and if it has no
// slaves it takes over the backlink's list of masters: this one request is all that a
// plain slave sends. A master also asks its slaves. It drops those that name another
// backlink, and those that name none although they have had time to learn of their
// registration. Then it asks every other master for its size. So a settled network of N
// nodes with about √N masters sends three requests per node and interval: one up, one
// down, and √N·√N between masters. A node that has no backlink at the end of the cycle
// registers.
//
// # Registration, and why ours converges
//
// In the original every newcomer sees the same picture and chooses for itself. As a
// guard, it may register only when every master reports the same network size. While many
// nodes arrive the sizes never agree, so the guard keeps out the very nodes that it
// should protect: of a thousand nodes that start at once about half are still outside
// after sixty intervals, and little changes from then on (scenarios/original-1k.yaml).
// Masters learn of each other along backlinks, so masters whose backlinks form a cycle
// are an island that no other node hears of. And a node that sees too many masters steps
// down at once, although its view is about to change.
//
// The directed rule uses the same messages and rests on four observations.
//
// The provider knows where it has just sent each newcomer. It keeps a ledger (ledger.go),
// which counts every newcomer at its place from the moment it is sent there until the
// master itself reports it. So newcomers are placed as if they had arrived one by one,
// however many come at once (placement.go). They go to the first masters until these are
// as full as a network of the present size wants them (Optimum), then to a recent
// newcomer, which becomes a master by that. The number of masters grows as √N does, by
// construction. Every node that reaches the provider is registered two requests later.
// With several bootstrap nodes all newcomers ask the first that answers, so that there is
// one ledger; more than one ledger costs some rounds, no more.
//
// Masters discover each other (discovery.go). In every sync a master asks all masters
// that it knows, then all masters that those know, until no new one turns up: one sync
// visits a whole component of the graph of which master knows which. A master and its
// backlink know each other, so a component is at least a tree of backlinks. A master also
// asks the bootstrap node, which joins the components. And a master whose view has just
// changed introduces itself to every node that it asks, so knowledge flows both ways
// along every edge. After one interval all masters know all masters and their true sizes.
// After the next, when the slaves have asked their backlinks, all nodes do. That makes
// three or four intervals from nothing to an exact picture everywhere, for a thousand
// nodes as for a hundred thousand.
//
// A node outside acts fast, a node inside acts slowly. A node without a place asks again
// after a second or so, with jitter and growing pauses. But a master steps down, sheds
// slaves or refuses newcomers only when its view has settled: when the network size has
// changed by no more than a 32nd in each of two rounds. And it does so only if it exceeds
// the optimum by more than a slack, so that networks near a square number do not move
// nodes back and forth.
//
// The backlink of a node must not have that node as its own backlink. In a network of
// more than two nodes such a pair would be cut off from all others, so it is forbidden,
// and the smallest network without such a pair is a cycle of three. So the first three
// newcomers always make masters. A pair appears when a network of two grows; then the
// node with fewer slaves looks for another backlink. A master whose peers are all its
// slaves sheds one of them and registers at it. The original forbids the pair but allows
// three nodes only two masters, which is why it never settles there. A master that others
// refuse for minutes steps down (deadend.go).
//
// # Death, and how a network heals
//
// A network notices a death by silence. A node that has failed to answer is asked again,
// by each node that has it in a list, every 24th of a sync interval. It leaves these lists
// when seven requests in a row have failed, or two connections were refused (probe.go,
// with the sums). So a death is noticed half a sync interval and 8 s later in the mean.
// Then the slaves of a dead master ask for another place at once. A search misses a share
// of D/(m + D) of the nodes when these live for m and their slaves hang for D: with 16 s,
// 0.9 % at sessions of 30 minutes. As long as nothing fails, all this costs no message.
//
// Whatever dies, those that are left and know each other form one network again:
//
//   - A node whose bootstrap nodes do not answer asks masters, nodes that have asked it,
//     peers that it has lost, and known nodes. Many may be dead, so it pings several at
//     once. A master of which all others are dead directs itself. A bootstrap node does the
//     same when its own view is old or has not helped (reserve.go).
//   - At the first attempt all of them ask the same few masters, if there are many: each
//     provider has a ledger of its own, and all together would make too many masters.
//   - A node without a place remembers which nodes ask it: masters ask their bootstrap node
//     at every sync, so one that came back without its data is found.
//   - Each node knows an address or two of each kind beyond the masters: a fellow slave,
//     and slaves of other masters. These are the places that its provider named and it did
//     not take, so they cost no message. When all masters die at once, the rest are still
//     connected.
//   - A node that has lost its backlink, or most of its masters, asks the addresses that it
//     knew then, until each says that it is in the same network. Where one is in another,
//     the node introduces itself to a master there (bridge.go).
//   - Masters ask the peers that they have lost now and then, for a week. So the halves of
//     a network meet again although each has taken the other for dead.
//   - A provider of a small network whose masters find no place asks one of the others for
//     its slaves, and once it has lost a peer it names these first: most of the newcomers
//     that it remembers may be dead (placement.go).
//
// Where nodes come and go all the time, a bootstrap node makes another master as soon as
// one dies, and spreads the slaves over the others first (placement.go, early.go).
// Otherwise the young one, as the only one with capacity, would get all newcomers until it
// is full, and slaves elsewhere learn of it only at their next sync: searches through these
// would miss them.
//
// When many die at once, all lists are too long for a while, and the first newcomer that
// names a lost backlink tells the provider so. Until the lists are right again the provider
// leaves out masters that are being probed, makes new masters only of nodes that have just
// asked it, and fills them by the size of a network of three quarters of the nodes
// (placement.go). Masters take newcomers by the share of their own slaves that has died
// (deaths.go). None steps down or sheds slaves while many of the masters that it knows are
// silent, and what it gives up later it tells, so that these nodes have another place
// within a second. So the network comes out of it in its right shape. Else it would be
// exact after four rounds and then have to move nodes, for as long again.
//
// # Approval
//
// An approval limits what clients, which have no identity but an IP address, may do. For
// each period every node can compute on its own which nodes vouch for clients: of all
// nodes that answer a ping, those whose hash of address and period start is lowest
// (package draw). The client gets a key and the approvers from an entry node, asks the
// approvers to vouch, gets the question from the entry node, and shows its answer with
// the action. The node that serves the action draws the approvers again, unless it is
// that entry node, and asks them (approval.go). An approver forgets an approval with the
// period after that in which it began (approver.go). What a question is belongs to the
// ApprovalKind.
//
// Each approver knows a part of the answer and says whether that part is right. A search
// part by part would need far fewer tries than guessing the whole. So only members of the
// network may check (asker.go), each host once, and the first wrong answer ends the
// question.
//
// The original believes what clients say about approvers. Here an entry node asks only
// approvers that it has drawn itself. The node that serves an action asks only approvers
// of its own draw, and refuses a proof that names far more of them or another client IP
// than the requester's.
//
// # Trust
//
// Peers may lie, stall or vanish. Nodes watch each other at every sync, and tell two kinds
// of evidence apart.
//
// What honest nodes can show is no proof: silence, slowness, refusals, a list that is some
// syncs old. A third node can see to it that an honest one shows it again and again. It
// bans no node, but it ends relations (standing.go). A backlink, a slave or a known master
// that says nothing useful for MaxFails syncs is taken off the lists; a refusal counts for
// more, and ends a relation at once in which nothing useful was said yet. A slave also
// audits its backlink (audit.go), and leaves one whose network is not that of other
// masters, that claims more slaves than it has (claims.go), that answers searches for too
// few nodes, or that leaves too large a share of requests unanswered (answers.go). One
// that suddenly claims far too many slaves, or leaves out masters that are still there, it
// leaves at once. It doubts the next one from the start, and providers send nobody to a
// master that names others than they do, or none. A peer that comes and goes has to wait
// longer each time. One useful answer makes it all good, and what a peer has left
// unanswered counts for eight syncs after the latest failure. So nothing of it outlasts a
// fault for long, not even where the node was slow itself and all others seemed to be
// silent.
//
// Proof is a statement that no honest node makes (judgement.go). It raises a score, and a
// peer whose score gets too high is banned for a time (package behavior, access.go): with
// its host if it is a slave or has sent requests, and else by its address alone, for what
// others name may be a server that is no node, beside an honest one. What others believe
// of our size is true if we had that size within two and a half intervals (watch.go). And
// only what a node vouches for is held against it (message.Structure.MaxAge): npm nodes do
// not, whose answers are no snapshots.
//
// Garbage is proof: an answer that is no refusal and not what the kind of request calls
// for, in memory a body of another type or with parts missing (message.Row.Fits), by wire
// a success that does not decode. It never reaches a procedure. As on npm nodes its sender
// counts as alive. The thirteenth such answer leads to a ban; good answers between them
// take little back. Errors without a code, connections lost in the middle of an answer and
// results of an application are no garbage, because they may not be the fault of the peer.
//
// A driver that wants a password tells the node of each login (login.go). Wrong ones count
// for the host that they come from; nodes in the lists and browsers are counted apart.
// After ten of them one login is judged in each LoginPause, and the others are refused,
// right or wrong. No login leads to a ban. Black-, white- and trust-lists come before
// everything else.
//
// One host is one voice, whatever its number of ports (hosts.go). It has few places in
// the network, one seat in a draw of approvers, and few entries in the lists of a master.
// There is no register of hosts: a master enforces the limit on its own slaves, by what
// the other masters list. As a list may be a lie, all that one host says about another
// counts as one place. A host that has its share is sent to no place and makes no node a
// master, so its ports do not make upkeep more expensive (crowd.go). And in a draw, the
// node whose address comes first stands for its host, always the same one, so that
// neither more ports nor another choice gain anything. Where hosts have one node each the
// draw is npm's.
//
// A claim counts when it is confirmed (claims.go). Masters ask some of each other's new
// slaves for their backlink. What most of them do not confirm counts only as far as it is
// confirmed; nothing else follows, because silence proves nothing. Names of masters are
// asked in portions, of which only the first is free (discovery.go). And no time depends
// on a size.
//
// # Restart
//
// A node gives out what it must remember over a restart (package state) in ten
// sections, each with a counter of its changes, so that a driver writes down only what
// has changed since. Restore takes the sections back before Start and trusts them no more
// than what comes by wire (restore.go). A node whose address has changed takes back only
// what it knows of the behaviour of others.
package core
