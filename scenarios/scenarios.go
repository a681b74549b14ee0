// Package scenarios holds those shipped scenarios that programs run themselves: the laws.
// All others are files for `spreadsim run`.
package scenarios

import "embed"

// Laws are the scenarios of laws/, by their paths.
//
//go:embed laws/*.yaml
var Laws embed.FS
