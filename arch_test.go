package spreadable_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

// The rules of the project that a compiler does not check: which way the imports point,
// and what code that must be deterministic may not contain.

const module = "spreadable"

// imports returns, for each package below the patterns, what its files import outside
// tests.
func imports(t *testing.T, format string, patterns ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-f", format}, patterns...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", patterns, err, out)
	}
	return strings.Fields(string(out))
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != module && !strings.Contains(first, ".")
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// coretest is the one package below core that may need more: it is for tests only.
const coretest = module + "/core/coretest"

// The core knows nothing but the standard library, and of that nothing that reaches the
// world.
func TestCoreStandsOnTheStandardLibraryAlone(t *testing.T) {
	core := slices.DeleteFunc(imports(t, `{{.ImportPath}} `, "./core/..."),
		func(path string) bool { return within(path, coretest) })
	for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, core...) {
		if !isStandard(path) && !within(path, module+"/core") || within(path, coretest) {
			t.Errorf("core depends on %s", path)
		}
	}
	for _, path := range imports(t, `{{range .Imports}}{{.}} {{end}}`, core...) {
		for _, outside := range []string{"os", "net", "net/http", "io/fs", "os/exec", "log", "log/slog", "sync",
			"sync/atomic", "context", "database/sql"} {
			if path == outside {
				t.Errorf("core imports %s: it has no I/O, no lock and no context", path)
			}
		}
	}
}

// bothNetworks are the packages that the little network of the tests has in common with
// the simulated one: what breaks them, and what judges them. They know neither.
var bothNetworks = []string{module + "/sim/fault", module + "/sim/lie", module + "/sim/invariant"}

// The little network of the tests and the simulated one judge each other, so neither
// knows the other; and nothing but tests knows the little one.
func TestTheTestNetworkStandsAlone(t *testing.T) {
	for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, "./core/coretest/...") {
		if within(path, module) && !within(path, module+"/core") && !slices.Contains(bothNetworks, path) {
			t.Errorf("coretest depends on %s", path)
		}
	}
	for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, "./sim/fault", "./sim/lie", "./sim/invariant") {
		if within(path, module) && !within(path, module+"/core") && !slices.Contains(bothNetworks, path) {
			t.Errorf("what both networks have in common depends on %s", path)
		}
	}
	for _, line := range imports(t, `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}`, "./...") {
		importer, path, _ := strings.Cut(line, ">")
		if within(path, coretest) && !within(importer, coretest) {
			t.Errorf("%s imports %s outside of its tests", importer, path)
		}
	}
}

// The simulator's kernel knows events and partitions, and nothing of what they stand for.
func TestTheKernelStandsOnTheStandardLibraryAlone(t *testing.T) {
	for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, "./sim/kernel/...") {
		if !isStandard(path) && !within(path, module+"/sim/kernel") {
			t.Errorf("sim/kernel depends on %s", path)
		}
	}
}

// twin runs a scenario on real nodes beside the simulated ones.
const twin = module + "/cmd/spreadsim/internal/twin"

// core <- transport <- node, sim <- cmd: what runs a node knows nothing of the simulator,
// and the other way round. The command line library stays in cmd.
func TestArrowsPointOneWay(t *testing.T) {
	for _, rule := range []struct{ from, never string }{
		{"./transport/...", module + "/sim"},
		{"./transport/...", module + "/cmd"},
		{"./sim/...", module + "/cmd"},
		{"./transport/inmem/...", module + "/transport/http"},
		{"./node/...", module + "/sim"},
		{"./node/...", module + "/transport/inmem"},
		{"./node/...", module + "/client"},
		{"./node/...", module + "/cmd"},
		{"./cmd/spreadnode/...", module + "/sim"},
		{"./transport/...", module + "/node"},
		{"./extensions/...", module + "/node"},
		{"./sim/...", module + "/node"},
		{"./wire/...", module + "/transport"},
		{"./wire/...", module + "/client"},
		{"./client/...", module + "/transport"},
	} {
		for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, rule.from) {
			if within(path, rule.never) {
				t.Errorf("%s depends on %s", rule.from, path)
			}
		}
	}
	for _, line := range strings.Split(strings.Join(imports(t, `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}`, "./..."), "\n"), "\n") {
		importer, path, _ := strings.Cut(line, ">")
		if strings.HasPrefix(path, "github.com/urfave/cli") && !within(importer, module+"/cmd") {
			t.Errorf("%s imports %s: only cmd may", importer, path)
		}
		// a scenario on real nodes is the one thing that knows both networks
		if path == module+"/node" && within(importer, module+"/cmd/spreadsim") && importer != twin {
			t.Errorf("%s imports %s: only %s may", importer, path, twin)
		}
	}
}

// The node links nothing that only experiments need, nor do the simulator's own packages
// link databases: these are below cmd/spreadsim.
func TestOnlyTheSimulatorsProgramLinksDatabases(t *testing.T) {
	for _, rule := range []struct {
		from  string
		never []string
	}{
		{"./cmd/spreadnode", []string{"github.com/parquet-go", "modernc.org", "github.com/nats-io", "gonum.org/v1/plot"}},
		{"./sim/...", []string{"github.com/parquet-go", "modernc.org", "github.com/nats-io"}},
	} {
		for _, path := range imports(t, `{{range .Deps}}{{.}} {{end}}`, rule.from) {
			for _, never := range rule.never {
				if within(path, never) {
					t.Errorf("%s depends on %s", rule.from, path)
				}
			}
		}
	}
}

// source is one file that is read for its syntax.
type source struct {
	path    string
	file    *ast.File
	set     *token.FileSet
	info    *types.Info
	comment map[int]string // text of the comments by the line on which they end
}

// load reads the packages of the deterministic folders, without tests, with the types of
// all that is in them.
var load = sync.OnceValues(func() ([]source, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, folder := range deterministic {
		patterns = append(patterns, "./"+folder+"/...")
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, patterns...)
	if err != nil {
		return nil, err
	}
	var all []source
	for _, p := range loaded {
		for _, err := range p.Errors {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, err)
		}
		for _, file := range p.Syntax {
			path, err := filepath.Rel(here, p.Fset.Position(file.Pos()).Filename)
			if err != nil {
				return nil, err
			}
			all = append(all, newSource(filepath.ToSlash(path), file, p))
		}
	}
	return all, nil
})

func newSource(path string, file *ast.File, p *packages.Package) source {
	s := source{path: path, file: file, set: p.Fset, info: p.TypesInfo, comment: make(map[int]string)}
	for _, group := range file.Comments {
		for _, c := range group.List {
			s.comment[p.Fset.Position(c.End()).Line] = c.Text
		}
	}
	return s
}

func sources(t *testing.T) []source {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.set.Position(n.Pos()).Line)
}

// deterministic are the folders whose code may depend on nothing but its input.
var deterministic = []string{"core", "sim", "transport/inmem"}

// workerPool is the one file that may start goroutines.
const workerPool = "sim/kernel/workers.go"

// banned names nothing deterministic may use, by package.
var banned = map[string][]string{
	"time": {"Now", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc", "Since", "Until"},
	"os":   {"Exit"},
	"math/rand/v2": {
		"Int", "IntN", "Int32", "Int32N", "Int64", "Int64N", "Uint", "UintN", "Uint32", "Uint32N", "Uint64",
		"Uint64N", "N",
		"Float32", "Float64", "NormFloat64", "ExpFloat64", "Perm", "Shuffle",
	},
}

func TestNothingDependsOnChance(t *testing.T) {
	for _, s := range sources(t) {
		s.checkStatements(t)
		s.checkNames(t)
	}
}

// checkStatements looks for what would let the Go scheduler, or the order of a map,
// decide.
func (s *source) checkStatements(t *testing.T) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if s.path != workerPool {
				t.Errorf("%s: a goroutine outside the worker pool", s.at(n))
			}
		case *ast.SelectorExpr:
			if x := s.info.TypeOf(n.X); n.Sel.Name == "Go" && x != nil && x.String() == "sync.WaitGroup" &&
				s.path != workerPool {
				t.Errorf("%s: a goroutine outside the worker pool", s.at(n))
			}
		case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			t.Errorf("%s: a channel", s.at(n))
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				t.Errorf("%s: a channel", s.at(n))
			}
		case *ast.RangeStmt:
			if _, isMap := s.info.TypeOf(n.X).Underlying().(*types.Map); isMap && !s.excused(n) {
				t.Errorf("%s: a range over a map without the comment \"// order-free: why\"", s.at(n))
			}
		}
		return true
	})
}

// excused reports whether the line, or the one above, says why the order of the map does
// not matter.
func (s *source) excused(n ast.Node) bool {
	line := s.set.Position(n.Pos()).Line
	for _, text := range []string{s.comment[line], s.comment[line-1]} {
		if _, reason, ok := strings.Cut(text, "order-free:"); ok && strings.TrimSpace(reason) != "" {
			return true
		}
	}
	return false
}

// checkNames looks for the clock, the global random numbers, init and os.Exit.
func (s *source) checkNames(t *testing.T) {
	names := make(map[string]string) // as which name a package is known in the file
	for _, spec := range s.file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if path == "math/rand" {
			t.Errorf("%s: math/rand, whose numbers are global", s.at(spec))
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if path == "math/rand/v2" {
			name = "rand"
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = path
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%s: an init function", s.at(n))
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && slices.Contains(banned[names[x.Name]], n.Sel.Name) {
				if _, local := s.info.Uses[x].(*types.PkgName); local {
					t.Errorf("%s: %s.%s", s.at(n), x.Name, n.Sel.Name)
				}
			}
		}
		return true
	})
}

// The sizes beyond which code is hard to read.
const (
	longestFunction = 70
	longestFile     = 600
	mostCoreNames   = 75
)

func TestThingsAreOfAReadableSize(t *testing.T) {
	for _, s := range sources(t) {
		if lines := s.set.File(s.file.Pos()).LineCount(); lines > longestFile {
			t.Errorf("%s: %d lines, at most %d", s.path, lines, longestFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; lines > longestFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.at(f), f.Name.Name, lines, longestFunction)
			}
		}
	}
}

// What a user of the core has to know: its exported names, each constant counted.
func TestCoreExportsFewNames(t *testing.T) {
	var names, undocumented []string
	for _, s := range sources(t) {
		if filepath.Dir(s.path) != "core" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					names = append(names, d.Name.Name)
				}
				if d.Name.IsExported() && d.Doc == nil && !strings.HasPrefix(d.Name.Name, "String") &&
					!isMethodOfError(d) {
					undocumented = append(undocumented, s.at(d)+" "+d.Name.Name)
				}
			case *ast.GenDecl:
				names = append(names, declared(d)...)
			}
		}
	}
	t.Logf("core exports %d names: %v", len(names), names)
	if len(names) > mostCoreNames {
		t.Errorf("core exports %d names, at most %d: %v", len(names), mostCoreNames, names)
	}
	for _, name := range undocumented {
		t.Errorf("%s has no comment", name)
	}
}

func isMethodOfError(d *ast.FuncDecl) bool { return d.Recv != nil && d.Name.Name == "Error" }

// declared returns the exported types, variables and constants of a declaration.
func declared(d *ast.GenDecl) []string {
	var names []string
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				names = append(names, spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}
