package command

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"pgregory.net/rapid"
)

// sample is a program with a command of its own, a group, and an ending for each kind of error.
func sample() *Program {
	return &Program{
		Name: "sample", Usage: "be tried", Examples: map[string][]string{"": {"do it"}, "do": {"this --fast"}, "keep add": {""}}, ExitCodes: "EXIT CODES\n   0  good",
		Layout:  Layout{Name: 10, Text: 30, ShortForms: true},
		Refused: map[string]string{"secret": "it would be seen"},
		Choices: func(place string) Choices {
			return map[string]Choices{
				"--end": Words("good", "bad"),
				"--set": Words("size=", "colour=", "colour=red", "colour=blue"),
				"THING": {Files: true},
			}[place]
		},
	}
}

func do(c *cli.Context) error {
	switch c.String("end") {
	case "bad":
		return fmt.Errorf("at the end: %w", BadInput(errors.New("no\nsense")))
	case "fail":
		return errors.New("broken\n\ngoroutine 1 [running]")
	case "said":
		return fmt.Errorf("at the end: %w", Reported(7, "said"))
	case "json":
		return PrintJSON(c, map[string]string{"why": "a < b & c"})
	}
	if err := Takes(c, 1, 2, "thing"); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.App.Writer, c.Args().Slice(), c.Bool("fast"), c.StringSlice("set"), c.Path("to"))
	return err
}

// try runs one command line of the sample.
func try(args ...string) (code int, stdout, stderr string) {
	var out, said strings.Builder
	p := sample()
	app := p.App(&out, &said,
		p.Documented("", &cli.Command{Name: "do", Usage: "do it", ArgsUsage: "THING...", Action: do, Flags: []cli.Flag{
			&cli.BoolFlag{Name: "fast", Aliases: []string{"f"}, Usage: "be done soon"},
			&cli.StringFlag{Name: "end", Usage: "end like `THAT`, which may be bad or fail"},
			&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the doing", Category: "Doing"},
			&cli.PathFlag{Name: "to", Usage: "do it `THERE`", Category: "Doing"},
		}}),
		p.Group(&cli.Command{Name: "keep", Usage: "keep things", Subcommands: []*cli.Command{
			p.Documented("keep", &cli.Command{Name: "add", Usage: "add one", Action: func(c *cli.Context) error { return Takes(c, 0, 0, "") }}),
		}}),
	)
	code = p.Run(app, append([]string{"sample"}, args...))
	return code, out.String(), said.String()
}

func TestEveryErrorIsOneLineAndAnExitCode(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		said string
	}{
		{"do this", 0, ""},
		{"do", 2, "do: no thing given (see sample help do)"},
		{"do a b c", 2, `do: takes one thing, not also "c"`},
		{"do --end bad", 2, "at the end: no; sense"},
		{"do --end fail", 1, "broken"},
		{"do --end said", 7, ""},
		{"do --end", 2, "flag --end needs a value (see sample help do)"},
		{"do --fast=maybe", 2, `flag --fast does not take "maybe" (see sample help do)`},
		{"do --end bad this --end=fail", 2, "flag --end: given twice (see sample help do)"},
		{"do this -f --fast=false", 2, "flag --fast: given twice (see sample help do)"},
		{"do this --set a=1 --set a=1", 0, ""},
		{"do this -- --end bad --end bad", 2, `do: takes one thing, not also "bad"`},
		{"do --sett", 2, "unknown flag --sett; did you mean --set? (see sample help do)"},
		{"do --zzz", 2, "unknown flag --zzz (see sample help do)"},
		{"do --secret=x", 2, "unknown flag --secret: it would be seen (see sample help do)"},
		{"--zzz", 2, "unknown flag --zzz (see sample help)"},
		{"dx", 2, `unknown command "dx"; did you mean "do"? (commands: do, keep, completion, version, help)`},
		{"xyz", 2, `unknown command "xyz" (commands: do, keep, completion, version, help)`},
		{"keep", 2, "keep: want one of add (see sample help keep)"},
		{"keep ad", 2, `unknown command "keep ad"; did you mean "add"? (commands: add)`},
		{"keep add it", 2, `keep add: takes no arguments, not "it"`},
		{"keep add --all", 2, "unknown flag --all (see sample help keep add)"},
		{"help dx", 2, `unknown command "dx"; did you mean "do"? (commands: do, keep, completion, version, help)`},
		{"version it", 2, `version: takes no arguments, not "it"`},
	} {
		code, _, said := try(strings.Fields(c.args)...)
		if c.said != "" {
			c.said = "sample: " + c.said + "\n"
		}
		if code != c.code || said != c.said {
			t.Errorf("%s: exit code %d, want %d\ngot  %swant %s", c.args, code, c.code, said, c.said)
		}
	}
}

func TestFlagsKeepTheirCommas(t *testing.T) {
	code, out, said := try("do", "this", "--set", "a=1,2", "-f", "--", "--that")
	if want := "[this --that] true [a=1,2] \n"; code != 0 || out != want {
		t.Errorf("exit code %d, got %q and %q, want %q", code, out, said, want)
	}
}

func TestAPathMayBeginAtHome(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for _, to := range []string{"--to=~/x", "--to ~/x"} {
		if code, out, said := try(strings.Fields("do this " + to + " -- ~/y")...); code != 0 || out != "[this ~/y] false [] /home/me/x\n" {
			t.Errorf("%s: exit code %d, %s%s", to, code, out, said)
		}
	}
	code, _, said := try("do", "this", "--to=$HOME/x")
	if code != 2 || !strings.HasPrefix(said, "sample: flag --to: a path holds no variables") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func TestJSONIsReadableByPeople(t *testing.T) {
	if code, out, _ := try("do", "--end", "json"); code != 0 || out != "{\n  \"why\": \"a < b & c\"\n}\n" {
		t.Errorf("exit code %d, got %s", code, out)
	}
}

const doHelp = `sample do - do it

USAGE
   sample do [options] THING...

EXAMPLES
   sample do this --fast

OPTIONS (before or after the arguments)
   -f, --fast be done soon
   --end THAT end like THAT, which may be
              bad or fail

   Doing:
   --set KEY=VALUE
              of the doing
   --to THERE do it THERE

   -h, --help show help

EXIT CODES
   0  good
`

func TestHelpIsTheSameHoweverItIsAskedFor(t *testing.T) {
	for _, args := range []string{"help do", "do --help", "do -h", "do this --help", "do --fast -h that", "help do this"} {
		if code, out, said := try(strings.Fields(args)...); code != 0 || out != doHelp || said != "" {
			t.Errorf("%s: exit code %d, said %q, got\n%s", args, code, said, out)
		}
	}
	for _, same := range [][2]string{{"", "help"}, {"", "--help"}, {"help keep", "keep --help"}, {"help keep add", "keep add -h"}, {"version", "--version"}} {
		_, a, _ := try(strings.Fields(same[0])...)
		_, b, _ := try(strings.Fields(same[1])...)
		if a != b || a == "" {
			t.Errorf("%q says\n%s%q says\n%s", same[0], a, same[1], b)
		}
	}
}

func TestFlagsStandOnBothSidesOfTheArguments(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"do a --end bad b", "do --end bad -- a b"},
		{"do a --end=bad b", "do --end=bad -- a b"},
		{"keep add it --all", "keep add --all -- it"},
		{"keep it --all", "keep it --all"},
		{"--version do a -f", "--version do -f -- a"},
	} {
		got := FlagsFirst(sampleApp(), append([]string{"sample"}, strings.Fields(c.in)...))
		if text := strings.Join(got[1:], " "); text != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.in, text, c.want)
		}
	}
}

// sampleApp is as much of the sample as the order of words depends on.
func sampleApp() *cli.App {
	return &cli.App{Name: "sample", Commands: []*cli.Command{
		{Name: "do", Flags: []cli.Flag{&cli.BoolFlag{Name: "fast", Aliases: []string{"f"}}, &cli.StringFlag{Name: "end"}}},
		{Name: "keep", Subcommands: []*cli.Command{{Name: "add"}}},
	}}
}

// Moving words must not lose, invent or change any.
func TestMovingFlagsKeepsEveryWord(t *testing.T) {
	word := rapid.SampledFrom([]string{"a.yaml", "b.yaml", "--end=1", "--fast", "-f", "-", "--set=x=y"})
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(word).Draw(t, "words")
		got := FlagsFirst(sampleApp(), append([]string{"sample", "do"}, words...))[2:]
		files := func(words []string) []string {
			return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return isFlag(w) })
		}
		if !slices.Equal(files(got), files(words)) {
			t.Fatalf("files %v became %v", files(words), files(got))
		}
		slices.Sort(words)
		got = slices.DeleteFunc(got, func(w string) bool { return w == "--" })
		slices.Sort(got)
		if !slices.Equal(got, words) {
			t.Fatalf("words %v became %v", words, got)
		}
	})
}

func TestTextIsWrappedBetweenWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zü]{1,9}`)).Draw(t, "words")
		width := rapid.IntRange(9, 40).Draw(t, "width")
		lines := Wrap(strings.Join(words, " "), width)
		for _, line := range lines {
			if len([]rune(line)) > width {
				t.Fatalf("%q is wider than %d", line, width)
			}
		}
		if got := strings.Fields(strings.Join(lines, " ")); !slices.Equal(got, words) {
			t.Fatalf("%v became %v", words, got)
		}
	})
}

// A service runs when its command has been put away: all that describes the commands is
// garbage then. Its error is that of the program.
func TestAServiceRunsWithoutTheCommands(t *testing.T) {
	gone := make(chan bool)
	served := false
	var said strings.Builder
	p := sample()
	build := func() *cli.App {
		app := p.App(io.Discard, &said, p.Documented("", &cli.Command{Name: "serve", Action: func(*cli.Context) error {
			return Service(func() error {
				for range 1000 {
					runtime.GC() // a cleanup follows the collection that finds the garbage
					select {
					case <-gone:
						served = true
						return BadInput(errors.New("no sense"))
					default:
						runtime.Gosched()
					}
				}
				return errors.New("the commands are still there")
			})
		}}))
		runtime.AddCleanup(app, func(gone chan bool) { close(gone) }, gone)
		return app
	}
	if code := p.Run(build(), []string{"sample", "serve"}); code != ExitUsage || !served || said.String() != "sample: no sense\n" {
		t.Errorf("code %d, served %t, said %q", code, served, said.String())
	}
}
