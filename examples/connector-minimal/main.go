// Command connector-minimal is a connector with one write and one trigger. Its service is a
// fictional system of door badges.
package main

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"time"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
	"soar.example/okta/sdk/reconcile"
)

const docs = "https://badges.example/docs"

// connector describes everything that the plugin offers.
var connector = sdk.Connector[settings, *httpclient.Transport]{
	Name: "badges", Title: "Door badges", Summary: "Blocks door badges and reports denied entries.", Docs: docs, Version: "0.1.0",
	Open: open, Check: check,
	Actions:  []sdk.AnyAction[*httpclient.Transport]{setBadge},
	Triggers: []sdk.AnyTrigger[*httpclient.Transport]{deniedEntries},
}

func main() {
	backend, err := connector.Compile()
	if err != nil {
		panic(err)
	}
	os.Exit(plugin.Serve(context.Background(), backend, plugin.ServeOptions{
		Usage: "This is a connector plugin. To use it, type: soar actions --plugin " + os.Args[0],
	}))
}

// settings are the settings of a connection.
type settings struct {
	URL   string     `json:"url" jsonschema:"format=uri,minLength=1" jsonschema_description:"Address of the badge service."`
	Token sdk.Secret `json:"token" jsonschema:"minLength=1" jsonschema_description:"API token of the badge service."`
}

// open creates the client of a connection. It sends no request.
func open(_ context.Context, s settings) (*httpclient.Transport, error) {
	origin, err := url.Parse(s.URL)
	if err != nil || origin.Host == "" {
		return nil, sdk.InvalidField("/url", "is not an address such as https://badges.example")
	}
	t := httpclient.New(origin)
	t.Begin = httpclient.Bearer(s.Token)
	t.RequestID = "X-Request-Id"
	return t, nil
}

// check tests the connection.
func check(ctx context.Context, t *httpclient.Transport) (sdk.Health, error) {
	var me struct {
		Account string `json:"account"`
	}
	err := t.JSON(ctx, "GET", "/me", nil, &me)
	return sdk.Health{Target: t.Origin.String(), Account: me.Account}, err
}

// badge is the state that the write changes.
type badge struct {
	ID     string `json:"id" jsonschema_description:"ID of the badge."`
	Holder string `json:"holder" jsonschema_description:"Person who carries the badge."`
	Active bool   `json:"active" jsonschema_description:"Whether the badge opens doors."`
}

// setBadgeInput is the input of set_badge. Write adds dry_run, reason and expected_before.
type setBadgeInput struct {
	Badge  string `json:"badge" jsonschema:"minLength=1,maxLength=64,example=b-1" jsonschema_description:"ID of the badge."`
	Active bool   `json:"active" jsonschema_description:"Let the badge open doors."`
	reconcile.Write
}

var setBadge = sdk.Action[*httpclient.Transport, setBadgeInput, reconcile.Change[badge]]{
	Name: "set_badge", Summary: "Blocks a badge, or activates it again.", Docs: docs, Effect: sdk.Writes, Undo: "set_badge", Contains: true,
	Example: sdk.Example[setBadgeInput, reconcile.Change[badge]]{
		Input:  setBadgeInput{Badge: "b-1"},
		Output: reconcile.Changed(badge{ID: "b-1", Holder: "Ann", Active: true}, badge{ID: "b-1", Holder: "Ann"}),
	},
	Run: func(ctx context.Context, t *httpclient.Transport, in setBadgeInput) (reconcile.Change[badge], error) {
		path := "/badges/" + url.PathEscape(in.Badge)
		change, err := reconcile.Goal[badge]{
			Name: "badge has the requested state",
			Done: func(b badge) bool { return b.Active == in.Active },
			Read: func(ctx context.Context) (b badge, err error) { return b, t.JSON(ctx, "GET", path, nil, &b) },
			Act: func(ctx context.Context) error {
				return t.JSON(ctx, "PUT", path, map[string]bool{"active": in.Active}, nil)
			},
		}.Run(ctx)
		if err != nil {
			return change, err
		}
		change.About(sdk.Subject{Type: "badge", ID: change.Before.ID, Name: change.Before.Holder})
		change.UndoneBy("set_badge", change.Before.ID, setBadgeInput{Badge: change.Before.ID, Active: change.Before.Active})
		return change, nil
	},
}

// entry is an event of the trigger denied_entries.
type entry struct {
	ID    int       `json:"id" jsonschema_description:"Number of the entry."`
	Time  time.Time `json:"time" jsonschema_description:"Time of the entry."`
	Badge string    `json:"badge" jsonschema_description:"ID of the badge."`
	Door  string    `json:"door" jsonschema_description:"Name of the door."`
}

// checkpoint is the position at which the next poll continues. Its zero value starts at the beginning.
type checkpoint struct {
	After int `json:"after"`
}

type entriesParams struct {
	Door string `json:"door,omitempty" jsonschema:"example=vault" jsonschema_description:"Name of a door. Without it, entries of every door count."`
}

const pageSize = 100

var deniedEntries = sdk.Trigger[*httpclient.Transport, entriesParams, checkpoint, entry]{
	Name: "denied_entries", Summary: "Reports each entry that a door denied.", Docs: docs, Every: 10 * time.Second,
	Example: entry{ID: 7, Time: time.Date(2026, 3, 14, 2, 41, 7, 0, time.UTC), Badge: "b-1", Door: "vault"},
	Poll: func(ctx context.Context, t *httpclient.Transport, p entriesParams, from checkpoint) (sdk.Page[checkpoint, entry], error) {
		page := sdk.Page[checkpoint, entry]{Next: from}
		query := url.Values{"after": {strconv.Itoa(from.After)}, "limit": {strconv.Itoa(pageSize)}}
		var entries []entry
		if err := t.JSON(ctx, "GET", "/entries/denied?"+query.Encode(), nil, &entries); err != nil {
			return page, err
		}
		page.Seen, page.More = len(entries), len(entries) == pageSize
		for _, e := range entries {
			page.Next.After, page.Newest = e.ID, e.Time
			if p.Door == "" || p.Door == e.Door {
				page.Events = append(page.Events, sdk.Event[entry]{ID: strconv.Itoa(e.ID), Type: "entry.denied", Time: e.Time, Data: e})
			}
		}
		return page, nil
	},
}
