// Package scenario reads the files that describe an experiment.
//
// A scenario is one YAML file, read strictly: an unknown key, a missing unit,
// a value that could be read in two ways, each is an error of one line that
// says where it stands and what would be right. What a file leaves out gets
// its default in one place (defaults.go), what it says is judged in one place
// (validate.go), and the whole of it can be written back, every default
// filled in, as the record of a run (Resolved, Hash).
//
// Five steps lead from bytes to a Scenario:
//
//	tree.go      bytes to a syntax tree: size, text, one document, no aliases
//	decode.go    tree to struct, by the struct's own tags; positions are kept
//	defaults.go  what was not said
//	files.go     the files that it names, which are part of it
//	validate.go  what cannot be meant
//
// The same decoder reads `--set key.path=value` of the command line, so a set
// value obeys the same rules as the file and is named in the same errors.
// A new key is a field of a struct in scenario.go with a comment; the decoder,
// the schema and the resolved form follow from it.
package scenario
