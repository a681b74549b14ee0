// Package wire says how messages look on the wire of npm spreadable 0.3: bodies as JSON,
// names of headers, codes of refusals, limits, ETags, and how many bytes a message takes
// as sent. It opens no connection: transport/http and client do that, with the names from
// here.
//
// # Both directions
//
// Each kind of request has one codec (codec.go): four functions that write and read its
// request and its answer. The four are together, in a file for each subject, and those
// that write show the JSON as it is sent. Npm peers ignore what they do not know:
// "introduce", "maxAge" of a structure, "places", "networkSize" of a registration,
// "action" of an answer to check, all of a query.
//
// # Two threads
//
// Inside a node peers are numbers of its book, and only the thread of the node may touch
// the book; on the wire peers are texts, which may be hostile. So each direction has two
// steps. To write, the node's thread makes an Encoded, in which only an application's
// value is missing, because it may be large; any other thread finishes it. To read, any
// thread checks everything and makes a Body; the node's thread calls that with its book
// to get the message.
//
// # Sizes
//
// Sizes computes how many bytes a message takes on a connection, by running the same
// functions over a writer that counts instead of writing. Its comment says what is exact
// and what is estimated.
package wire
