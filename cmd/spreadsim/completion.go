package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spreadable/cmd/internal/command"
	"spreadable/sim/bench"
	"spreadable/sim/fault"
	"spreadable/sim/lie"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// choices says what a shell offers at a place of the command line.
func choices(place string) command.Choices {
	switch place {
	case "--set":
		return scenarioKeys()
	case "--queue":
		return command.Words("nats://", "tls://")
	case "--trace":
		return command.Words("nodes=")
	case "--only":
		return command.Words(bench.Names()...)
	case "--faults":
		return command.Words(append(fault.Kinds(), everyKind)...)
	case "--levels":
		return command.Words("1", "2", "3", everyKind)
	case "--liars":
		return command.Words(append(lie.Kinds(), everyKind, noKind)...)
	case "LAW":
		return command.Words(lawNames()...)
	case "--metric":
		return command.Words(result.Paths()...)
	case "A", "B", "SWEEP":
		return command.Choices{Folders: true}
	case "FILE":
		return command.Choices{Files: true, Endings: []string{".yaml", ".yml"}}
	case "RUN":
		return command.Choices{Folders: true}
	}
	return command.Choices{}
}

// key is what completion needs of the JSON Schema of a scenario key.
type key struct {
	Description string
	Type        string
	Enum        []string
	Properties  map[string]key
}

// scenarioKeys are the keys of a scenario, and for those with a few values each of them:
// "latency.model=", "latency.model=uniform".
func scenarioKeys() command.Choices {
	var root key
	if err := json.Unmarshal(scenario.Schema(), &root); err != nil {
		return command.Choices{} // our own schema; the tests would see it
	}
	return command.Choices{Words: root.words("", nil)}
}

// words adds the keys below a key, by name.
func (k key) words(prefix string, list []command.Word) []command.Word {
	for _, name := range slices.Sorted(maps.Keys(k.Properties)) {
		below, path := k.Properties[name], prefix+name
		if below.Type == "object" {
			list = below.words(path+".", list)
			continue
		}
		meaning, _, _ := strings.Cut(below.Description, ". ")
		list = append(list, command.Word{Text: path + "=", Meaning: meaning})
		values := below.Enum
		if below.Type == "boolean" {
			values = []string{"true", "false"}
		}
		for _, value := range values {
			list = append(list, command.Word{Text: fmt.Sprintf("%s=%s", path, value)})
		}
	}
	return list
}
