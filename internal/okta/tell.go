package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// post sends a POST without a body to the path of segments.
func (c *Client) post(ctx context.Context, segments ...string) error {
	p, err := path(segments...)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodPost, p, nil, nil)
	return err
}

// tell sends a write whose answer tells nothing that is not read back.
func (c *Client) tell(ctx context.Context, method, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, method, path, nil, bytes.NewReader(b))
	return err
}
