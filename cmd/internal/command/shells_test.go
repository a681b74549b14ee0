//go:build shells && linux

package command_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shells are started as a person's would be, but for the person's own settings. Each is
// told how to complete as it is told by the help text of completion.
var shells = []struct {
	name  string
	args  []string
	setup string
}{
	{"bash", []string{"--norc", "--noprofile", "-i"}, `bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; for p in spreadsim spreadnode; do source <($p completion bash); done`},
	{"zsh", []string{"-f", "-i"}, `unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; for p in spreadsim spreadnode; do source <($p completion zsh); done`},
	{"fish", []string{"--no-config", "-i"}, `for p in spreadsim spreadnode; $p completion fish | source; end`},
}

// lines are what is typed before TAB, and the words that then stand on the line.
var lines = []struct{ typed, want string }{
	{"spreadsim val", "spreadsim|validate"},
	{"spreadsim run --no-p", "spreadsim|run|--no-plots"},
	{"spreadsim run --seed 7 good", "spreadsim|run|--seed|7|good.yaml"},
	{"spreadsim run 'two wo", "spreadsim|run|two words.yml"},
	{`spreadsim run two\ wo`, "spreadsim|run|two words.yml"},
	{"spreadsim run --set 'latency.model=log", "spreadsim|run|--set|latency.model=lognormal"},
	{"spreadsim run folder/in", "spreadsim|run|folder/inner.yaml"},
	{"spreadsim validate other", "spreadsim|validate|other"},
	{"spreadsim plot fol", "spreadsim|plot|folder"},
	{"spreadsim run --out=fol", "spreadsim|run|--out=folder"},
	{"spreadsim run --set latency.mo", "spreadsim|run|--set|latency.model="},
	{"spreadsim run --set latency.model=log", "spreadsim|run|--set|latency.model=lognormal"},
	{"spreadsim run --set=latency.model=log", "spreadsim|run|--set=latency.model=lognormal"},
	{"spreadsim run --set expect.search.hops.ma", "spreadsim|run|--set|expect.search.hops.max="},
	{"spreadsim bench --only ph", "spreadsim|bench|--only|phold"},
	{"spreadsim help sch", "spreadsim|help|schema"},
	{"spreadsim completion z", "spreadsim|completion|zsh"},
	{"./link/spreadsim val", "./link/spreadsim|validate"},
	{"~/link/spreadsim val", "HOME/link/spreadsim|validate"},
	{"spreadnode ban cl", "spreadnode|ban|clear"},
	{"spreadnode help ban cl", "spreadnode|help|ban|clear"},
	{"spreadnode run --registration dir", "spreadnode|run|--registration|directed"},
	{"spreadnode run --registration=dir", "spreadnode|run|--registration=directed"},
	{"spreadnode run --bootstrap localhost:4000 --log-level de", "spreadnode|run|--bootstrap|localhost:4000|--log-level|debug"},
	{"spreadnode cluster -n 9 --log-l", "spreadnode|cluster|-n|9|--log-level"},
	{"spreadnode restore oth", "spreadnode|restore|other.txt"},
	{"spreadnode run --data fol", "spreadnode|run|--data|folder"},
	{"spreadnode status --config go", "spreadnode|status|--config|good.yaml"},
}

func TestShellsComplete(t *testing.T) {
	inEachShell(t, func(t *testing.T, term *terminal, home string) {
		for _, line := range lines {
			want := strings.Replace(line.want, "HOME", home, 1)
			// Zsh takes the slash of a folder away again when the word is complete.
			if got := strings.TrimSuffix(term.complete(line.typed), "/"); got != want {
				t.Errorf("%s TAB\ngot  %s\nwant %s", line.typed, got, want)
			}
		}
	})
}

// Completing runs nothing of what stands on the line, and leaves no file.
func TestCompletingChangesNothing(t *testing.T) {
	inEachShell(t, func(t *testing.T, term *terminal, _ string) {
		before := names(t)
		const cancelled = "\x01\x0b" // to the begin of the line, and delete to its end
		for _, typed := range []string{"spreadsim run $(touch oops) --no-p", "spreadnode run --data `touch oops` --htt", "spreadnode "} {
			term.write(typed + "\t" + cancelled)
			term.run("")
		}
		if after := names(t); after != before {
			t.Errorf("there were %s, now there are %s", before, after)
		}
	})
}

// inEachShell runs a test in a folder with some files, at a terminal with each shell.
func inEachShell(t *testing.T, test func(t *testing.T, term *terminal, home string)) {
	bin, err := filepath.Abs(filepath.Join(t.TempDir(), "bin"))
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", bin+"/", "spreadable/cmd/spreadsim", "spreadable/cmd/spreadnode")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, filepath.Join(bin, "show"), "#!/bin/sh\nIFS='|'; printf '\\n<%s>\\n' \"$*\"\n")
	for _, s := range shells {
		t.Run(s.name, func(t *testing.T) {
			program, err := exec.LookPath(s.name)
			if err != nil {
				t.Fatalf("%s is not there: install the package %s", s.name, s.name)
			}
			home := t.TempDir()
			t.Chdir(t.TempDir())
			for _, name := range []string{"good.yaml", "two words.yml", "other.txt", "folder/inner.yaml", "folder/inner.txt"} {
				write(t, name, "")
			}
			for _, dir := range []string{".", home} {
				if err := os.Symlink(bin, filepath.Join(dir, "link")); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("HOME", home)
			t.Setenv("XDG_CONFIG_HOME", "")
			t.Setenv("XDG_DATA_HOME", "")
			t.Setenv("TERM", "xterm")
			t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			term := open(t, program, s.args...)
			term.run(s.setup)
			test(t, term, home)
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// names lists what is in the current folder.
func names(t *testing.T) string {
	t.Helper()
	list, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(list)
}

// terminal is a pseudo-terminal with a shell at it.
type terminal struct {
	t      *testing.T
	master *os.File
	out    []byte // what the shell has printed and was not looked at
}

// open starts a program at a terminal so wide that no line breaks.
func open(t *testing.T, program string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	slave := follow(t, master)
	shell := exec.Command(program, args...)
	shell.Stdin, shell.Stdout, shell.Stderr = slave, slave, slave
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	t.Cleanup(func() {
		shell.Process.Kill()
		shell.Wait()
		master.Close()
	})
	return &terminal{t: t, master: master}
}

// follow opens the other side of a terminal.
func follow(t *testing.T, master *os.File) *os.File {
	t.Helper()
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	controlled := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
			return
		}
		if err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 2000}); err != nil {
			return
		}
		var number int
		number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		name = fmt.Sprintf("/dev/pts/%d", number)
	})
	if err := errors.Join(controlled, err); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return slave
}

// complete types the begin of a line and TAB, and returns the words of the line as the
// shell then runs it, behind the command show.
func (term *terminal) complete(typed string) string {
	term.t.Helper()
	const begin = "\x01" // of the line
	term.write(typed + "\t" + begin + "show \n")
	return term.shown()
}

// run runs a line and waits for its end.
func (term *terminal) run(line string) {
	term.t.Helper()
	term.write(line + "\nshow done\n")
	if got := term.shown(); got != "done" {
		term.t.Fatalf("%s: got %s", line, got)
	}
}

func (term *terminal) write(text string) {
	term.t.Helper()
	if _, err := term.master.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// shownLine is what show prints.
var shownLine = regexp.MustCompile(`\n<([^>\n]*)>\r?\n`)

// shown waits for the next line of show.
func (term *terminal) shown() string {
	term.t.Helper()
	const patience = 30 * time.Second // on a busy machine
	if err := term.master.SetReadDeadline(time.Now().Add(patience)); err != nil {
		term.t.Fatal(err)
	}
	chunk := make([]byte, 4096)
	for {
		if at := shownLine.FindSubmatchIndex(term.out); at != nil {
			words := string(term.out[at[2]:at[3]])
			term.out = term.out[at[1]:]
			return words
		}
		n, err := term.master.Read(chunk)
		if err != nil {
			term.t.Fatalf("%v: the shell has printed %q", err, term.out)
		}
		term.out = append(term.out, chunk[:n]...)
	}
}
