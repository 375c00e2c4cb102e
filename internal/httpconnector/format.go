package httpconnector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"soar.example/okta/sdk/httpclient"
)

// The formats.
const (
	slack      = "slack"
	teams      = "teams"
	mattermost = "mattermost"
	googleChat = "google_chat"
)

// A format is how one chat service takes messages. The sizes limit the escaped texts, and
// together they stay below the limit of the whole message.
type format struct {
	title, text, name, value int // the most that a text may have
	fields                   int // the most fields
	size                     func(escaped string) int
	escape                   func(text string) string
	payload                  func(p parts) any
	posted                   func(r *httpclient.Response) bool // whether the service accepted the message
}

// Parts are the escaped parts of a message.
type parts struct {
	title, text, link, host string
	fields                  []named
}

type object = map[string]any

var formats = map[string]format{
	// https://docs.slack.dev/reference/block-kit/blocks: 150 characters a header, 3,000 a section, 2,000 a field.
	slack: {150, 3000, 150, 1800, 10, utf16Size, escapeEntities, slackPayload, isOK},
	// https://learn.microsoft.com/microsoftteams/limits-specifications-teams: 28 KB a message.
	teams: {500, 12000, 100, 300, 20, jsonSize, literally, teamsPayload, postedToTeams},
	// A message of Mattermost has at most 16,383 characters.
	mattermost: {300, 9000, 100, 150, 20, utf8.RuneCountInString, escapeMarkdown, mattermostPayload, isOK},
	// https://developers.google.com/workspace/chat/create-messages: 32,000 bytes a message.
	googleChat: {500, 14000, 100, 300, 20, jsonSize, escapeHTML, googlePayload, postedToGoogle},
}

// message returns the payload of a message, and whether a part was cut.
func (f format) message(in MessageInput) (payload any, cut bool) {
	fit := func(text string, most int) string {
		fitted, isCut := f.fit(clean(text), most)
		cut = cut || isCut
		return fitted
	}
	inLine := func(text string, most int) string { return fit(strings.Join(strings.Fields(text), " "), most) }
	fields := in.Fields.sorted()
	p := parts{title: inLine(in.Title, f.title), text: fit(cmp.Or(strings.TrimSpace(in.Text), "(no text)"), f.text)}
	var isLink bool
	if p.link, p.host, isLink = safeLink(in.Link); !isLink && in.Link != "" {
		fields = append([]named{{"Link", in.Link}}, fields...)
		p.link = ""
	}
	dropped := len(fields) - f.fields
	if dropped > 0 {
		dropped++ // the last field says so
		fields = append(fields[:f.fields-1:f.fields-1], named{"…", strconv.Itoa(dropped) + " more fields are not shown"})
		cut = true
	}
	for _, x := range fields {
		p.fields = append(p.fields, named{inLine(x.name, f.name), cmp.Or(inLine(x.value, f.value), "–")})
	}
	return f.payload(p), cut
}

// fit escapes a text. It cuts a text that is too long, and says how long the text was.
func (f format) fit(text string, most int) (escaped string, cut bool) {
	if escaped = f.escape(text); f.size(escaped) <= most {
		return escaped, false
	}
	runes := []rune(text)
	note := fmt.Sprintf("… (cut, %d characters in all)", len(runes))
	kept := sort.Search(len(runes), func(n int) bool { return f.size(f.escape(string(runes[:n+1])))+f.size(note) > most })
	return f.escape(string(runes[:kept])) + note, true
}

// clean removes the characters of a text that could hide or reorder other characters. It
// separates each @ that could begin a mention from the name behind it.
func clean(text string) string {
	const zeroWidthSpace = '\u200b'
	var b strings.Builder
	last := ' '
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n") {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			r = '\n'
		case unicode.IsControl(r) && r != '\n' && r != '\t', unicode.Is(unicode.Cf, r):
			continue
		}
		b.WriteRune(r)
		isWord := last >= 'a' && last <= 'z' || last >= 'A' && last <= 'Z' || last >= '0' && last <= '9'
		if (r == '@' || r == '＠') && !isWord { // that of an email address stays
			b.WriteRune(zeroWidthSpace)
		}
		last = r
	}
	return b.String()
}

func literally(text string) string { return text }

// escapeEntities escapes the characters with which Slack and Google Chat begin mentions,
// links and tags.
func escapeEntities(text string) string { return entities.Replace(text) }

// escapeHTML escapes a text for the cards of Google Chat.
func escapeHTML(text string) string { return strings.ReplaceAll(escapeEntities(text), "\n", "<br>") }

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escapeMarkdown escapes the markup of Mattermost. Entities replace < and >, since
// Mattermost reads the mentions and links of Slack before it reads Markdown.
func escapeMarkdown(text string) string {
	return lineStart.ReplaceAllString(markdown.Replace(text), `$1\$2`)
}

var (
	markdown = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "#", `\#`,
		"[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`, "{", `\{`, "}", `\}`, "!", `\!`, "|", `\|`)
	// lineStart matches the beginning of a list or of a line under a heading.
	lineStart = regexp.MustCompile(`(?m)^([ \t]*[0-9]*)([-+=.])`)
)

// utf16Size returns the characters of a text as JavaScript counts them.
func utf16Size(text string) int { return len(utf16.Encode([]rune(text))) }

// jsonSize returns the bytes of a text in a JSON document.
func jsonSize(text string) int {
	encoded, _ := encode(text) // a text can always be encoded
	return len(encoded) - 2
}

// slackPayload uses texts of the type plain_text, which have no markup. In text, for
// notifications, markup is switched off.
func slackPayload(p parts) any {
	plain := func(text string) object { return object{"type": "plain_text", "text": text, "emoji": false} }
	var blocks []object
	if p.title != "" {
		blocks = append(blocks, object{"type": "header", "text": plain(p.title)})
	}
	blocks = append(blocks, object{"type": "section", "text": plain(p.text)})
	var fields []object
	for _, x := range p.fields {
		fields = append(fields, plain(x.name+"\n"+x.value))
	}
	if fields != nil {
		blocks = append(blocks, object{"type": "section", "fields": fields})
	}
	if p.link != "" {
		blocks = append(blocks, object{"type": "section", "text": object{"type": "mrkdwn", "verbatim": true, "text": "<" + escapeEntities(p.link) + ">"}})
	}
	return object{
		"text": strings.TrimPrefix(p.title+"\n"+p.text, "\n"), "mrkdwn": false, "blocks": blocks, "unfurl_links": false, "unfurl_media": false,
	}
}

// teamsPayload uses text runs, which have no markup, in an Adaptive Card.
func teamsPayload(p parts) any {
	run := func(text string) object { return object{"type": "TextRun", "text": text} }
	block := func(runs ...object) object { return object{"type": "RichTextBlock", "inlines": runs} }
	bold := func(text string) object { return object{"type": "TextRun", "text": text, "weight": "Bolder"} }
	var body []object
	if p.title != "" {
		body = append(body, block(bold(p.title)))
	}
	body = append(body, block(run(p.text)))
	for _, x := range p.fields {
		body = append(body, block(bold(x.name+": "), run(x.value)))
	}
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
		"msteams": object{"width": "Full"},
	}
	if p.link != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": "Open " + p.host, "url": p.link}}
	}
	return object{
		"type":        "message",
		"attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}},
	}
}

func mattermostPayload(p parts) any {
	var lines []string
	if p.title != "" {
		lines = append(lines, "**"+p.title+"**")
	}
	lines = append(lines, p.text)
	for _, x := range p.fields {
		lines = append(lines, "**"+x.name+":** "+x.value)
	}
	if p.link != "" {
		lines = append(lines, "<"+p.link+">")
	}
	return object{"text": strings.Join(lines, "\n\n")}
}

// googlePayload uses a card, whose texts are HTML and cannot mention anybody.
func googlePayload(p parts) any {
	paragraph := func(html string) object { return object{"textParagraph": object{"text": html}} }
	var widgets []object
	if p.title != "" {
		widgets = append(widgets, paragraph("<b>"+p.title+"</b>"))
	}
	widgets = append(widgets, paragraph(p.text))
	for _, x := range p.fields {
		widgets = append(widgets, paragraph("<b>"+x.name+":</b> "+x.value))
	}
	if p.link != "" {
		button := object{"text": "Open " + p.host, "onClick": object{"openLink": object{"url": p.link}}}
		widgets = append(widgets, object{"buttonList": object{"buttons": []object{button}}})
	}
	return object{"cardsV2": []object{{"cardId": "message", "card": object{"sections": []object{{"widgets": widgets}}}}}}
}

// isOK reports whether a response is that of Slack and Mattermost to a message.
func isOK(r *httpclient.Response) bool { return string(bytes.TrimSpace(r.Body)) == "ok" }

// postedToTeams accepts the response of a workflow, and the response 1 of an older
// connector. Such a connector reports errors with the status 200.
func postedToTeams(r *httpclient.Response) bool {
	return r.Status == http.StatusAccepted && !isHTML(r) || string(bytes.TrimSpace(r.Body)) == "1"
}

// postedToGoogle reports whether a response is the message that Google Chat made.
func postedToGoogle(r *httpclient.Response) bool {
	var message struct {
		Name string `json:"name"`
	}
	return json.Unmarshal(r.Body, &message) == nil && message.Name != ""
}
