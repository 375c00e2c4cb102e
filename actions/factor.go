package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
)

// FactorRef is a factor that a user has enrolled.
type FactorRef struct {
	ID string `json:"id"` // ID of the factor.
	// Type of the factor, such as push, signed_nonce (FastPass), sms, webauthn or token:software:totp.
	Type     string `json:"type"`
	Provider string `json:"provider,omitempty"` // Provider of the factor: OKTA, GOOGLE, FIDO and others.
	Status   string `json:"status,omitempty"`   // ACTIVE, PENDING_ACTIVATION and others.
	// Name of the device, phone number or email address of the factor.
	Name    string `json:"name,omitempty"`
	Created string `json:"created,omitempty"` // Time of the enrolment.
}

// FactorsState is what a user has enrolled.
type FactorsState struct {
	// Factors of the user. Okta omits factors that the user's enrolment policy does not allow.
	Factors []FactorRef `json:"factors"`
}

func (s FactorsState) has(id string) bool { return s.byID(id) != nil }

func (s FactorsState) byID(id string) *FactorRef {
	for i, f := range s.Factors {
		if f.ID == id {
			return &s.Factors[i]
		}
	}
	return nil
}

func factorRef(f okta.Factor) FactorRef {
	name := f.Profile.Name
	for _, other := range []string{f.Profile.PhoneNumber, f.Profile.Email} {
		if name == "" {
			name = other
		}
	}
	return FactorRef{ID: f.ID, Type: f.FactorType, Provider: f.Provider, Status: f.Status, Name: name, Created: f.Created}
}

func readFactors(c *okta.Client, userID string) func(context.Context) (FactorsState, error) {
	return func(ctx context.Context) (FactorsState, error) {
		factors, err := c.FactorsOf(ctx, userID)
		return FactorsState{Factors: reconcile.Convert(factors, factorRef)}, err
	}
}

// factorsFixed explains why the factors of a user cannot be changed, "" if nothing is known.
func factorsFixed(u *okta.User) func(FactorsState) string {
	return func(FactorsState) string {
		if u.Status == okta.StatusDeprovisioned {
			return "Okta does not change the factors of a deactivated user"
		}
		return ""
	}
}

var (
	examplePush = FactorRef{ID: "opf1a2b3c4d5e6f7g8h9", Type: okta.FactorPush, Provider: "OKTA", Status: "ACTIVE", Name: "Alice's phone",
		Created: "2025-11-02T10:15:00.000Z"}
	exampleSMS = FactorRef{ID: "mbl1a2b3c4d5e6f7g8h9", Type: "sms", Provider: "OKTA", Status: "ACTIVE", Name: "+15555550123", Created: "2025-11-02T10:12:00.000Z"}
)
