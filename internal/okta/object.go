package okta

import (
	"context"
	"net/http"

	"soar.example/okta/sdk"
)

// object reads the object at path into v, leniently; path must come from [path].
func (c *Client) object(ctx context.Context, path string, v any) error {
	r, err := c.send(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	var o Object
	if err := r.decode(&o); err != nil {
		return err
	}
	if !o.isObject() {
		return r.broken("something other than the object asked for")
	}
	o.Read(v)
	return nil
}

// nameless is the failure of an object without an id: it is not what was asked for.
func nameless(what string) *sdk.Error {
	return sdk.Errorf(sdk.Unavailable, "Okta's address gave %s without an id", what)
}
