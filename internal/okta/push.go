package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// A Push is a challenge that was sent to a push factor, and what became of it.
type Push struct {
	Transaction string // id, by which to ask again
	Result      string // WAITING, SUCCESS, REJECTED, TIMEOUT, or what else Okta says
	Number      string // that the user has to pick, "" if none was asked for
}

// The results of a push challenge
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactorTransactionStatus).
const (
	PushWaiting  = "WAITING"
	PushSuccess  = "SUCCESS"
	PushRejected = "REJECTED"
	PushTimeout  = "TIMEOUT"
	PushExpired  = "EXPIRED" // of factors in general: nobody answered in time
)

// SendPush sends a challenge to a push factor, with a number to pick if it is to
// have one or the org's policy wants it.
func (c *Client) SendPush(ctx context.Context, userID, factorID string, number bool) (Push, error) {
	p, err := path("users", userID, "factors", factorID, "verify")
	if err != nil {
		return Push{}, err
	}
	body := map[string]bool{}
	if number {
		body["useNumberMatchingChallenge"] = true
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Push{}, err
	}
	r, err := c.send(ctx, http.MethodPost, p, nil, bytes.NewReader(raw))
	if err != nil {
		return Push{}, err
	}
	push, err := decodePush(r)
	if err == nil && push.Transaction == "" && push.Result == PushWaiting {
		return Push{}, r.broken("a challenge without a link to what becomes of it")
	}
	return push, err
}

// PushResult asks what has become of a challenge.
func (c *Client) PushResult(ctx context.Context, userID, factorID, transaction string) (Push, error) {
	p, err := path("users", userID, "factors", factorID, "transactions", transaction)
	if err != nil {
		return Push{}, err
	}
	r, err := c.send(ctx, http.MethodGet, p, nil, nil)
	if err != nil {
		return Push{}, err
	}
	push, err := decodePush(r)
	push.Transaction = transaction
	return push, err
}

func decodePush(r *reply) (Push, error) {
	var o Object
	if err := r.decode(&o); err != nil {
		return Push{}, err
	}
	var answer struct {
		Result string `json:"factorResult"`
		Links  struct {
			Poll struct {
				Href string `json:"href"`
			} `json:"poll"`
		} `json:"_links"`
		Embedded struct {
			Challenge struct {
				// A number in the documentation, kept as it comes.
				CorrectAnswer json.RawMessage `json:"correctAnswer"`
			} `json:"challenge"`
		} `json:"_embedded"`
	}
	o.Read(&answer)
	if answer.Result == "" {
		return Push{}, r.broken("a challenge without a result")
	}
	push := Push{Result: printable(answer.Result, 60)}
	if strings.HasPrefix(push.Result, PushWaiting) {
		push.Result = PushWaiting // the documentation knows "WAITING (with number matching challenge)" too
	}
	// Only the id is taken from the link: the address to ask is the org's own.
	if u, err := url.Parse(answer.Links.Poll.Href); err == nil && u.Path != "" {
		push.Transaction = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	}
	if n := string(bytes.Trim(answer.Embedded.Challenge.CorrectAnswer, `"`)); n != "null" {
		push.Number = printable(n, 20)
	}
	return push, nil
}
