package main

import (
	"spreadable/sim/plots"
	"spreadable/sim/report"
	"spreadable/sim/result"
)

// extras are the parts of a results folder that are drawn rather than measured: the plots
// and the report. If they are not drawn, those of an earlier run
// are removed.
func extras(r *result.Run, drawn bool) []result.Extra {
	pictures := result.Extra{Files: plots.Files()}
	page := result.Extra{Files: []string{report.File}}
	if drawn {
		pictures.Write = func(dir string) error { return plots.Write(r, dir) }
		page.Write = func(dir string) error { return report.Write(r, dir) }
	}
	return []result.Extra{pictures, page}
}
