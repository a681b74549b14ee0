package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/config"
	"spreadable/core/peer"
)

// approveKeys are the options of a node that a client needs too.
var approveKeys = [...]string{"username", "password_file", "https", "tls_ca", "network_version"}

func approveCommand() *cli.Command {
	flags := endpointFlags(
		&cli.StringFlag{Name: "node", Usage: "entry node at `HOST:PORT` (default: the node that runs here)"},
		&cli.StringFlag{Name: "answer", Usage: "answer with `TEXT` instead of asking for it"},
		&cli.StringFlag{Name: "save", Usage: "write the picture of a captcha to `FILE`, as PNG"},
		&cli.BoolFlag{Name: "show", Usage: "draw the picture of a captcha in the terminal"},
		&cli.IntFlag{Name: "width", Usage: "width of the picture: `PIXELS` from 100 to 500"},
		&cli.StringFlag{Name: "background", Usage: "its background: transparent or a `COLOR` such as #ffffff"},
		&cli.StringFlag{Name: "color", Usage: "of its symbols: random or a `COLOR`"},
		&cli.BoolFlag{Name: "question-only", Usage: "print the approval with its question and without an answer"},
		&cli.StringFlag{Name: "from", Usage: "answer the question in `FILE`, which --question-only has printed"},
		&cli.StringFlag{Name: "call", Usage: "take the approved action: POST /client/`ENDPOINT` at the entry node"},
	)
	for _, o := range config.Options() {
		if slices.Contains(approveKeys[:], o.Key) {
			flags = append(flags, optionFlag(o, ""))
		}
	}
	return documented("", &cli.Command{
		Name: "approve", Usage: "get an approval, as a client does", ArgsUsage: "[client|captcha]",
		Description: `   Prints the approval as JSON: the approvalInfo that a client sends with the
   action that it is for. Of kind client, the default, the answer is the
   client's IP; of a captcha it stands in the picture. Whether it is right
   comes out only with the action.`,
		Flags:  flags,
		Action: approve,
	})
}

// approval is what a client knows of its approval. With an answer and without the question it is the approvalInfo that
// nodes take, which must have exactly those keys.
type approval struct {
	Action    string   `json:"action"`
	Key       string   `json:"key"`
	StartedAt int64    `json:"startedAt"` // ms since the Unix epoch
	ClientIP  string   `json:"clientIp"`
	Approvers []string `json:"approvers"` // those that have confirmed, in the order of the draw
	Question  string   `json:"question,omitempty"`
	Answer    *string  `json:"answer,omitempty"`
}

func approve(c *cli.Context) error {
	if err := takes(c, 0, 1, "kind"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	entry, err := entryNode(ctx, c)
	if err != nil {
		return err
	}
	wire, err := newWire(c)
	if err != nil {
		return err
	}
	a, err := question(ctx, c, wire, entry)
	switch {
	case err != nil:
		return err
	case c.Bool("question-only"):
		return printJSON(c, a)
	}
	answer, err := answerTo(c, a)
	if err != nil {
		return err
	}
	a.Question, a.Answer = "", &answer
	if endpoint := c.String("call"); endpoint != "" {
		ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout")) // a person may have taken long
		defer cancel()
		var result json.RawMessage
		if err := wire.post(ctx, entry, strings.Trim(endpoint, "/"), map[string]any{"approvalInfo": a}, &result); err != nil {
			return err
		}
		return printJSON(c, result)
	}
	return printJSON(c, a)
}

// entryNode is the node that the client turns to.
func entryNode(ctx context.Context, c *cli.Context) (string, error) {
	if text := c.String("node"); text != "" {
		a, err := peer.Parse(text)
		if err != nil {
			return "", inputError{fmt.Errorf("flag --node: %w", err)}
		}
		return a.String(), nil
	}
	node, err := owner(c)
	if err != nil {
		return "", err
	}
	defer node.Close()
	status, err := node.Status(ctx)
	if err != nil {
		return "", fmt.Errorf("no --node given, and %w", err)
	}
	return status.Address, nil
}

// question gets one, from a file or in three steps: who approves, would they, and what is to be answered.
func question(ctx context.Context, c *cli.Context, wire *wire, entry string) (*approval, error) {
	if path := c.String("from"); path != "" {
		return readApproval(path)
	}
	a := &approval{Action: "client"}
	if c.Args().Present() {
		a.Action = c.Args().First()
	}
	info, err := wishes(c, a.Action)
	if err != nil {
		return nil, err
	}
	if err := wire.post(ctx, entry, "request-approval-key", map[string]any{"action": a.Action}, a); err != nil {
		return nil, err
	}
	drawn := len(a.Approvers)
	if a.Approvers, err = wire.vouch(ctx, a, info); err != nil {
		return nil, fmt.Errorf("none of %s vouches: %w", plural(drawn, "approver"), err)
	}
	ask := map[string]any{"action": a.Action, "key": a.Key, "info": info, "confirmedAddresses": a.Approvers}
	if info == nil {
		delete(ask, "info")
	}
	return a, wire.post(ctx, entry, "request-approval-question", ask, a)
}

// wishes is what the client wants of the picture; nil if nothing.
func wishes(c *cli.Context, action string) (any, error) {
	info := map[string]any{}
	if c.IsSet("width") {
		info["captchaWidth"] = c.Int("width")
	}
	if c.IsSet("background") {
		info["captchaBackground"] = c.String("background")
	}
	if c.IsSet("color") {
		info["captchaColor"] = c.String("color")
	}
	switch {
	case len(info) == 0:
		return nil, nil
	case action != "captcha":
		return nil, inputError{fmt.Errorf("approve: --width, --background and --color are for captcha, not for %s", action)}
	}
	return info, nil
}

func readApproval(path string) (*approval, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, inputError{fmt.Errorf("approve: %w", err)}
	}
	a := &approval{}
	if err := json.Unmarshal(data, a); err != nil || a.Key == "" || a.Question == "" {
		return nil, inputError{fmt.Errorf("approve: %s: not what --question-only prints", path)}
	}
	return a, nil
}

// answerTo shows the question and gets the answer: as given, or by itself for an IP, or from a person.
func answerTo(c *cli.Context, a *approval) (string, error) {
	picture, isPicture := decodePicture(a.Question)
	if isPicture {
		if err := present(c, picture); err != nil {
			return "", err
		}
	}
	switch {
	case c.IsSet("answer"):
		return c.String("answer"), nil
	case !isPicture:
		return a.Question, nil // kind client: the question is its own answer
	}
	fmt.Fprint(c.App.ErrWriter, "answer: ")
	line, err := bufio.NewReader(c.App.Reader).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(c.App.ErrWriter)
		}
		return "", errors.New("no answer was given")
	}
	return line, nil
}

// decodePicture reads a question that is a PNG in base64, perhaps as a data URL.
func decodePicture(text string) ([]byte, bool) {
	if i := strings.Index(text, ";base64,"); strings.HasPrefix(text, "data:") && i > 0 {
		text = text[i+len(";base64,"):]
	}
	picture, err := base64.StdEncoding.DecodeString(text)
	return picture, err == nil && strings.HasPrefix(string(picture), "\x89PNG\r\n")
}

// present saves the picture or shows it: one of them, or nobody could answer.
func present(c *cli.Context, picture []byte) error {
	path := c.String("save")
	if path != "" {
		if err := os.WriteFile(path, picture, 0o600); err != nil {
			return fmt.Errorf("approve: %w", err)
		}
		fmt.Fprintf(c.App.ErrWriter, "the picture is in %s\n", path)
	}
	if c.Bool("show") || path == "" && !c.IsSet("answer") {
		return drawPicture(c.App.ErrWriter, picture)
	}
	return nil
}
