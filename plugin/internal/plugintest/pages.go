package plugintest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"soar.example/okta/sdk"
)

// PagesIn are the parameters of pages.
type PagesIn struct {
	Events int    `json:"events,omitempty" jsonschema:"minimum=0"` // Number of events in a page.
	Bytes  int    `json:"bytes,omitempty" jsonschema:"minimum=0"`  // Size of each event.
	Fail   string `json:"fail,omitempty"`                          // Name of the failure to return; panic panics.
}

// Checkpoint is the checkpoint of pages.
type Checkpoint struct {
	Page int `json:"page"`
}

// Fact is the data of an event of pages.
type Fact struct {
	Number int    `json:"number"` // Number of the event.
	Text   string `json:"text"`   // Text of the requested size.
}

var pages = sdk.Trigger[*Client, PagesIn, Checkpoint, Fact]{
	Name: "pages", Summary: "Returns pages of the requested size.", Docs: "https://example.com/pages",
	Every: time.Minute,
	Poll: func(ctx context.Context, c *Client, in PagesIn, from Checkpoint) (sdk.Page[Checkpoint, Fact], error) {
		record(ctx, 1)
		switch {
		case in.Fail == "panic":
			panic("intended panic")
		case in.Fail != "":
			return sdk.Page[Checkpoint, Fact]{}, Failures[in.Fail]
		}
		page := sdk.Page[Checkpoint, Fact]{Next: Checkpoint{from.Page + 1}, More: from.Page < 2, Seen: in.Events + 5}
		if from.Page == 1 {
			page.Notices = []string{"half-way"}
		}
		at := time.Date(2025, 3, 4, 5, 6, 7, 123456789, time.FixedZone("", 3600))
		for i := range in.Events {
			page.Events = append(page.Events, sdk.Event[Fact]{
				ID: fmt.Sprintf("%s-%d-%d", c.settings.Org, from.Page, i), Type: "fact.recorded",
				Time: at.Add(time.Duration(i)), Data: Fact{Number: i, Text: "<é>" + strings.Repeat("x", in.Bytes)},
			})
		}
		return page, nil
	},
}
