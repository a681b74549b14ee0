package client

import (
	"context"
	"encoding/json"

	"spreadable/core/message"
)

// Coverage says how many nodes should have answered a question to the whole network, and
// how many did.
type Coverage = message.Coverage

// Ask asks the whole network a query of an extension, such as "board.read". What the
// question becomes as JSON goes to each node; what they answer together goes into answer,
// which stays as it is if no node had anything to say. The coverage tells "not found" from
// "not reached". Errors are those of Request.
func (c *Client) Ask(ctx context.Context, query string, question, answer any, options ...RequestOption) (Coverage, error) {
	var got struct {
		Result   json.RawMessage
		Coverage Coverage
	}
	body := map[string]any{"arg": question}
	if err := c.Request(ctx, query, body, &got, options...); err != nil {
		return Coverage{}, err
	}
	if len(got.Result) == 0 || string(got.Result) == "null" {
		return got.Coverage, nil
	}
	return got.Coverage, json.Unmarshal(got.Result, answer)
}
