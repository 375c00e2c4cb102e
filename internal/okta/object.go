package okta

import (
	"context"
	"net/http"
)

// object reads the object at path into v, leniently; path must come from [path].
func (c *Client) object(ctx context.Context, path string, v any) (*reply, error) {
	r, err := c.send(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	var o Object
	if err := r.decode(&o); err != nil {
		return nil, err
	}
	if !o.isObject() {
		return nil, r.broken("something other than the object asked for")
	}
	o.Read(v)
	return r, nil
}
