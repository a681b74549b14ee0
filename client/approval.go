package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// Question is what a client has to answer to be approved. As JSON it is what the npm
// client returns.
type Question struct {
	Action string `json:"action"` // the kind: "client", "captcha"
	Key    string `json:"key"`    // names the approval at its approvers
	// when the period began, in milliseconds since the Unix epoch
	StartedAt int64  `json:"startedAt"`
	ClientIP  string `json:"clientIp"` // of this client, as the network sees it
	// the nodes that vouch for the client, in the order of the draw
	Approvers []string `json:"approvers"`
	// of kind client, the IP; of kind captcha, a picture: see Picture
	Text string `json:"question"`
}

// Approval is an answered question. Whether the answer is right is known only when it is
// used. As JSON it is the approvalInfo of a request, which must have just these keys.
type Approval struct {
	Action    string   `json:"action"`
	Key       string   `json:"key"`
	StartedAt int64    `json:"startedAt"`
	ClientIP  string   `json:"clientIp"`
	Approvers []string `json:"approvers"`
	Answer    string   `json:"answer"`
}

// Captcha says how the picture should look, as the info of ApprovalQuestion. The network
// chooses what is zero.
type Captcha struct {
	Width      int    `json:"captchaWidth,omitempty"`      // 100 to 500 pixels
	Background string `json:"captchaBackground,omitempty"` // "transparent" or "#rrggbb"
	// of the symbols: "random" or "#rrggbb"
	Color string `json:"captchaColor,omitempty"`
}

// Answer makes an approval from the question and an answer. The question does not change:
// another answer makes another approval.
func (q *Question) Answer(text string) *Approval {
	return &Approval{q.Action, q.Key, q.StartedAt, q.ClientIP, slices.Clone(q.Approvers), text}
}

const (
	pictureStart = "data:image/png;base64,"
	pngStart     = "\x89PNG\r\n\x1a\n"
)

// Picture returns the PNG of a captcha. It is an error if the question is of another
// kind.
func (q *Question) Picture() ([]byte, error) {
	text, found := strings.CutPrefix(q.Text, pictureStart)
	if !found {
		return nil, fmt.Errorf("client: the question of kind %.80q is not a picture", q.Action)
	}
	picture, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("client: the picture: %w", err)
	}
	if !bytes.HasPrefix(picture, []byte(pngStart)) {
		return nil, errors.New("client: the picture is not a PNG")
	}
	return picture, nil
}

// ApprovalQuestion asks the network for a question of the given kind. Info says how the
// question should be, such as a *Captcha, and becomes JSON. Kind "client" takes only nil.
func (c *Client) ApprovalQuestion(ctx context.Context, action string, info any) (*Question, error) {
	ctx, end := c.limit(ctx, c.options.QuestionTimeout)
	defer end()
	var q *Question
	// Only the node that issued the key knows it, so a second attempt starts again at
	// another node.
	anywhere := request{repeatable: true}
	err := c.somewhere(ctx, c.Worker, anywhere.mayRepeat, func(node string) (err error) {
		q, err = c.question(ctx, node, action, info)
		return err
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// question does the steps of an approval through one entry node: it learns which nodes
// are approvers, asks each, and gets the question.
func (c *Client) question(ctx context.Context, entry, action string, info any) (*Question, error) {
	q := &Question{}
	body := map[string]any{"action": action}
	if err := c.ask(ctx, entry, message.KindApprovalKey.String(), body, q); err != nil {
		return nil, err
	}
	if len(q.Approvers) > wire.MaxApprovers {
		return nil, malformed(http.StatusOK, fmt.Errorf("%d approvers", len(q.Approvers))).
			at(entry, message.KindApprovalKey.String())
	}
	q.Action = action
	if info != nil {
		body["info"] = info
	}
	body["key"], body["startedAt"] = q.Key, q.StartedAt
	q.Approvers = c.vouching(ctx, q.Approvers, body)
	delete(body, "startedAt")
	body["confirmedAddresses"] = q.Approvers
	var answer struct{ Question string }
	if err := c.ask(ctx, entry, message.KindApprovalQuestion.String(), body, &answer); err != nil {
		return nil, err
	}
	q.Text = answer.Question
	return q, nil
}

// atOnce bounds the requests of one question that are on the wire at a time.
const atOnce = 64

// vouching asks the approvers and returns those that agree to vouch for the client, in
// their order. An approver that was drawn twice, which happens to npm nodes while a node
// moves between masters, counts once: an approval that names it twice would be refused.
func (c *Client) vouching(ctx context.Context, approvers []string, body map[string]any) []string {
	places := make(chan struct{}, atOnce)
	willing := make([]bool, len(approvers))
	var all sync.WaitGroup
	for i, approver := range approvers {
		if slices.Contains(approvers[:i], approver) {
			continue
		}
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			err := c.vouch(ctx, approver, body)
			if willing[i] = err == nil; err != nil {
				c.options.Log.Info("an approver does not vouch", "approver", approver, "error", err)
			}
		})
	}
	all.Wait()
	list := make([]string, 0, len(approvers))
	for i, approver := range approvers {
		if willing[i] {
			list = append(list, approver)
		}
	}
	return list
}

func (c *Client) vouch(ctx context.Context, approver string, body map[string]any) error {
	if _, err := peer.Parse(approver); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	return c.ask(ctx, approver, message.KindApprovalAdd.String(), body, nil)
}

// ask sends one of the requests of an approval: they may all be sent twice.
func (c *Client) ask(ctx context.Context, node, endpoint string, body map[string]any, out any) error {
	r, err := newRequest(endpoint, body, []RequestOption{Repeatable()})
	if err != nil {
		return err
	}
	return c.caller.post(ctx, node, r, out)
}
