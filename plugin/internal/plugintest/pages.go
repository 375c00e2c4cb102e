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
	Events int    `json:"events,omitempty" jsonschema:"minimum=0"` // How many events a page has.
	Bytes  int    `json:"bytes,omitempty" jsonschema:"minimum=0"`  // How large each of them is.
	Fail   string `json:"fail,omitempty"`                          // Which failure it is instead; panic breaks down.
}

// Place is the checkpoint of pages.
type Place struct {
	Page int `json:"page"`
}

// Fact is the data of an event of pages.
type Fact struct {
	Number int    `json:"number"` // Which one.
	Text   string `json:"text"`   // Something long.
}

var pages = sdk.Trigger[*Client, PagesIn, Place, Fact]{
	Name: "pages", Summary: "Has as many pages as one wants.", Docs: "https://example.com/pages",
	Every: time.Minute,
	Poll: func(ctx context.Context, c *Client, in PagesIn, from Place) (sdk.Page[Place, Fact], error) {
		record(ctx, 1)
		switch {
		case in.Fail == "panic":
			panic("broken on purpose")
		case in.Fail != "":
			return sdk.Page[Place, Fact]{}, Failures[in.Fail]
		}
		page := sdk.Page[Place, Fact]{Next: Place{from.Page + 1}, More: from.Page < 2, Seen: in.Events + 5}
		if from.Page == 1 {
			page.Notices = []string{"half-way"}
		}
		at := time.Date(2025, 3, 4, 5, 6, 7, 123456789, time.FixedZone("", 3600))
		for i := range in.Events {
			page.Events = append(page.Events, sdk.Event[Fact]{
				ID: fmt.Sprintf("%s-%d-%d", c.settings.Org, from.Page, i), Type: "fact.stated",
				Time: at.Add(time.Duration(i)), Data: Fact{Number: i, Text: "<é>" + strings.Repeat("x", in.Bytes)},
			})
		}
		return page, nil
	},
}
