package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/internal/home"
)

// FlagsFirst moves the flags of a command in front of its arguments. The command-line
// library stops reading flags at the first argument; people write them on both sides. All
// behind "--" are arguments.
func FlagsFirst(app *cli.App, args []string) []string {
	path, command := commandPath(app, args)
	if command == nil {
		return args
	}
	ordered := slices.Clone(args[:path])
	flags, rest := split(command, args[path:])
	for _, flag := range flags {
		if asksHelp(flag[0]) { // about the command, whatever else stands there
			return append(slices.Clone(args[:path]), flag[0])
		}
		ordered = append(ordered, flag...)
	}
	if len(flags) > 0 && wantsValue(command, flags[len(flags)-1]) { // the library will say so
		return ordered
	}
	return append(append(ordered, "--"), rest...)
}

// split tells the flags of a command from its arguments. A flag is one word, or two if its
// value stands behind it.
func split(command *cli.Command, words []string) (flags [][]string, rest []string) {
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "--":
			return flags, append(rest, words[i+1:]...)
		case !isFlag(word):
			rest = append(rest, word)
		case wantsValue(command, words[i:i+1]) && i+1 < len(words):
			flags = append(flags, words[i:i+2])
			i++
		default:
			flags = append(flags, words[i:i+1])
		}
	}
	return flags, rest
}

// prepare makes of a command line what the library reads without loss: flags before
// arguments, each of them once, and no ~ in a path.
func (p *Program) prepare(app *cli.App, args []string) ([]string, error) {
	args = slices.Clone(args)
	path, command := commandPath(app, args)
	if command == nil {
		return args, nil
	}
	flags, _ := split(command, args[path:])
	if slices.ContainsFunc(flags, func(words []string) bool { return asksHelp(words[0]) }) {
		return FlagsFirst(app, args), nil
	}
	seen := map[string]bool{}
	for _, words := range flags {
		known := flagOf(command.Flags, words[0])
		if known == nil {
			continue
		}
		name := known.Names()[0]
		if seen[name] && !isList(known) { // the library would drop the first without a word
			return nil, BadInput(fmt.Errorf("flag --%s: given twice (see %s help %s)", name, p.Name, strings.Join(args[1:path], " ")))
		}
		seen[name] = true
		if _, isPath := known.(*cli.PathFlag); !isPath {
			continue
		}
		if err := expand(words); err != nil {
			return nil, BadInput(fmt.Errorf("flag --%s: %w", name, err))
		}
	}
	return FlagsFirst(app, args), nil
}

// isList reports whether the values of a flag add up when it is given again.
func isList(flag cli.Flag) bool {
	list, ok := flag.(cli.DocGenerationSliceFlag)
	return ok && list.IsSliceFlag()
}

// expand replaces a ~ in the value of a path's flag: of --out=~/x no shell does it.
func expand(words []string) (err error) {
	if len(words) == 2 {
		words[1], err = home.Expand(words[1])
		return err
	}
	name, value, _ := strings.Cut(words[0], "=")
	if value, err = home.Expand(value); err == nil && value != "" {
		words[0] = name + "=" + value
	}
	return err
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

// wantsValue reports whether the value of a flag is still to come: it takes one, and has
// none of its own (--flag=value).
func wantsValue(command *cli.Command, flag []string) bool {
	return len(flag) == 1 && !strings.Contains(flag[0], "=") && takesValue(flagOf(command.Flags, flag[0]))
}

// takesValue reports whether a flag, which may be nil, is no switch.
func takesValue(flag cli.Flag) bool {
	documented, ok := flag.(cli.DocGenerationFlag)
	return ok && documented.TakesValue()
}

// flagOf finds the flag that a word names; nil if none has the name.
func flagOf(flags []cli.Flag, word string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, flag := range flags {
		if slices.Contains(flag.Names(), name) {
			return flag
		}
	}
	return nil
}
