package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"

	"spreadable/internal/phrase"
	"spreadable/sim/scenario"
)

// condition is the `where` of a sweep: a Go expression over keys of the scenario and
// values with units, such as
//
//	nodes <= 1000 || latency.mean < 50ms && registration == original
//
// Its operators are && || ! == != < <= > >= + - * / and parentheses. A word that is no key
// is a text.
type condition struct{ expr ast.Expr }

// withUnit is a value that Go would not read as one token: 50ms, 5m20s, 20%, 5Mbit/s.
var withUnit = regexp.MustCompile(`"[^"]*"|\b[0-9][0-9.]*(?:%|[kMG]?bit/s|[a-zµ]+(?:[0-9.]+[a-zµ]+)*)`)

// parseCondition reads a condition; that of an empty text always holds.
func parseCondition(text string) (condition, error) {
	if text == "" {
		return condition{}, nil
	}
	quoted := withUnit.ReplaceAllStringFunc(text, func(value string) string {
		if value[0] == '"' {
			return value
		}
		return strconv.Quote(value)
	})
	expr, err := parser.ParseExpr(quoted)
	if err != nil {
		return condition{}, fmt.Errorf("sweep.where: expected a condition such as nodes <= 1000 && latency.mean < 50ms, not %s", phrase.Quote(text))
	}
	return condition{expr}, nil
}

// holds judges a scenario.
func (c condition) holds(s *scenario.Scenario) (bool, error) {
	if c.expr == nil {
		return true, nil
	}
	v, err := evaluate(c.expr, s)
	if err == nil && v.kind != truth {
		err = errors.New("is a value, not a condition")
	}
	if err != nil {
		return false, fmt.Errorf("sweep.where: %w", err)
	}
	return v.number != 0, nil
}

// kind tells values apart that cannot be compared.
type kind string

const (
	truth kind = "a condition"
	word  kind = "a text"
	// Numbers have "a number" and their unit.
)

func numberOf(u scenario.Unit) kind {
	switch u {
	case scenario.Seconds:
		return "a duration"
	case scenario.Fraction:
		return "a share"
	case scenario.BitRate:
		return "a bandwidth"
	}
	return "a number"
}

// operand is a value in a condition: a number, or a text.
type operand struct {
	kind   kind
	number float64 // 1 is true
	text   string
	free   bool // a word that is no key of the scenario
}

func boolean(b bool) operand {
	if b {
		return operand{kind: truth, number: 1}
	}
	return operand{kind: truth}
}

// valueOf reads a value as a file writes it.
func valueOf(text string) operand {
	if text == "true" || text == "false" {
		return boolean(text == "true")
	}
	if q, ok := scenario.ParseQuantity(text); ok {
		return operand{kind: numberOf(q.Unit), number: q.Number, text: text}
	}
	return operand{kind: word, text: text}
}

func evaluate(e ast.Expr, s *scenario.Scenario) (operand, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return evaluate(e.X, s)
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return valueOf(text), err
		}
		return valueOf(e.Value), nil
	case *ast.Ident, *ast.SelectorExpr:
		name := dotted(e)
		if text, ok := s.Text(name); ok {
			return valueOf(text), nil
		}
		if _, ok := e.(*ast.Ident); !ok {
			return operand{}, fmt.Errorf("the scenario has no value %s", phrase.OneLine(name))
		}
		v := valueOf(name)
		v.free = v.kind == word
		return v, nil
	case *ast.UnaryExpr:
		v, err := evaluate(e.X, s)
		switch {
		case err != nil:
			return v, err
		case e.Op == token.NOT && v.kind == truth:
			return boolean(v.number == 0), nil
		case e.Op == token.SUB && v.kind != truth && v.kind != word:
			v.number = -v.number
			return v, nil
		}
		return v, fmt.Errorf("%s has no %s", v.kind, e.Op)
	case *ast.BinaryExpr:
		return combine(e, s)
	}
	return operand{}, errors.New("expected values, keys and && || ! == != < <= > >= + - * /")
}

// dotted is the path that an expression spells.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return dotted(e.X) + "." + e.Sel.Name
	}
	return "?"
}

func combine(e *ast.BinaryExpr, s *scenario.Scenario) (operand, error) {
	a, err := evaluate(e.X, s)
	if err != nil {
		return a, err
	}
	b, err := evaluate(e.Y, s)
	if err != nil {
		return b, err
	}
	switch e.Op {
	case token.LAND, token.LOR:
		if a.kind != truth || b.kind != truth {
			return a, fmt.Errorf("%s joins conditions, not %s and %s", e.Op, a.kind, b.kind)
		}
		if e.Op == token.LAND {
			return boolean(a.number*b.number != 0), nil
		}
		return boolean(a.number+b.number != 0), nil
	case token.ADD, token.SUB, token.MUL, token.QUO:
		return arithmetic(e.Op, a, b)
	}
	return compare(e.Op, a, b)
}

func compare(op token.Token, a, b operand) (operand, error) {
	if a.kind != b.kind {
		if err := unknownKey(a, b); err != nil {
			return a, err
		}
		return a, fmt.Errorf("%s cannot be compared with %s", a.kind, b.kind)
	}
	order := cmp.Compare(a.number, b.number)
	if a.kind == word {
		order = cmp.Compare(a.text, b.text)
	}
	switch op {
	case token.EQL:
		return boolean(order == 0), nil
	case token.NEQ:
		return boolean(order != 0), nil
	}
	if a.kind == word || a.kind == truth {
		return a, fmt.Errorf("%s is neither less nor more than another", a.kind)
	}
	switch op {
	case token.LSS:
		return boolean(order < 0), nil
	case token.LEQ:
		return boolean(order <= 0), nil
	case token.GTR:
		return boolean(order > 0), nil
	case token.GEQ:
		return boolean(order >= 0), nil
	}
	return a, fmt.Errorf("there is no operator %s", op)
}

// unknownKey is the error of a word beside a number, which should be a key; nil if neither
// operand is one.
func unknownKey(operands ...operand) error {
	for _, o := range operands {
		if o.free {
			return fmt.Errorf("unknown key %s%s", phrase.Quote(o.text), phrase.Suggest(o.text, scenario.Keys()))
		}
	}
	return nil
}

// arithmetic adds and subtracts what has the same unit, multiplies by a plain number, and
// divides by one or by what has the same unit.
func arithmetic(op token.Token, a, b operand) (operand, error) {
	plain := numberOf(scenario.Plain)
	switch {
	case a.kind == word, b.kind == word, a.kind == truth, b.kind == truth:
	case op == token.ADD && a.kind == b.kind:
		return operand{kind: a.kind, number: a.number + b.number}, nil
	case op == token.SUB && a.kind == b.kind:
		return operand{kind: a.kind, number: a.number - b.number}, nil
	case op == token.MUL && b.kind == plain:
		return operand{kind: a.kind, number: a.number * b.number}, nil
	case op == token.MUL && a.kind == plain:
		return operand{kind: b.kind, number: a.number * b.number}, nil
	case op == token.QUO && b.kind == plain:
		return operand{kind: a.kind, number: a.number / b.number}, nil
	case op == token.QUO && a.kind == b.kind:
		return operand{kind: plain, number: a.number / b.number}, nil
	}
	return a, fmt.Errorf("%s %s %s makes no sense", a.kind, op, b.kind)
}
