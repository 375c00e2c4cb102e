package httpclient

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChallenges(t *testing.T) {
	type p = map[string]string
	for in, want := range map[string][]Challenge{
		"":                             nil,
		" , ,":                         nil,
		"Bearer":                       {{"bearer", p{}}},
		`Bearer error="invalid_token"`: {{"bearer", p{"error": "invalid_token"}}},
		`DPoP algs="RS256 ES256", Error = insufficient_scope ,scope="a b"`: {{"dpop", p{"algs": "RS256 ES256", "error": "insufficient_scope", "scope": "a b"}}},
		`Bearer realm="x", DPoP error="use_dpop_nonce"`:                    {{"bearer", p{"realm": "x"}}, {"dpop", p{"error": "use_dpop_nonce"}}},
		`Bearer, Basic realm="a, \"b\""`:                                   {{"bearer", p{}}, {"basic", p{"realm": `a, "b"`}}},
		`Bearer error="cut off`:                                            {{"bearer", p{"error": "cut off"}}},
		`Bearer error="cut off\`:                                           {{"bearer", p{"error": `cut off\`}}},
		`Bearer error="one", error="two"`:                                  {{"bearer", p{"error": "one"}}},
		`error="no scheme"`:                                                nil,
		`Bearer error=`:                                                    {{"bearer", p{"error": ""}}},
		`"odd"`:                                                            nil,
		`Bearer =odd`:                                                      nil,
	} {
		if diff := cmp.Diff(want, parseChallenges(in)); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
	h := http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`, `DPoP error="use_dpop_nonce"`}}
	want := []Challenge{{"bearer", p{"error": "invalid_token"}}, {"dpop", p{"error": "use_dpop_nonce"}}}
	if diff := cmp.Diff(want, Challenges(h)); diff != "" {
		t.Error(diff)
	}
}

func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{"", "Bearer", `DPoP error="x", a=b, Basic c2VjcmV0==`, `"`, `=`, `a="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range parseChallenges(s) {
			if c.Scheme == "" || c.Scheme != strings.ToLower(c.Scheme) || strings.ContainsAny(c.Scheme, " ,=\"") {
				t.Errorf("scheme %q of %q", c.Scheme, s)
			}
		}
	})
}
