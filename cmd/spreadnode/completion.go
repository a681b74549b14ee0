package main

import (
	"spreadable/cmd/internal/command"
	"spreadable/config"
)

// choices says what a shell offers at a place of the command line: the values of those
// options of a node that have a few words for values, in every command with their flags.
func choices(place string) command.Choices {
	switch place {
	case "--config":
		return command.Choices{Files: true, Endings: []string{".yaml", ".yml"}}
	case "--data":
		return command.Choices{Folders: true}
	}
	for _, o := range config.Options() {
		if place == "--"+o.Flag() {
			return command.Words(o.Words()...)
		}
	}
	return command.Choices{}
}
