package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves the flags of a command in front of its arguments. The
// command-line library stops reading flags at the first argument; people write
// them on both sides. All behind "--" are arguments.
func flagsFirst(app *cli.App, args []string) []string {
	at := commandIndex(args)
	if at < 0 {
		return args
	}
	command := app.Command(args[at])
	if command == nil {
		return args
	}
	flags, rest := []string{}, []string{}
	words := args[at+1:]
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			rest = append(rest, words[i+1:]...)
			i = len(words)
		case !isFlag(word):
			rest = append(rest, word)
		case asksHelp(word): // about the command, whatever else stands there
			return append(append([]string{}, args[:at+1]...), word)
		default:
			flags = append(flags, word)
			if !takesNext(command, word) {
				continue
			}
			if i++; i == len(words) { // its value is missing: the library will say so
				return append(append([]string{}, args[:at+1]...), flags...)
			}
			flags = append(flags, words[i])
		}
	}
	ordered := append([]string{}, args[:at+1]...)
	ordered = append(ordered, flags...)
	return append(append(ordered, "--"), rest...)
}

// commandIndex finds the command: the first word that is no flag. No flag of
// the program itself takes a value.
func commandIndex(args []string) int {
	for i := 1; i < len(args); i++ {
		if !isFlag(args[i]) {
			return i
		}
	}
	return -1
}

// isFlag reports whether a word is a flag. A lone hyphen is a name.
func isFlag(word string) bool {
	return len(word) > 1 && strings.HasPrefix(word, "-")
}

// asksHelp reports whether a word is one of the flags that ask for help.
func asksHelp(word string) bool {
	return slices.Contains(cli.HelpFlag.Names(), strings.TrimLeft(word, "-"))
}

// takesNext reports whether the word after the flag is its value: the flag is
// known, no switch, and has no value of its own (--flag=value).
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
