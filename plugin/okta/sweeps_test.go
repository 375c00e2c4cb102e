package okta

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

const sweepsHead = `
# Requests of polling

A poll reads the log page by page until a page is empty. A short page is not the end. A poll that finds events therefore costs one request
more than their pages.

soar watch continues at once after a full page. After a short page whose latest event is younger than the interval, it waits for one
interval. A busy log then costs one request for each interval and full page. After other short pages it spreads the requests over half
of Okta's limit. soar replay reads in the same way.

get_logs without until costs one more request if it does not reach its limit. With until or in descending order, Okta's last page has no
next link, so the extra request is not needed.

| events since the last sweep | requests |
|---|---|
`

// sweepsTable counts the requests of sweeps with the default page size.
func sweepsTable(t *testing.T, backend sdk.Backend) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(sweepsHead)
	for _, events := range []int{0, 1, 999, 1000, 2500} {
		fmt.Fprintf(&b, "| %d | %d |\n", events, sweepOf(t, backend, events))
	}
	return b.String()
}

func sweepOf(t *testing.T, backend sdk.Backend, events int) int {
	t.Helper()
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	org := oktasim.Start(t, oktasim.Options{})
	session, err := backend.Open(ctx, json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q}`, org.URL, org.Token)))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var place json.RawMessage
	sweep := func() {
		for more := true; more; {
			page, err := session.Poll(ctx, "system_log", json.RawMessage(`{"event_types":["*"]}`), place)
			if err != nil {
				t.Fatal(err)
			}
			place, more = page.Next, page.More
		}
	}
	sweep()
	before := len(org.Requests())
	at := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339Nano)
	for range events {
		org.Append(oktasim.Event{"eventType": "user.session.start", "published": at})
	}
	sweep()
	return len(org.Requests()) - before
}
