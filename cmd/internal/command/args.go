package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// FlagsFirst moves the flags of a command in front of its arguments. The command-line library stops reading flags at the
// first argument; people write them on both sides. All behind "--" are arguments.
func FlagsFirst(app *cli.App, args []string) []string {
	path, command := commandPath(app, args)
	if command == nil {
		return args
	}
	flags, rest := []string{}, []string{}
	words := args[path:]
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			rest = append(rest, words[i+1:]...)
			i = len(words)
		case !isFlag(word):
			rest = append(rest, word)
		case asksHelp(word): // about the command, whatever else stands there
			return append(slices.Clone(args[:path]), word)
		default:
			flags = append(flags, word)
			if !takesNext(command, word) {
				continue
			}
			if i++; i == len(words) { // its value is missing: the library will say so
				return append(slices.Clone(args[:path]), flags...)
			}
			flags = append(flags, words[i])
		}
	}
	ordered := append(slices.Clone(args[:path]), flags...)
	return append(append(ordered, "--"), rest...)
}

// commandPath finds the command, which may be one of a group ("ban add"), and how many words lead to it. Words of a path
// stand side by side; no flag of the program itself takes a value.
func commandPath(app *cli.App, args []string) (words int, found *cli.Command) {
	at := 1
	for at < len(args) && isFlag(args[at]) {
		at++
	}
	commands := app.Commands
	for at < len(args) {
		i := indexOf(commands, args[at])
		if i < 0 {
			break
		}
		found = commands[i]
		at++
		commands = found.Subcommands
	}
	if found != nil && len(found.Subcommands) > 0 {
		return at, nil // a group without its command: the library finds out
	}
	return at, found
}

// isFlag reports whether a word is a flag. A lone hyphen is a name.
func isFlag(word string) bool { return len(word) > 1 && strings.HasPrefix(word, "-") }

// asksHelp reports whether a word is one of the flags that ask for help.
func asksHelp(word string) bool {
	return slices.Contains(cli.HelpFlag.Names(), strings.TrimLeft(word, "-"))
}

// takesNext reports whether the word after the flag is its value: the flag is known, no switch, and has no value of its
// own (--flag=value).
func takesNext(command *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, flag := range command.Flags {
		if slices.Contains(flag.Names(), name) {
			documented, ok := flag.(cli.DocGenerationFlag)
			return ok && documented.TakesValue()
		}
	}
	return false
}
