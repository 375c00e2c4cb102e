package okta

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"soar.example/okta/sdk/httpclient"
)

// changeTimeout limits the read of LastChange, because it delays the error that it explains.
const changeTimeout = 5 * time.Second

// LastChange describes the latest System Log event on an object, since a time or within a week. It returns "" if
// there is no such event or the log cannot be read. It quotes and truncates the texts of the event, because attackers
// choose them.
func (c *Client) LastChange(ctx context.Context, id string, since time.Time) string {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	page, err := c.Logs(ctx, LogQuery{
		Since: since, Filter: equals("target.id", id) + " and " + equals("outcome.result", "SUCCESS"), Descending: true, Limit: 1,
	})
	if err != nil || len(page.Events) == 0 {
		return ""
	}
	var event struct {
		EventType string    `json:"eventType"`
		Published time.Time `json:"published"`
		Actor     struct {
			ID          string `json:"id"`
			AlternateID string `json:"alternateId"`
			DisplayName string `json:"displayName"`
		} `json:"actor"`
	}
	Object(page.Events[0].Raw).Read(&event)
	if event.EventType == "" || event.Published.IsZero() {
		return ""
	}
	quote := func(text string) string { return strconv.Quote(httpclient.Printable(text, 100)) }
	actor := cmp.Or(event.Actor.AlternateID, event.Actor.DisplayName, event.Actor.ID)
	return "The latest event on " + id + " in the System Log is " + quote(event.EventType) + " by " + quote(actor) +
		" at " + event.Published.UTC().Format(time.RFC3339)
}
