package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/client"
	"spreadable/config"
	"spreadable/core/peer"
)

// approveKeys are the options of a node that a client needs too.
var approveKeys = [...]string{"username", "password_file", "https", "tls_ca", "network_version"}

// clientFlags are the flags of a command that asks the network as a client does.
func clientFlags(own ...cli.Flag) []cli.Flag {
	node := &cli.StringFlag{Name: "node", Usage: "entry node at `HOST:PORT` (default: the node that runs here)"}
	flags := endpointFlags(append([]cli.Flag{node}, own...)...)
	for _, o := range config.Options() {
		if slices.Contains(approveKeys[:], o.Key) {
			flags = append(flags, optionFlag(o, ""))
		}
	}
	return flags
}

func approveCommand() *cli.Command {
	flags := clientFlags(
		&cli.StringFlag{Name: "answer", Usage: "answer with `TEXT` instead of asking for it"},
		&cli.PathFlag{Name: "save", Usage: "write the picture of a captcha to `FILE`, as PNG, replacing what is in it"},
		&cli.BoolFlag{Name: "show", Usage: "draw the picture of a captcha in the terminal"},
		&cli.IntFlag{Name: "width", Usage: "width of the picture: `PIXELS` from 100 to 500"},
		&cli.StringFlag{Name: "background", Usage: "its background: transparent or a `COLOR` such as #ffffff"},
		&cli.StringFlag{Name: "color", Usage: "of its symbols: random or a `COLOR`"},
		&cli.BoolFlag{Name: "question-only", Usage: "print the question, and do not answer it"},
		&cli.PathFlag{Name: "from", Usage: "answer the question in `FILE`, printed by --question-only"},
		&cli.StringFlag{Name: "call", Usage: "take the approved action: POST /client/`ENDPOINT` at the entry node"},
	)
	return documented("", &cli.Command{
		Name: "approve", Usage: "get an approval, as a client does", ArgsUsage: "[client|captcha]",
		Description: `   Prints the approval as JSON: the approvalInfo that a client sends with an
   action. For kind client, the default, the answer is the client's IP; for
   captcha it is the text in the picture. Whether it is right is known only
   when the action is taken.`,
		Flags:  flags,
		Action: approve,
	})
}

func approve(c *cli.Context) error {
	if err := takes(c, 0, 1, "kind"); err != nil {
		return err
	}
	q, err := readQuestion(c.String("from"))
	if err != nil {
		return err
	}
	action, err := checkApproval(c, q)
	if err != nil {
		return inputError{fmt.Errorf("approve: %w", err)}
	}
	// Before the question is asked for, because approvers answer only once in a period.
	file, err := openPicture(c.String("save"))
	if err != nil {
		return inputError{fmt.Errorf("approve: --save: %w", err)}
	}
	defer file.close()
	network, err := connect(c)
	if err != nil {
		return err
	}
	defer network.Close()
	if q == nil {
		if q, err = network.ApprovalQuestion(c.Context, action, wishes(c)); err != nil {
			return err
		}
	}
	if err := present(c, q, file); err != nil {
		return err
	}
	if c.Bool("question-only") {
		return printJSON(c, q)
	}
	text, err := answerTo(c, q)
	if err != nil {
		return err
	}
	return act(c, network, q.Answer(text))
}

// Flags of approve that belong together.
var (
	// how a new picture should look
	wishFlags    = [...]string{"width", "background", "color"}
	pictureFlags = [...]string{"save", "show"} // what to do with it
)

// checkApproval finds the kind of approval, and refuses flags that would have no effect
// with the rest of the command line. The question is that of --from, or nil.
func checkApproval(c *cli.Context, q *client.Question) (action string, err error) {
	if action = c.Args().First(); action == "" {
		action = "client"
		if q != nil {
			action = q.Action
		}
	}
	switch questionOnly := c.Bool("question-only"); {
	case q != nil && q.Action != action:
		return "", fmt.Errorf("%s holds a question of kind %.80q, not %q", c.String("from"), q.Action, action)
	case q != nil && questionOnly:
		return "", errors.New("--from answers a question that --question-only has asked for: give one of them")
	case q != nil && firstSet(c, wishFlags[:]) != "":
		return "", fmt.Errorf("--%s is for a new question, and --from answers an old one", firstSet(c, wishFlags[:]))
	case questionOnly && firstSet(c, []string{"answer", "call"}) != "":
		return "", fmt.Errorf("--%s needs an answered question, and --question-only answers none",
			firstSet(c, []string{"answer", "call"}))
	case c.IsSet("node") && firstSet(c, endpointFlagNames()) != "":
		return "", fmt.Errorf("--node and --%s both say which node to ask: give one of them",
			firstSet(c, endpointFlagNames()))
	case c.IsSet("width") && (c.Int("width") < 100 || c.Int("width") > 500):
		return "", fmt.Errorf("--width: want 100 to 500 pixels, not %d", c.Int("width"))
	}
	if flag := firstSet(c, slices.Concat(wishFlags[:], pictureFlags[:])); flag != "" && action == "client" {
		return "", fmt.Errorf("--%s is for captcha, not for %s", flag, action)
	}
	if flag := firstSet(c, pictureFlags[:]); flag != "" && q != nil {
		if _, err := q.Picture(); err != nil {
			return "", fmt.Errorf("--%s: %w", flag, err)
		}
	}
	return action, nil
}

// firstSet returns the first of the flags that is on the command line; "" if none is.
func firstSet(c *cli.Context, names []string) string {
	for _, name := range names {
		if c.IsSet(name) {
			return name
		}
	}
	return ""
}

// act takes the action that the approval is for, if there is one, or prints the approval.
func act(c *cli.Context, network *client.Client, answered *client.Approval) error {
	endpoint := strings.Trim(c.String("call"), "/")
	if endpoint == "" {
		return printJSON(c, answered)
	}
	var result json.RawMessage
	if err := network.Request(c.Context, endpoint, nil, &result, client.WithApproval(answered)); err != nil {
		return err
	}
	return printJSON(c, result)
}

// entryNode is the node that the client asks.
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

// connect makes a client that stays at the entry node.
func connect(c *cli.Context) (*client.Client, error) {
	o, err := clientOptions(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	return client.Connect(ctx, *o)
}

// clientOptions are those of a client that asks the entry node.
func clientOptions(c *cli.Context) (*client.Options, error) {
	options, err := config.Load(given(c))
	if err == nil {
		err = options.ReadPassword()
	}
	if err == nil && c.IsSet("tls-ca") && options.HTTPS == config.HTTPSOff {
		err = errors.New("flag --tls-ca: https is off: give --https on too")
	}
	if err != nil {
		return nil, inputError{err}
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	entry, err := entryNode(ctx, c)
	if err != nil {
		return nil, err
	}
	timeout := c.Duration("timeout")
	o := &client.Options{
		Addresses: []string{entry}, HTTPS: options.HTTPS != config.HTTPSOff,
		Version: options.NetworkVersion, WorkerChange: -1,
		Timeout: timeout * 2 / 3, QuestionTimeout: timeout,
	}
	if options.Username != "" {
		o.Auth = &client.Credentials{Username: options.Username, Password: options.Password}
	}
	if o.HTTPS {
		if o.CA, err = options.Authorities(); err != nil {
			return nil, inputError{err}
		}
	}
	return o, nil
}

// wishes says how the picture should look; nil if nothing is set.
func wishes(c *cli.Context) any {
	wanted := client.Captcha{Width: c.Int("width"), Background: c.String("background"), Color: c.String("color")}
	if wanted == (client.Captcha{}) {
		return nil
	}
	return &wanted
}

// readQuestion reads what --question-only has printed; nil without a path.
func readQuestion(path string) (*client.Question, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, inputError{fmt.Errorf("approve: %w", err)}
	}
	q := &client.Question{}
	if err := json.Unmarshal(data, q); err != nil || q.Key == "" || q.Text == "" {
		return nil, inputError{fmt.Errorf("approve: %s: not what --question-only prints", path)}
	}
	return q, nil
}

// answerTo gets the answer: from the flag, from the question itself for kind client, or
// from a person.
func answerTo(c *cli.Context, q *client.Question) (string, error) {
	_, notPicture := q.Picture()
	switch {
	case c.IsSet("answer"):
		return c.String("answer"), nil
	case notPicture != nil:
		return q.Text, nil // kind client: the question is its own answer
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

// present saves the picture or shows it, as the flags say. Without such flags it is shown
// if a person has to answer it.
func present(c *cli.Context, q *client.Question, file *pictureFile) error {
	picture, err := q.Picture()
	if err != nil {
		if flag := firstSet(c, pictureFlags[:]); flag != "" {
			return fmt.Errorf("approve: --%s: %w", flag, err)
		}
		return nil
	}
	if file != nil {
		if err := file.write(picture); err != nil {
			return fmt.Errorf("approve: %w", err)
		}
		fmt.Fprintf(c.App.ErrWriter, "the picture is in %s\n", c.String("save"))
	}
	if c.Bool("show") || file == nil && !c.IsSet("answer") && !c.Bool("question-only") {
		return drawPicture(c.App.ErrWriter, picture)
	}
	return nil
}
