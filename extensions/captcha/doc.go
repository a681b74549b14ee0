// Package captcha approves clients by a picture that a person reads. Each approver
// contributes some of its symbols, so no single node knows the answer, and none can hand
// it out. It is a [core.ApprovalKind], named "captcha", and speaks the wire of the npm
// package spreadable 0.3: approvers, entry nodes and clients of both kinds mix freely.
//
//	pictures, err := captcha.New(captcha.DefaultOptions())
//	config.Approvals = append(config.Approvals, pictures)
//
// # How a picture comes about
//
// The picture is a row of square cells, six unless [Options] say otherwise. Every
// approver draws a whole row of its own, from a text of its own, and gives it to the
// entry node as a PNG in base64 ([Approval.Issue]). The entry node shares the cells out
// among the approvers as evenly as they go: with k of them, and left cells still empty,
// the next one owns floor(left / the ones to come) cells. So six approvers own one cell
// each, four own 1+1+2+2, and one owns all. An owner fills its cells with the left-most
// of its own row ([Approval.Compose]). To judge an answer, an approver does the same sum
// over the list that the client names, and compares the characters at its cells with the
// beginning of its own text, whatever their case ([Approval.Check]).
//
// A client may choose the picture's width in pixels (captchaWidth, 100 to 500), its
// background (captchaBackground, "transparent" or "#rrggbb") and the colour of the
// symbols (captchaColor, "random" or "#rrggbb"). What it says to the approvers and to the
// entry node must agree, or the parts do not fit.
//
// # What is better than in the original
//
// All of it is within what npm nodes accept; none of them needs to know.
//
//   - People can read it. npm draws each symbol twice, one as strong as the other, turned
//     by up to 75 degrees, as faint as a quarter, in any colour on any background. Here
//     one copy is the symbol, upright enough and nearly opaque, and the other its faint
//     shadow; colours keep a contrast with what lies behind them, and symbols that look
//     alike are not issued (paint.go, color.go).
//   - A part always fits the wire. npm refuses parts of 32,768 bytes or more in base64,
//     yet at a width of 500 its own reach 39,080. Here a picture has at most 256 colours,
//     and fewer when it must (picture.go gives the bound).
//   - Every slice must be earned. npm compares slices of zero length, so that a padded
//     list of approvers makes any answer right. Here a list longer than the picture has
//     cells is refused, and so is an answer of another length.
//   - Parts are not trusted: their size is read before their pixels, and one that does
//     not fit is an error that says which ([Approval.Fits] finds it beforehand), not a
//     crash.
//   - An approver that falls silent does not spoil the answer. npm skips it when it
//     composes and counts it when it checks, so that the cells of all approvers move.
//     Here its part may be left empty: its cells get a symbol of no meaning, all others
//     stay where their owners look for them.
//
// A captcha limits automated requests; it does not prove that there is a person: a
// program that reads letters will read these. But each approver knows only one symbol of
// six, so to pass without reading the picture a client needs as many of them as the
// decision level asks for.
//
// Drawing or composing takes 2 to 8 ms and 1 to 2 MB that are garbage afterwards: a node
// should do it outside of its loop.
package captcha
