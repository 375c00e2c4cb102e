package okta

import (
	"context"
	"net/http"
)

// A Risk is Okta's judgement of a user, which Identity Threat Protection keeps.
type Risk struct {
	Level  string `json:"riskLevel"`
	Reason string `json:"reason"`
}

// RiskOf reads the risk of a user: HIGH, MEDIUM, LOW or NONE.
func (c *Client) RiskOf(ctx context.Context, userID string) (Risk, error) {
	p, err := path("users", userID, "risk")
	if err != nil {
		return Risk{}, err
	}
	var risk Risk
	r, err := c.object(ctx, p, &risk)
	if err != nil {
		return Risk{}, err
	}
	if risk.Level == "" {
		return Risk{}, r.broken("a risk without a level")
	}
	return risk, nil
}

// SetRisk sets the risk of a user to HIGH, MEDIUM or LOW; Okta cannot set it back
// to NONE. why may hold letters, digits, blanks, hyphens, commas and full stops.
func (c *Client) SetRisk(ctx context.Context, userID, level, why string) error {
	p, err := path("users", userID, "risk")
	if err != nil {
		return err
	}
	body := map[string]string{"riskLevel": level}
	if why != "" {
		body["riskReason"] = why
	}
	return c.tell(ctx, http.MethodPut, p, body)
}
