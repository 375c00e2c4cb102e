package httpconnector

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"soar.example/okta/sdk"
)

// attacks are texts that would mention people, forge a link or change the markup of a chat
// service, if they were not escaped.
var attacks = []string{
	"<!channel>", "<!here|x>", "<!everyone>", "<@U024BE7LH>", "<#C024BE7LR>", "<!subteam^S1>", "<https://evil.example|Okta>", "@all", "@channel", "@here",
	"x.@all", "_@channel", "＠all", "<users/all>", "<users/123>", "[Okta](https://evil.example)", "![x](https://evil.example/x.png)", "<at>everyone</at>",
	"<a href=\"https://evil.example\">Okta</a>", "*bold* _x_ ~~y~~ `z`", "```\ncode\n```", "# heading", "- list\n1. list\n> quote", "a\n===", "&lt;!channel&gt;",
	"\u202eevil\u2066", "a\r\nb", "a\x1b[31mb\x00", "\xff\xfe", "{{DATE(2017-02-14T06:08:39Z,SHORT)}} ${x} @{y}", "| a | b |\n|---|---|", "\u200b", "",
}

// raw are the forms that no payload may contain.
var raw = regexp.MustCompile("<[!@#a-z]|<users|@(all|channel|here)|\u202e|\u2066|\x1b|\x00")

// texts returns all strings in a document.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	case map[string]any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	}
	return all
}

func payload(t *testing.T, name string, in MessageInput) (text string, size int, cut bool) {
	t.Helper()
	p, cut := formats[name].message(in)
	body, err := encode(p)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return strings.Join(texts(v), "\n"), len(body), cut
}

// TestMessagesEscapeText puts each attack into each part of a message.
func TestMessagesEscapeText(t *testing.T) {
	for name := range formats {
		for _, attack := range attacks {
			quoted, err := json.Marshal(attack)
			if err != nil {
				t.Fatal(err)
			}
			text, _, cut := payload(t, name, MessageInput{Text: attack, Title: attack, Link: attack, Fields: Values{attack: quoted}})
			if name == teams { // tags have no meaning in a text run
				text = strings.NewReplacer("<", "", ">", "").Replace(text)
			}
			if name == googleChat {
				text = strings.NewReplacer("<b>", "", "<br>", "").Replace(text)
			}
			if found := raw.FindString(text); found != "" || cut {
				t.Errorf("%s: %q has %q in %q", name, attack, found, text)
			}
		}
	}
}

// TestMessagesKeepText checks that people see the text that was sent.
func TestMessagesKeepText(t *testing.T) {
	const text = "alice.o_neil@corp.example & <10> \"ö\" 100%\nnext - line"
	for name, unescape := range map[string]func(string) string{
		slack: html.UnescapeString, teams: literally,
		googleChat: func(s string) string { return html.UnescapeString(strings.ReplaceAll(s, "<br>", "\n")) },
		mattermost: func(s string) string {
			return html.UnescapeString(regexp.MustCompile(`\\([[:punct:]])`).ReplaceAllString(s, "$1"))
		},
	} {
		got, _, _ := payload(t, name, MessageInput{Text: text})
		if !strings.Contains(unescape(got), text) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"[a](b)": `\[a\]\(b\)`, "*a* _b_ `c`": "\\*a\\* \\_b\\_ \\`c\\`", "- a": `\- a`, "1. a": `1\. a`, "a - 1.5": "a - 1.5", "  + a": `  \+ a`, "a\n==": "a\n\\==",
		`\*`: `\\\*`, "~~x~~": `\~\~x\~\~`, "#tag": `\#tag`, "> q": "&gt; q",
	} {
		if got := escapeMarkdown(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestMessagesFit checks the limits of each service with the worst texts.
func TestMessagesFit(t *testing.T) {
	limits := map[string]int{slack: 40000, teams: 28000, mattermost: 16383, googleChat: 32000}
	for name, limit := range limits {
		for _, letter := range []string{"a", "<", "\\", "x\n", "😀", "é", "*", "\"", "@"} {
			long, fields := strings.Repeat(letter, 20000), Values{}
			quoted, err := json.Marshal(long)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 40 {
				fields[fmt.Sprint(i, long)] = quoted
			}
			in := MessageInput{Text: long, Title: long, Link: "https://desk.example/" + strings.Repeat("a", 1900), Fields: fields}
			text, size, cut := payload(t, name, in)
			if name == mattermost {
				size = utf8.RuneCountInString(text)
			}
			if name == slack {
				size = 0 // its parts have limits of their own
			}
			if size > limit || !cut || !strings.Contains(text, "characters in all)") || !strings.Contains(text, "more fields are not shown") {
				t.Errorf("%s with %q: %d bytes, cut %t", name, letter, size, cut)
			}
			if name != slack {
				continue
			}
			p, _ := formats[slack].message(in)
			for _, block := range p.(object)["blocks"].([]object) {
				if header, ok := block["text"].(object); ok && utf16Size(header["text"].(string)) > map[any]int{"header": 150, "section": 3000}[block["type"]] {
					t.Errorf("a block of the type %s is too long with %q", block["type"], letter)
				}
				all, _ := block["fields"].([]object)
				if len(all) > 10 {
					t.Errorf("%d fields", len(all))
				}
				for _, x := range all {
					if utf16Size(x["text"].(string)) > 2000 {
						t.Errorf("a field is too long with %q", letter)
					}
				}
			}
		}
	}
}

func TestSafeLink(t *testing.T) {
	for link, want := range map[string]string{
		"https://desk.example/a?b=c&d=e": "https://desk.example/a?b=c&d=e", "https://desk.example/a|b>c<d": "https://desk.example/a%7Cb%3Ec%3Cd",
		"https://desk.example/?q=<!channel>|x": "https://desk.example/?q=%3C!channel%3E%7Cx", "https://desk.example/é": "https://desk.example/%C3%A9",
		"https://desk.exаmple/": "https://xn--desk.exmple-", "javascript:alert(1)": "", "https://desk.example@evil.example/": "", "//evil.example": "", "desk": "",
		"data:text/html,x": "", "https://desk.example/" + strings.Repeat("a", 2000): "",
	} {
		got, _, ok := safeLink(link)
		if strings.Contains(link, "а") { // a letter of Cyrillic
			if !strings.Contains(got, "xn--") {
				t.Errorf("%s: got %s", link, got)
			}
			continue
		}
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q, %t", link, got, ok)
		}
	}
}

// TestPostMessage checks the response that each service must give, and the errors.
func TestPostMessage(t *testing.T) {
	for name, c := range map[string]struct {
		format, contentType, body string
		status                    int
		want                      string
		code                      sdk.Code
	}{
		"slack":                 {slack, "text/plain", "ok", 200, `"format":"slack"`, ""},
		"error of slack":        {slack, "text/plain", "channel_is_archived", 410, "channel_is_archived", sdk.Conflict},
		"no hook of slack":      {slack, "text/plain", "no_service", 404, "no_service", sdk.NotFound},
		"page of a proxy":       {slack, "text/html", "<html>", 200, "proxy", sdk.Unavailable},
		"workflow":              {teams, "", "", 202, `"status":202`, ""},
		"old connector":         {teams, "text/plain", "1", 200, `"outcome":"accepted"`, ""},
		"error with status 200": {teams, "text/plain", "delivery failed with error: HTTP error 429", 200, "is not the chat service's", sdk.Unavailable},
		"google":                {googleChat, "application/json", `{"name":"spaces/a/messages/b"}`, 200, `"status":200`, ""},
		"error of google":       {googleChat, "application/json", `{"error":{"message":"bad card"}}`, 400, "bad card", sdk.InvalidInput},
		"mattermost":            {mattermost, "text/plain", "ok", 200, `"status":200`, ""},
		"redirect":              {mattermost, "", "", 302, "redirect", sdk.Unavailable},
		"no format":             {"", "text/plain", "ok", 200, "Set format", sdk.InvalidInput},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, respond(c.status, c.contentType, c.body))
			set := settings{"base_url": s.URL + "/services/T0/B0/secretsecretsecret?sig=secretsig", "allow_cidrs": loopback}
			if c.format != "" {
				set["format"] = c.format
			}
			session, err := open(t, set)
			if err != nil {
				t.Fatal(err)
			}
			_, result, err := call(t, session, "post_message", `{"text":"a","fields":{"n":1,"none":null}}`)
			if c.code != "" {
				wantError(t, err, c.code, c.want)
			} else if err != nil || !strings.Contains(string(result.Output), c.want) {
				t.Errorf("got %s, %v", result.Output, err)
			}
			dry, _, err := call(t, session, "post_message", `{"text":"a","dry_run":true}`)
			if c.format != "" && (err != nil || dry["outcome"] != "planned") {
				t.Errorf("dry run: %v, %v", dry, err)
			}
			if all := fmt.Sprint(string(result.Output), result.Calls, err, dry); strings.Contains(all, "secret") || strings.Contains(all, "/services") {
				t.Errorf("a secret is in %s", all)
			}
			if n := len(s.requests()); c.format != "" && (n != 1 || s.requests()[0].uri != "/services/T0/B0/secretsecretsecret?sig=secretsig") {
				t.Errorf("the service got %+v", s.requests())
			}
		})
	}
}

func TestFormatOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://hooks.slack.com/services/T/B/X": slack, "https://chat.googleapis.com/v1/spaces/A/messages?key=K&token=T": googleChat,
		"https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=S": teams, "https://acme.webhook.office.com/webhookb2/x": teams,
		"https://hooks.slack.com.evil.example/": "", "https://desk.example/hooks/x": "",
	} {
		b, err := parseBase(Settings{BaseURL: sdk.NewSecret(address)})
		if err != nil {
			t.Fatal(err)
		}
		if got := formatOf(b); got != want {
			t.Errorf("%s: got %q", address, got)
		}
	}
}
