package playbook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestInformationalText checks that an informational text never fails a step: the error of an
// expression becomes part of the text. Other parameters are still rejected.
func TestInformationalText(t *testing.T) {
	const book = "name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\n" +
		"steps: [{id: add, action: add_user_to_group, with: {user: ann, group: %s, note: %q}}]\n"
	const agent = "${{ event.client.userAgent.rawUserAgent }}"
	ua := func(raw string) string { return `{"client":{"userAgent":{"rawUserAgent":` + raw + `}}}` }
	for name, test := range map[string]struct{ note, event, want string }{
		"a text":                {agent, ua(`"curl"`), `"note":"curl"`},
		"beside other text":     {"from " + agent + " now", ua(`"curl"`), `"note":"from curl now"`},
		"1,001 characters":      {agent, ua(`"` + strings.Repeat("x", 1001) + `"`), `"note":"` + strings.Repeat("x", 1001) + `"`},
		"null":                  {agent, ua(`null`), `"note":null`},
		"null beside text":      {"from " + agent, ua(`null`), `"note":"from (event.client.userAgent.rawUserAgent: a null cannot be part of a text)"`},
		"null in an expression": {"${{ 'from ' + event.client.userAgent.rawUserAgent }}", ua(`null`), `"note":null`},
		"no client":             {"from " + agent, `{}`, `"note":"from (event.client.userAgent.rawUserAgent: a null cannot be part of a text)"`},
		"no such member":        {"${{ raw.client.agent }}", `{"client":{}}`, `"note":null`},
		"a number":              {"${{ raw.client }}", `{"client":7}`, `"note":7`},
		"a list":                {"${{ raw.client }}", `{"client":["a",null]}`, `"note":["a",null]`},
		"a list beside text":    {"from ${{ raw.client }}", `{"client":["a"]}`, `"note":"from (raw.client: a value of type list cannot be part of a text)"`},
		"too costly": {"${{ raw.client.map(a, raw.client.map(b, a + b))[0][0] }}", `{"client":[` + strings.Repeat(`"x",`,
			2000) + `"x"]}`, `"note":"(raw.client.map(a, raw.client.map(b, a + b))[0][0]: `},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, fmt.Sprintf(book, "Quarantine", test.note))
			got, err := p.Input(p.Steps[0], Scope{Event: json.RawMessage(test.event)})
			if err != nil || !strings.Contains(string(got), test.want) {
				t.Errorf("got %.300s, %v\nwant %.300s", got, err, test.want)
			}
		})
	}
	p := load(t, fmt.Sprintf(book, "'"+agent+"'", "why"))
	for _, event := range []string{ua(`null`), ua(`""`), `{}`} {
		if got, err := p.Input(p.Steps[0], Scope{Event: json.RawMessage(event)}); err == nil {
			t.Errorf("%s: the group was taken from it: %s", event, got)
		}
	}
}
