package httpconnector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
	"soar.example/okta/sdk/reconcile"
)

var postMessage = sdk.Action[*Client, MessageInput, MessageOutput]{
	Name:    "post_message",
	Summary: "Posts a message to the incoming webhook of a chat service.",
	Docs:    "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
	Effect:  sdk.Writes,
	Once:    true,
	Example: sdk.Example[MessageInput, MessageOutput]{
		Input: MessageInput{
			Title: "Account contained", Text: "alice@corp.example was suspended.", Link: "https://desk.example/tickets/42",
			Fields: Values{"Source IP": []byte(`"203.0.113.7"`)},
		},
		Output: MessageOutput{
			Format: slack, Status: http.StatusOK,
			Change: reconcile.Change[Unverified]{Outcome: sdk.Accepted, Subjects: []sdk.Subject{{Type: "webhook", ID: "hooks.slack.com"}}},
		},
	},
	Run: post,
}

// MessageInput is the input of post_message. A text of an event cannot make it fail.
type MessageInput struct {
	// Text of the message. It is shown literally: markup, links and mentions in it have no effect. A text that is too
	// long for the chat service is cut, and a note at its end gives the original length.
	Text   string `json:"text" jsonschema_extras:"x-truncate=20000"`
	Title  string `json:"title,omitempty" jsonschema_extras:"x-truncate=1000"` // Title above the text.
	Link   string `json:"link,omitempty" jsonschema_extras:"x-truncate=4000"`  // Address (http or https) of the link. Any other text appears as a field.
	Fields Values `json:"fields,omitempty"`                                    // Names and values, shown below the text.
	reconcile.Write
}

// MessageOutput is the output of post_message.
type MessageOutput struct {
	// Format in which the message was sent.
	Format    string `json:"format" jsonschema:"enum=slack,enum=teams,enum=mattermost,enum=google_chat"`
	Status    int    `json:"status"`              // HTTP status; 0 in a dry run.
	Truncated bool   `json:"truncated,omitempty"` // Whether a part of the message was cut to the limits of the chat service.
	reconcile.Change[Unverified]
}

func post(ctx context.Context, c *Client, in MessageInput) (MessageOutput, error) {
	name := cmp.Or(c.settings.Format, formatOf(c.base))
	if name == "" {
		return MessageOutput{}, sdk.Invalid("cannot tell which chat service " + c.base.origin.Host + " is. Set format in the settings of the connection to " +
			"slack, teams, mattermost or google_chat")
	}
	f := formats[name]
	payload, truncated := f.message(in)
	body, err := encode(payload)
	if err != nil {
		return MessageOutput{}, err
	}
	out := MessageOutput{Format: name, Truncated: truncated}
	out.Change, err = reconcile.Accept(ctx, Unverified{}, Unverified{}, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.origin.String()+"/", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		r, err := c.exchange(ctx, req)
		if err != nil {
			return err
		}
		out.Status = r.Status
		return c.checkPosted(r, f)
	})
	if err != nil {
		return MessageOutput{}, err
	}
	out.About(sdk.Subject{Type: "webhook", ID: c.base.origin.Host})
	return out, nil
}

// encode keeps the characters < > & as they are, since the limits of sizes count them so.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// errorCode matches the body of an error of Slack, such as channel_is_archived.
var errorCode = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)

// checkPosted returns the error of a response to a message, unless it is the response of
// the chat service to a message that it accepted.
func (c *Client) checkPosted(r *httpclient.Response, f format) error {
	success := r.Status >= 200 && r.Status < 300
	switch {
	case success && f.posted(r):
		return nil
	case success:
		e := c.responseError(r, "is not the chat service's. It may be the page of a proxy"+httpclient.UnknownOutcome)
		e.Code = sdk.Unavailable
		return e
	case r.Status < 400:
		return c.responseError(r, "a redirect, which a message does not follow. Set base_url to the address of the webhook")
	case r.Status != http.StatusTooManyRequests && (isHTML(r) || len(r.Body) == 0):
		e := c.responseError(r, "is not the chat service's. Look for a proxy or a wrong base_url")
		e.Code = sdk.Unavailable
		return e
	}
	e := c.responseError(r, "")
	if body := string(bytes.TrimSpace(r.Body)); errorCode.MatchString(body) && len(body) <= 64 {
		e.Upstream.Code = body
	}
	return e
}

// formatOf returns the format of a webhook's address, "" if it is not known.
func formatOf(b *base) string {
	host := b.origin.Hostname()
	switch {
	case host == "hooks.slack.com" || host == "hooks.slack-gov.com":
		return slack
	case host == "chat.googleapis.com":
		return googleChat
	case strings.HasSuffix(host, ".logic.azure.com") || strings.HasSuffix(host, ".webhook.office.com") ||
		strings.HasSuffix(host, ".environment.api.powerplatform.com"):
		return teams
	}
	return ""
}

// safeLink returns a link as a chat service takes it, and whether it may be a link at all.
// A link shows its own address, so that it cannot pretend to be another.
func safeLink(text string) (link string, host string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", "", false
	}
	origin, _, problem := originOf(u) // its host is ASCII, also if that of u only looks alike
	if problem != "" {
		return "", "", false
	}
	u.Scheme, u.Host = origin.Scheme, origin.Host
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>|\"'`\\^{}[]()*_~@", c) >= 0 && c != '_' && c != '~' {
			b.WriteString("%" + strings.ToUpper(string([]byte{hexDigits[c>>4], hexDigits[c&15]})))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String(), origin.Host, b.Len() <= 2000
}

const hexDigits = "0123456789abcdef"
