package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// OwnAddress is the address that Okta last saw a write of this login's user come
// from, as far as can be known: that of the latest event in the log that an API
// token of the user caused. It is the zero Addr if there is none, or the login is
// no user or may not read the log.
func (c *Client) OwnAddress(ctx context.Context) (netip.Addr, error) {
	id, err := c.guard.own(ctx)
	if err != nil || id == "" {
		return netip.Addr{}, err
	}
	// More than one, since the user may have signed in by hand in between.
	r, err := c.send(ctx, http.MethodGet, LogPath, url.Values{
		"filter": {"actor.id eq " + systemlog.Quote(id)}, "sortOrder": {"DESCENDING"}, "limit": {"20"},
	}, nil)
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.Forbidden || e.Code == sdk.NotFound {
			return netip.Addr{}, nil
		}
		return netip.Addr{}, e
	}
	heads, err := systemlog.Split(r.body)
	if err != nil {
		return netip.Addr{}, r.broken("a page of events that cannot be read: " + printable(err.Error(), 120))
	}
	for _, h := range heads {
		var event struct {
			Client struct {
				IPAddress string `json:"ipAddress"`
			} `json:"client"`
			Transaction struct {
				Detail map[string]json.RawMessage `json:"detail"`
			} `json:"transaction"`
		}
		Object(h.Raw).Read(&event)
		if _, byToken := event.Transaction.Detail["requestApiTokenId"]; !byToken {
			continue
		}
		if a, err := netip.ParseAddr(event.Client.IPAddress); err == nil {
			return a.Unmap(), nil
		}
	}
	return netip.Addr{}, nil
}
