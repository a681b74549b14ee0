package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/core/draw"
	"spreadable/internal/phrase"
	"spreadable/internal/theory"
)

const approversDescription = `How many approvers does a network need? Prints the smallest number from which on
every larger one keeps the chance that colluders capture a draw at or below the
target, that chance, and the chance that colluders deny the approval by refusing
it. With --count it judges a number of approvers instead. All of it is computed,
exactly, and nothing is run.

This holds where a draw is not known before the nodes are chosen. The
original's is known: the last line says how often the owner of some IPs captures
it by the choice of ports. In a draw by host, --nodes and --colluders count
groups. docs/approval.md has the formulas.`

// approversSchema names the layout of approvers --json.
const approversSchema = "spreadsim-approvers/1"

func approversCommand() *cli.Command {
	return documented(&cli.Command{
		Name:        "approvers",
		Usage:       "compute how many approvers withstand colluders",
		Description: approversDescription,
		Action:      runApprovers,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "colluders", Value: "10%",
				Usage: "let `N` nodes collude: a number, or a share of all (default: 10%)"},
			&cli.StringFlag{Name: "target", Value: "1e-6",
				Usage: "keep the chance of capture at or below `P` (default: 1e-6)"},
			&cli.StringFlag{Name: "nodes", Value: "10k", Usage: "draw from a network of `N` nodes (default: 10k)"},
			&cli.StringFlag{Name: "agree", Value: "2/3",
				Usage: "let `SHARE` of the approvers have to agree, rounded up: 2/3 or 66.6% (default: 2/3)"},
			&cli.StringFlag{Name: "count",
				Usage: "judge `COUNT` approvers, in a form of the option approvers: 5, 1%, r-6 or auto; not with --target"},
			&cli.StringFlag{Name: "hidden", Value: "0%",
				Usage: "let masters hide `SHARE` of the honest nodes from the draw (default: 0%)"},
			&cli.IntFlag{Name: "ips", Value: 1,
				Usage: "let the owner of `N` IPs choose their ports for the original's draw (default: 1)"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON instead of a table"},
		},
	})
}

// judgement is what approvers prints.
type judgement struct {
	Schema    string   `json:"schema"`
	Nodes     int      `json:"nodes"`
	Colluders int      `json:"colluders"`
	Hidden    int      `json:"hidden"`    // honest nodes that the draw does not see
	Target    *float64 `json:"target"`    // null with --count
	Approvers int      `json:"approvers"` // drawn
	Agree     int      `json:"agree"`     // of them, must
	Captured  float64  `json:"captured"`  // probability
	Denied    float64  `json:"denied"`    // probability
	IPs       int      `json:"ips"`
	Ground    float64  `json:"ground"` // probability of capture by the owner of the IPs
}

// inquiry is the question that the flags ask.
type inquiry struct {
	nodes, colluders, hidden, ips int
	target                        float64
	count                         *draw.Count // nil if the number is looked for
	agree                         func(approvers int) int
}

func runApprovers(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	q, err := newInquiry(c)
	if err != nil {
		return command.BadInput(err)
	}
	j, err := q.judge()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return command.PrintJSON(c, j)
	}
	return j.print(c)
}

// newInquiry reads the flags.
func newInquiry(c *cli.Context) (q inquiry, err error) {
	if q.nodes, err = parseSize(c.String("nodes")); err != nil {
		return q, fmt.Errorf("flag --nodes: %w", err)
	}
	if q.colluders, err = parseColluders(c.String("colluders"), q.nodes); err != nil {
		return q, fmt.Errorf("flag --colluders: %w", err)
	}
	if q.target, err = parseProbability(c.String("target")); err != nil {
		return q, fmt.Errorf("flag --target: %w", err)
	}
	if q.agree, err = parseAgree(c.String("agree")); err != nil {
		return q, fmt.Errorf("flag --agree: %w", err)
	}
	hidden := c.String("hidden")
	share, ok := parsePercent(hidden)
	if !ok {
		return q, fmt.Errorf("flag --hidden: expected a share from 0%% to 100%% such as 30%%, not %s", phrase.Quote(hidden))
	}
	if q.hidden = q.nodes - theory.Visible(q.nodes, q.colluders, share); q.hidden == q.nodes {
		return q, errors.New("flag --hidden: with all nodes hidden there is none to draw")
	}
	if q.ips = c.Int("ips"); q.ips < 1 || q.ips > mostIPs {
		return q, fmt.Errorf("flag --ips: expected a number of IPs from 1 to %s, not %d", count(mostIPs), q.ips)
	}
	q.count, err = givenCount(c)
	return q, err
}

// givenCount reads --count; nil if the number is to be found.
func givenCount(c *cli.Context) (*draw.Count, error) {
	if !c.IsSet("count") {
		return nil, nil
	}
	if c.IsSet("target") {
		return nil, errors.New("flag --target: it does not go with --count, whose chances are printed")
	}
	given, err := draw.ParseCount(c.String("count"))
	if err != nil {
		return nil, fmt.Errorf("flag --count: %w", err)
	}
	return &given, nil
}

// mostIPs bounds --ips: with more the owner has more ports than ten million nodes by far.
const mostIPs = 100_000

// judge answers the question; an error says that no number of approvers is enough.
func (q inquiry) judge() (*judgement, error) {
	visible := q.nodes - q.hidden
	j := &judgement{Schema: approversSchema, Nodes: q.nodes, Colluders: q.colluders, Hidden: q.hidden, IPs: q.ips}
	if q.count != nil {
		// The number follows from the size that the masters report. It cannot be more than
		// there are to draw.
		j.Approvers = min(q.count.Of(q.nodes), visible)
	} else {
		fewest, ok := theory.FewestApprovers(visible, q.colluders, q.target, q.agree)
		if !ok {
			return nil, fmt.Errorf("no number of approvers keeps the chance of capture at or below %s: %s of %s nodes to draw from collude; "+
				"fewer --colluders, a larger --agree or a larger --target are possible",
				chance(q.target), count(q.colluders), count(visible))
		}
		j.Approvers, j.Target = fewest, &q.target
	}
	j.Agree = q.agree(j.Approvers)
	d := theory.Draw{Nodes: visible, Colluders: q.colluders, Approvers: j.Approvers, Agree: j.Agree}
	j.Captured, j.Denied = d.Capture(), d.Denial()
	j.Ground = theory.Ground(q.nodes, q.ips, j.Approvers, j.Agree)
	return j, nil
}

// print writes the judgement for people.
func (j *judgement) print(c *cli.Context) error {
	t := &table{}
	t.line("network", "%s nodes, %s of them colluders (%s)", count(j.Nodes), count(j.Colluders),
		percent(float64(j.Colluders)/float64(j.Nodes)))
	if j.Hidden > 0 {
		visible := j.Nodes - j.Hidden
		t.line("", "%s honest ones hidden: colluders are %s of the others", count(j.Hidden),
			percent(float64(j.Colluders)/float64(visible)))
	}
	t.line("approvers", "%s, of which %s must agree", count(j.Approvers), count(j.Agree))
	if j.Target != nil {
		t.line("captured", "%s of all draws; this and every larger number keep %s", chance(j.Captured), chance(*j.Target))
	} else {
		t.line("captured", "%s of all draws", chance(j.Captured))
	}
	t.line("denied", "%s of all draws, if colluders refuse", chance(j.Denied))
	owner := "one IP"
	if j.IPs > 1 {
		owner = count(j.IPs) + " IPs"
	}
	t.line("ground", "%s of the original's draws, by the owner of all ports of %s", chance(j.Ground), owner)
	_, err := c.App.Writer.Write(t.Bytes())
	return err
}

// chance writes a probability to three digits.
func chance(p float64) string { return strconv.FormatFloat(p, 'g', 3, 64) }

// parseColluders reads a number of nodes, or a share of them: 1000, 1k, 10%.
func parseColluders(text string, nodes int) (int, error) {
	share, isShare := parsePercent(text)
	n, err := strconv.Atoi(text)
	switch {
	case isShare:
		return int(math.Round(share * float64(nodes))), nil
	case err == nil && n >= 0 && n <= nodes && !strings.HasPrefix(text, "+"):
		return n, nil
	}
	return 0, fmt.Errorf("expected a number of nodes from 0 to %s or a share of them such as 10%%, not %s", count(nodes), phrase.Quote(text))
}

// parsePercent reads a share from 0% to 100% as a fraction.
func parsePercent(text string) (float64, bool) {
	digits, ok := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(digits, 64)
	return x / 100, ok && err == nil && x >= 0 && x <= 100 && strings.Trim(digits, ".0123456789") == ""
}

// parseProbability reads a number above 0 and below 1: 0.001, 1e-6.
func parseProbability(text string) (float64, error) {
	p, err := strconv.ParseFloat(text, 64)
	if err != nil || !(p > 0 && p < 1) {
		return 0, fmt.Errorf("expected a probability above 0 and below 1 such as 1e-6, not %s", phrase.Quote(text))
	}
	return p, nil
}

// parseAgree reads how many of a number of approvers must agree: as a fraction, 2/3, or as
// a share in the form of the option decision_level, 66.6%. Both are rounded up.
func parseAgree(text string) (func(approvers int) int, error) {
	above, below, isFraction := strings.Cut(text, "/")
	num, errNum := strconv.ParseUint(above, 10, 16)
	den, errDen := strconv.ParseUint(below, 10, 16)
	switch decision, err := draw.ParseDecision(text); {
	case isFraction && errNum == nil && errDen == nil && num > 0 && num <= den:
		return func(approvers int) int { return (approvers*int(num) + int(den) - 1) / int(den) }, nil
	case err == nil && strings.HasSuffix(text, "%"):
		return decision.Of, nil
	}
	return nil, fmt.Errorf("expected a fraction such as 2/3 or a share such as 66.6%%, not %s", phrase.Quote(text))
}
