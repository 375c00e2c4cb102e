package systemlog

import "testing"

func TestCause(t *testing.T) {
	for event, want := range map[string]Cause{
		`{"uuid":"u"}`: {},
		`{"transaction":{"id":"r","detail":{"requestApiTokenId":"00T"}},"client":{"id":"c","userAgent":{"rawUserAgent":"a"}},` +
			`"actor":{"id":"00u"}}`: {"00T", "r", "c", "00u", "a"},
		`{"transaction":null,"client":null,"actor":null}`:                                               {},
		`{"transaction":{"id":7,"detail":{"requestApiTokenId":"00T"}},"client":7,"actor":{"id":"00u"}}`: {TokenID: "00T", ActorID: "00u"},
		`{"transaction":{"id":"r","detail":null},"client":{"id":["c"],"userAgent":null},"actor":[]}`:    {RequestID: "r"},
		`{"transaction":{"id":"r","detail":"x"},"client":{"id":"c","userAgent":7}}`:                     {RequestID: "r", ClientID: "c"},
	} {
		heads, err := Split([]byte("[" + event + "]"))
		if err != nil {
			t.Fatal(err)
		}
		if got := heads[0].Cause(); got != want {
			t.Errorf("%s: got %+v, want %+v", event, got, want)
		}
	}
}
