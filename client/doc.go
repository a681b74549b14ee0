// Package client uses a network of Spreadable nodes from outside: it asks any node of the
// network, and gets the approvals that actions may need. It works with nodes of this
// project and with those of the npm package spreadable 0.3.
//
// # The smallest use
//
//	c, err := client.Connect(ctx, client.Options{Addresses: []string{"n1.example.com:4000", "n2.example.com:4000"}})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	var answer struct{ Link string }
//	err = c.Request(ctx, "find-link", map[string]string{"title": "a song"}, &answer)
//
// Request is POST /client/<endpoint>, JSON both ways. Which endpoints there are is up to
// the applications that run on the network.
//
// # Entry and worker
//
// A client is given some addresses. Connect takes the first of them, in random order,
// that answers a ping with anything at all: the entry. Every WorkerChange it asks the
// entry for a node with free capacity, and sends its requests to that one: the worker. So
// the clients of a network spread over its nodes, although all clients know the same few
// addresses.
//
// When the entry or the worker cannot be reached, the client looks for another entry
// among its addresses, uses it as the worker, and asks for a better worker at the next
// change. (The npm client stays with its first entry for ever.)
//
// # Approvals
//
// An action that needs an approval is taken only with proof that the network has approved
// this client's IP address a short while ago. It takes a question and its answer:
//
//	q, err := c.ApprovalQuestion(ctx, "captcha", nil)
//	picture, err := q.Picture()                        // show it to a person
//	approval := q.Answer("a4k2xy")
//	err = c.Request(ctx, "add-link", link, nil, client.WithApproval(approval))
//
// For the question the client asks the worker which nodes the approvers are, asks each
// approver to vouch for it, and tells the worker which of them agree; the worker then
// composes the question from the approvers' parts. For kind "client" the question is the
// client's IP address, and so is the answer. Whether an answer was right is known only
// with the action.
//
// An approval can be used once at each node, and a wrong answer counts as a use. It holds
// for the period in which the question was asked and the next one, so for five to ten
// minutes unless the network's owners want it otherwise. It belongs to the IP address
// from which the nodes saw the client: Question and Approval have the form that the npm
// client gives them and may travel as JSON, but another machine cannot use them.
//
// # Timeouts and second attempts
//
// Every call has a context and a timeout, and ends with the one that ends first. The
// timeout covers all that the call does, second attempts included, and nodes are told
// what is left of it.
//
// What the client asks for itself may be asked twice, so it is asked again at another
// entry when a node cannot be reached, breaks off, or answers with a status of 500 or
// more. What an application's endpoint does is unknown to the client: such a request is
// sent again only if there was no connection, so that no node can have seen it, or if the
// caller says by Repeatable that this does no harm. Repeatable also saves the time to
// connect: only requests that may be sent twice go over connections that are kept. A
// refusal, which is an answer with a code, is never asked again, and a timeout leaves no
// time for it.
//
// # Errors
//
// What a node refused, or why there is no answer, is an *Error. Refusals carry the code
// of the wire, and errors.Is finds it:
//
//	if errors.Is(err, client.CodeWrongAnswer) {
//		// ask for another question
//	}
//
// A refusal for which the wire has no code, such as a wrong password (401), a ban or
// another version (403), has an Error with its Status.
//
// # IP addresses
//
// An approval is for one IP address, and npm nodes refuse clients that come over IPv6. So
// a name that has both is called over IPv4. Options.Source chooses among the addresses of
// a machine that has several. Proxies of the environment are not used: they would lend
// all their users one address.
//
// # What is trusted
//
// A client calls the addresses that nodes tell it, workers and approvers, and in a closed
// network sends them its password. What is given as an address of the network is trusted
// with that. Redirects are not followed; answers are bounded in size.
//
// # Why it is not core.Client
//
// The core's client speaks the core's messages and is driven like a node, in virtual time
// as well: it is there for the simulator and for tests that compare both worlds. An
// application's client needs endpoints that the core does not know, texts of JSON, codes
// and statuses as they came, and questions that a person may take minutes to answer. It
// needs neither a thread of its own nor a book of addresses. So this package uses
// net/http directly. It shares the rules of addresses with the core, and names, paths and
// codes with package wire.
package client
