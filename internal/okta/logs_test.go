package okta

import (
	"fmt"
	"testing"

	"soar.example/okta/internal/systemlog"
)

// TestWithLimit checks that only the limit of an opaque link changes.
func TestWithLimit(t *testing.T) {
	for query, want := range map[string]string{
		"":                            "limit=7",
		"limit=1000":                  "limit=7",
		"after=a%2Bb&limit=1000&x=%c": "after=a%2Bb&limit=7&x=%c",
		"after=a":                     "after=a&limit=7",
		"limit":                       "limit=7",
		"limits=3&after=limit=4":      "limits=3&after=limit=4&limit=7",
		"limit=1&limit=2":             "limit=7&limit=7",
		"filter=a+eq+%22limit%3D1%22": "filter=a+eq+%22limit%3D1%22&limit=7",
	} {
		if got := withLimit(query, 7); got != want {
			t.Errorf("%s became %s, want %s", query, got, want)
		}
	}
}

// TestSelfEventsForgetOldRequests checks that the number of stored request IDs is limited, and that the latest
// are kept.
func TestSelfEventsForgetOldRequests(t *testing.T) {
	o := &selfEvents{}
	for i := range 3 * maxSent {
		o.wrote(fmt.Sprint(i))
		o.wrote(fmt.Sprint(i))
		o.wrote("")
	}
	if len(o.sent) != maxSent || len(o.inOrder) != maxSent {
		t.Errorf("%d and %d ids are kept", len(o.sent), len(o.inOrder))
	}
	cause := systemlog.Cause{TokenID: "00T", RequestID: "1"}
	if own, sure := o.caused(cause); own || !sure {
		t.Error("an old request is remembered")
	}
	cause.RequestID = fmt.Sprint(3*maxSent - 1)
	if own, sure := o.caused(cause); !own || !sure {
		t.Error("the latest request is forgotten")
	}
	if o.wrote("another"); o.sent != nil {
		t.Error("the search for a known token ID continues")
	}
	if own, sure := o.caused(systemlog.Cause{TokenID: "00T", RequestID: "unknown"}); !own || !sure {
		t.Error("the token is not known")
	}
}
