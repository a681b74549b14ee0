package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Completing a command line: what can stand at its end, from the same tables of commands
// and flags by which it is read. Nothing here writes, opens a file or runs an action.

// Choices is what can stand at one place of a command line: some words, or names of files
// or folders, which the shell knows better. The zero Choices are none.
//
// Where a program says nothing, the names in the help texts decide: FILE and PATH stand
// for files, DIR and FOLDER for folders, and a|b for one of the words a and b.
type Choices struct {
	Words   []Word
	Files   bool
	Endings []string // that names of files have, such as .yaml; none: any
	Folders bool
}

// Word is one word to choose. One that ends in "=" wants a value behind it; the words for
// that value repeat the key ("https=on"), and are offered when the key is complete.
type Word struct {
	Text    string
	Meaning string // in a few words, or ""
}

// Words are choices without explanations.
func Words(texts ...string) Choices {
	var c Choices
	for _, text := range texts {
		c.Words = append(c.Words, Word{Text: text})
	}
	return c
}

func (c Choices) none() bool { return len(c.Words) == 0 && !c.Files && !c.Folders }

// beginning leaves those words that begin as the one on the command line, lead and word.
func (c Choices) beginning(lead, word string) Choices {
	var fitting []Word
	for _, w := range c.Words {
		_, value, pair := strings.Cut(w.Text, "=")
		later := pair && (value != "") != strings.Contains(word, "=")
		if !later && strings.HasPrefix(w.Text, word) {
			fitting = append(fitting, Word{lead + w.Text, w.Meaning})
		}
	}
	c.Words = fitting
	return c
}

// String is what the scripts read: a line that names the kind (":words", ":files" with
// the endings, ":folders"), and a line for each word with its meaning behind a tab.
func (c Choices) String() string {
	switch {
	case c.Files:
		return strings.Join(append([]string{":files"}, c.Endings...), " ") + "\n"
	case c.Folders:
		return ":folders\n"
	}
	var b strings.Builder
	b.WriteString(":words\n")
	for _, w := range c.Words {
		fmt.Fprintf(&b, "%s\t%s\n", w.Text, strings.Join(strings.Fields(w.Meaning), " "))
	}
	return b.String()
}

// complete returns what the last of the words can become. Words are those behind the
// program's name; the last may be empty.
func (p *Program) complete(app *cli.App, words []string) Choices {
	if len(words) == 0 {
		return Choices{}
	}
	at := position{all: app.Commands, commands: app.Commands, flags: app.Flags}
	last := len(words) - 1
	for _, word := range words[:last] {
		at.pass(word)
	}
	return at.choices(p, words[last])
}

// position is a place between two words of a command line.
type position struct {
	all       []*cli.Command // of the program
	commands  []*cli.Command // of which one can come; none behind a command that is no group
	command   *cli.Command   // the one that was named, or nil
	flags     []cli.Flag     // that can come
	value     cli.Flag       // the flag whose value must come, or nil
	arguments int            // that the command has been given
	literal   bool           // behind "--" all words are arguments
}

// pass goes past a word.
func (at *position) pass(word string) {
	switch {
	case at.value != nil:
		at.value = nil
	case !at.literal && word == "--":
		at.literal = true
	case !at.literal && isFlag(word):
		if flag := flagOf(at.flags, word); takesValue(flag) && !strings.Contains(word, "=") {
			at.value = flag
		}
	default:
		at.passName(word)
	}
}

// passName goes past the name of a command, or past an argument.
func (at *position) passName(word string) {
	i := indexOf(at.commands, word)
	if i < 0 || at.literal {
		at.commands = nil
		at.arguments++
		if at.command == nil { // an unknown one
			at.flags = nil
		}
		return
	}
	helps := at.command != nil && at.command.Name == helpName
	switch found := at.commands[i]; {
	case helps: // the command is only named, and takes neither flags nor arguments
		at.commands = found.Subcommands
	case found.Name == helpName:
		at.command, at.commands, at.flags = found, at.all, nil
	default:
		at.command, at.commands = found, found.Subcommands
		at.flags = append(slices.Clone(found.Flags), cli.HelpFlag)
	}
}

// choices returns what a word can become.
func (at *position) choices(p *Program, word string) Choices {
	name, value, given := strings.Cut(word, "=")
	switch {
	case at.value != nil:
		return p.values(at.value).beginning("", word)
	case !at.literal && isFlag(word) && given:
		return p.values(flagOf(at.flags, name)).beginning(name+"=", value)
	case !at.literal && strings.HasPrefix(word, "-"):
		return flagWords(at.flags).beginning("", word)
	case len(at.commands) > 0:
		return commandWords(at.commands).beginning("", word)
	case at.command != nil:
		return at.argument(p).beginning("", word)
	}
	return Choices{}
}

// values returns what the value of a flag can be; of a switch, or of nil, nothing.
func (p *Program) values(flag cli.Flag) Choices {
	if !takesValue(flag) {
		return Choices{}
	}
	if c := p.at("--" + flag.Names()[0]); !c.none() {
		return c
	}
	value, _ := splitUsage(flag.(cli.DocGenerationFlag).GetUsage())
	return p.named(value)
}

// argument returns what the next argument of the command can be. The last may be repeated
// if it has dots behind its name.
func (at *position) argument(p *Program) Choices {
	names := strings.Fields(at.command.ArgsUsage)
	if len(names) == 0 {
		return Choices{}
	}
	last, many := strings.CutSuffix(strings.Trim(names[len(names)-1], "[]"), "...")
	switch i := at.arguments; {
	case i < len(names)-1:
		return p.named(strings.Trim(names[i], "[]"))
	case i == len(names)-1 || many:
		return p.named(last)
	}
	return Choices{}
}

// at asks the program.
func (p *Program) at(place string) Choices {
	if p.Choices == nil {
		return Choices{}
	}
	return p.Choices(place)
}

// named returns what a name in the help texts stands for.
func (p *Program) named(name string) Choices {
	if c := p.at(name); !c.none() {
		return c
	}
	switch {
	case name == "FILE" || name == "PATH":
		return Choices{Files: true}
	case name == "DIR" || name == "FOLDER":
		return Choices{Folders: true}
	case strings.Contains(name, "|"):
		return Words(strings.Split(name, "|")...)
	}
	return Choices{}
}

func commandWords(commands []*cli.Command) Choices {
	var c Choices
	for _, command := range commands {
		if !command.Hidden {
			c.Words = append(c.Words, Word{command.Name, command.Usage})
		}
	}
	return c
}

// flagWords lists the long forms of flags.
func flagWords(flags []cli.Flag) Choices {
	var c Choices
	for _, flag := range flags {
		if documented, ok := flag.(cli.DocGenerationFlag); ok {
			_, usage := splitUsage(documented.GetUsage())
			c.Words = append(c.Words, Word{"--" + flag.Names()[0], usage})
		}
	}
	return c
}
