// Package command is the frame that the programs of this module share: how a command line is read, what the help texts
// look like, and how a program ends.
//
// The rules it holds for all of them:
//
//   - Flags stand before or after the arguments of a command, in any order.
//   - An error is one line on stderr that begins with the program's name.
//   - Exit code 0 is good, 1 a failure, 2 a wrong command line or wrong input, of which nothing was done. A program may
//     add codes of its own ([Reported]).
//   - Help texts are plain text of at most 80 columns.
//
// It also completes command lines in bash, zsh and fish: the scripts that the command
// completion prints ask the program what can come next ([Choices]).
//
// A program describes itself as a [Program], builds its commands with [Program.Documented] and [Program.Group], puts them
// together with [Program.App], and runs a command line with [Program.Run]. The command-line library stays below cmd: what
// the commands do is the business of packages that do not know it.
package command
