// Package message holds what travels between participants: every kind of request as one
// row of one table, the bodies of requests and answers, and the codes of refusals.
//
// To add a kind, give it a constant and a row (table.go), its bodies a type each, and that
// of the answer a method whole (fits.go); then say how a node answers it (package core,
// serve.go) and how it looks on the wire (package wire). The essay of package core has a
// paragraph for each kind; tests there hold the paragraphs, the rows and what nodes really
// refuse together.
//
// Nothing here is changed once sent: transports pass pointers on, and lists are shared.
package message
