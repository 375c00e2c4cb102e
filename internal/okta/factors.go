package okta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Factor is a means of proof that a user has enrolled, read from raw JSON: the
// SDK loses the types it does not know, FastPass (signed_nonce) among them.
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

// The types of a factor that more than one place knows of.
const (
	FactorPush  = "push"
	FactorEmail = "email"
)

// CreatedAt is when the factor was enrolled, zero if Okta does not say.
func (f Factor) CreatedAt() time.Time {
	t, _ := time.Parse(time.RFC3339, f.Created)
	return t
}

// FactorsOf lists the factors of a user. Okta leaves out those that the enrolment
// policy which applies to the caller does not allow.
func (c *Client) FactorsOf(ctx context.Context, userID string) ([]Factor, error) {
	return every(ctx, c, nil, func(f Factor) string { return f.ID }, "users", userID, "factors")
}

// Factor reads one factor, one that Okta's list leaves out too.
func (c *Client) Factor(ctx context.Context, userID, factorID string) (*Factor, error) {
	p, err := path("users", userID, "factors", factorID)
	if err != nil {
		return nil, err
	}
	f := new(Factor)
	r, err := c.object(ctx, p, f)
	if err != nil {
		return nil, err
	}
	if f.ID == "" {
		return nil, r.broken("a factor without an id")
	}
	return f, nil
}

// ResetFactors unenrols every factor of a user.
func (c *Client) ResetFactors(ctx context.Context, userID string) error {
	return c.post(ctx, "users", userID, "lifecycle", "reset_factors")
}

// DeleteFactor unenrols one factor; with that of Okta Verify go its others (push,
// FastPass, one-time code). removeRecovery takes the phone number of an SMS or call
// factor away as a means of recovery too. A second time Okta answers 404.
func (c *Client) DeleteFactor(ctx context.Context, userID, factorID string, removeRecovery bool) error {
	p, err := path("users", userID, "factors", factorID)
	if err != nil {
		return err
	}
	query := url.Values{}
	if removeRecovery {
		query.Set("removeRecoveryEnrollment", strconv.FormatBool(true))
	}
	_, err = c.send(ctx, http.MethodDelete, p, query, nil)
	return err
}
