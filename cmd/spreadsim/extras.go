package main

import (
	"spreadable/sim/plots"
	"spreadable/sim/report"
	"spreadable/sim/result"
)

// extras are the parts of a results folder that are drawn rather than
// measured: the plots and the report.
func extras(r *result.Run) []func(dir string) error {
	return []func(dir string) error{
		func(dir string) error { return plots.Write(r, dir) },
		func(dir string) error { return report.Write(r, dir) },
	}
}
