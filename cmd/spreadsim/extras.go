package main

import (
	"os"
	"path/filepath"

	"spreadable/sim/plots"
	"spreadable/sim/report"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
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

// attached are the files that the scenario names, so that the folder of a run holds all
// that it takes to repeat it.
func attached(s *scenario.Scenario) []result.Extra {
	var list []result.Extra
	for _, file := range s.Attachments() {
		list = append(list, result.Extra{Files: []string{file.Name}, Write: func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(file.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return os.WriteFile(path, file.Content, 0o644)
		}})
	}
	return list
}
