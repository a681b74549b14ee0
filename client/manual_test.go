package client

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// The manual, docs/client.md, says what the code does.

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table returns the rows of the table whose head begins with the given cell, without code
// marks.
func table(t *testing.T, head string) (rows [][]string) {
	t.Helper()
	inside := false
	for line := range strings.Lines(manual(t)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case cells[0] == head:
			inside = true
		case inside && strings.Trim(cells[0], "-") != "":
			rows = append(rows, cells)
		}
	}
	return rows
}

func TestManualKnowsAllOptionsAndTheirDefaults(t *testing.T) {
	o := Options{Addresses: []string{"localhost:1"}}
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	options := reflect.ValueOf(o)
	var documented []string
	for _, row := range table(t, "client.Options") {
		documented = append(documented, row[0])
		field := options.FieldByName(row[0])
		if !field.IsValid() {
			t.Errorf("there is no option %s", row[0])
			continue
		}
		plain := field.Kind() == reflect.Bool || field.Kind() == reflect.String || field.CanInt()
		if text := fmt.Sprint(field.Interface()); plain && text != row[1] {
			t.Errorf("the default of %s is %s, not %s", row[0], text, row[1])
		}
	}
	for i := range options.NumField() {
		if name := options.Type().Field(i).Name; !slices.Contains(documented, name) {
			t.Errorf("option %s is not documented", name)
		}
	}
}

func TestManualKnowsAllCodes(t *testing.T) {
	documented := make(map[string]string)
	for _, row := range table(t, "code") {
		documented[row[1]] = row[0]
	}
	count := 0
	scope := load(t, "spreadable/client")["spreadable/client"].Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if !ok || !strings.HasPrefix(name, "Code") {
			continue
		}
		count++
		if value := constant.StringVal(c.Val()); documented[name] != value {
			t.Errorf("%s is %q, documented as %q", name, value, documented[name])
		}
	}
	if count == 0 || count != len(documented) {
		t.Errorf("%d codes, %d of them documented", count, len(documented))
	}
}

// load reads the types of packages.
func load(t *testing.T, paths ...string) known {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadTypes}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	all := make(known)
	for _, p := range loaded {
		all[p.PkgPath] = p.Types
	}
	return all
}

// around stands around an example: what it takes for granted.
const around = `package manual

import (
	"context"
	"errors"
	"log"
	"time"

	"spreadable/client"
)

var (
	_ = errors.Is
	_ = log.Printf
	_ = time.Second
)

func _(ctx context.Context, c *client.Client, query, link, found any, err error, show func([]byte) string) error {
	{
%s
	}
	return err
}
`

// known imports packages that have been loaded before.
type known map[string]*types.Package

// Import implements types.Importer.
func (k known) Import(path string) (*types.Package, error) {
	if p := k[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not loaded", path)
}

func TestManualsExamplesCompile(t *testing.T) {
	imports := load(t, "spreadable/client", "context", "errors", "log", "time")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(manual(t), -1)
	if len(blocks) == 0 {
		t.Error("the manual has no examples")
	}
	for _, block := range blocks {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "client.md", fmt.Sprintf(around, block[1]), 0)
		if err == nil {
			_, err = (&types.Config{Importer: imports}).Check("manual", set, []*ast.File{file}, nil)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, block[1])
		}
	}
}
