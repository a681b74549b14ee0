// Package js is the JavaScript client: one file without dependencies, for browsers and
// Node.js. It does what package client does in Go; docs/javascript.md is its manual.
package js

import _ "embed" // for the file

// Name is the usual name of the file, Type its media type.
const (
	Name = "spreadable.mjs"
	Type = "text/javascript; charset=utf-8"
)

// Source is the text of the file.
//
//go:embed spreadable.mjs
var Source []byte
