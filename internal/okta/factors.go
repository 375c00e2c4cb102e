package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk/httpclient"
)

// A Factor is a factor that a user has enrolled. It does not use the model of the SDK, which loses unknown types
// such as FastPass (signed_nonce).
type Factor struct {
	ID         string `json:"id"`
	FactorType string `json:"factorType"`
	Provider   string `json:"provider"`
	Status     string `json:"status"`
	Created    string `json:"created"`
	Updated    string `json:"lastUpdated"`
	Profile    struct {
		Name        string `json:"name"`
		Platform    string `json:"platform"`
		PhoneNumber string `json:"phoneNumber"`
		Email       string `json:"email"`
	} `json:"profile"`
}

// Types of a factor.
const (
	FactorPush  = "push"
	FactorEmail = "email"
)

// CreatedAt returns the time of the enrolment, or zero if it is unknown.
func (f Factor) CreatedAt() time.Time {
	t, _ := time.Parse(time.RFC3339, f.Created)
	return t
}

// FactorsOf lists the factors of a user. Okta omits factors that the enrolment policy forbids to the caller.
func (c *Client) FactorsOf(ctx context.Context, userID string) ([]Factor, error) {
	return listAll(ctx, c, nil, func(f Factor) string { return f.ID }, "users", userID, "factors")
}

// Factor reads one factor, even one that Okta's list omits.
func (c *Client) Factor(ctx context.Context, userID, factorID string) (*Factor, error) {
	return read(ctx, c, func(f *Factor) string { return f.ID }, "users", userID, "factors", factorID)
}

// ResetFactors removes every factor of a user.
func (c *Client) ResetFactors(ctx context.Context, userID string) error {
	return sdkWrite(ctx, c, emptyOK, withID(c.api.UserAPI.ResetFactors, userID))
}

// DeleteFactor removes one factor. Okta removes all Okta Verify factors (push, FastPass, one-time code) together.
// removeRecovery also removes the phone number of an SMS or call factor from account recovery. Okta responds to a
// repetition with 404.
func (c *Client) DeleteFactor(ctx context.Context, userID, factorID string, removeRecovery bool) error {
	return sdkWrite(ctx, c, noContent, withIDs(func(ctx context.Context, userID, factorID string) sdkv4.ApiUnenrollFactorRequest {
		call := c.api.UserFactorAPI.UnenrollFactor(ctx, userID, factorID)
		if removeRecovery {
			call = call.RemoveRecoveryEnrollment(true)
		}
		return call
	}, userID, factorID))
}

// A Push is a challenge that was sent to a push factor, and its result.
type Push struct {
	Transaction string // ID for [Client.PushResult]
	Result      string // WAITING, SUCCESS, REJECTED, TIMEOUT, or another value of Okta
	Number      string // the number that the user must choose, or ""
}

// The results of a push challenge
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactorTransactionStatus).
const (
	PushWaiting  = "WAITING"
	PushSuccess  = "SUCCESS"
	PushRejected = "REJECTED"
	PushTimeout  = "TIMEOUT"
	PushExpired  = "EXPIRED" // status of factors in general
)

// SendPush sends a challenge to a push factor. With number, or if the org's policy requires it, the user must choose
// a number.
func (c *Client) SendPush(ctx context.Context, userID, factorID string, number bool) (Push, error) {
	body := map[string]bool{}
	if number {
		body["useNumberMatchingChallenge"] = true
	}
	want := success{statuses: []int{http.StatusOK, http.StatusCreated}, member: "factorResult"}
	r, err := c.write(ctx, want, request{method: http.MethodPost, body: body}, "users", userID, "factors", factorID, "verify")
	if err != nil {
		return Push{}, err
	}
	push, err := decodePush(r)
	if err == nil && push.Transaction == "" && push.Result == PushWaiting {
		return Push{}, r.Broken("a challenge without a link to its result")
	}
	return push, err
}

// PushResult reads the result of a challenge.
func (c *Client) PushResult(ctx context.Context, userID, factorID, transaction string) (Push, error) {
	r, err := c.getAt(ctx, nil, "users", userID, "factors", factorID, "transactions", transaction)
	if err != nil {
		return Push{}, err
	}
	push, err := decodePush(r)
	push.Transaction = transaction
	return push, err
}

func decodePush(r *rest.Response) (Push, error) {
	var body struct {
		Result string `json:"factorResult"`
		Links  struct {
			Poll struct {
				Href string `json:"href"`
			} `json:"poll"`
		} `json:"_links"`
		Embedded struct {
			Challenge struct {
				// This is a number in the documentation. It is kept unchanged.
				CorrectAnswer json.RawMessage `json:"correctAnswer"`
			} `json:"challenge"`
		} `json:"_embedded"`
	}
	if err := r.DecodeObject(&body); err != nil {
		return Push{}, err
	}
	if body.Result == "" {
		return Push{}, r.Broken("a challenge without a result")
	}
	push := Push{Result: httpclient.Printable(body.Result, 60)}
	if strings.HasPrefix(push.Result, PushWaiting) {
		push.Result = PushWaiting // the documentation also has "WAITING (with number matching challenge)"
	}
	// Only the ID is taken from the link. Requests always use the configured address of the org.
	if u, err := url.Parse(body.Links.Poll.Href); err == nil && u.Path != "" {
		push.Transaction = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	}
	if n := string(bytes.Trim(body.Embedded.Challenge.CorrectAnswer, `"`)); n != "null" {
		push.Number = httpclient.Printable(n, 20)
	}
	return push, nil
}
