package actions

import (
	"context"
	"slices"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
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

// FactorsState is the state of the factors of a user.
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

// factorsFixed explains why the factors of a user cannot be changed, "" if no reason is known.
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

// GetUserFactors lists the factors of a user.
var GetUserFactors = action[UserList, GetUserFactorsOutput]{
	Name:    "get_user_factors",
	Title:   "Get A User's Factors",
	Summary: "Lists the factors of a user, such as Okta Verify, phones and security keys.",
	Docs:    apiDocs("UserFactor", "listFactors"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, GetUserFactorsOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: GetUserFactorsOutput{User: ExampleUser, Counted: oneItem, Factors: []FactorItem{factorItem(okta.Object(
			`{"id":"opf1a2b3c4d5e6f7g8h9","factorType":"push","provider":"OKTA","status":"ACTIVE","created":"2025-11-02T10:15:00.000Z",` +
				`"profile":{"name":"Alice's phone"}}`))}},
	},
	Options: &sdk.OptionList{Items: "factors", Value: "id", Label: "name", Description: "type"},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (GetUserFactorsOutput, error) {
		factors, n, err := list(ctx, c, []string{"users", u.ID, "factors"}, nil, whole(in.Bounded), factorItem)
		return GetUserFactorsOutput{User: UserRefOf(u), Factors: factors, Counted: n.Counted}, err
	}),
}

// GetUserFactorsOutput is the output of get_user_factors.
type GetUserFactorsOutput struct {
	User UserRef `json:"user"` // The user.
	// Factors of the user. Okta omits factors that the enrolment policy of the connection's principal does not
	// allow.
	Factors []FactorItem `json:"factors"`
	reconcile.Counted
}

// FactorItem is a factor in a list.
type FactorItem struct {
	FactorRef
	Raw Object `json:"raw"` // The factor as Okta sent it.
}

func factorItem(o okta.Object) FactorItem {
	var f okta.Factor
	o.Read(&f)
	return FactorItem{FactorRef: factorRef(f), Raw: raw(o)}
}

// DeleteFactor unenrolls one factor.
var DeleteFactor = action[DeleteFactorInput, DeleteFactorOutput]{
	Name:    "delete_factor",
	Summary: "Unenrolls one factor of a user, such as a phone that an intruder enrolled. Unenrolling one factor of Okta Verify removes its other factors.",
	Docs:    apiDocs("UserFactor", "unenrollFactor"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeleteFactorInput, DeleteFactorOutput]{
		Input: DeleteFactorInput{OneUser: exampleTarget, Factor: OktaID(exampleSMS.ID), RemoveRecovery: true},
		Output: DeleteFactorOutput{User: ExampleUser, Removed: []FactorRef{exampleSMS}, Change: reconcile.Changed(
			FactorsState{Factors: []FactorRef{examplePush, exampleSMS}},
			FactorsState{Factors: []FactorRef{examplePush}},
		)},
	},
	Run: onUser(deleteFactor),
}

// DeleteFactorInput is the input of delete_factor.
type DeleteFactorInput struct {
	OneUser
	// ID of the factor, from get_user_factors or an event. A nonexistent factor looks like a
	// deleted one.
	Factor OktaID `json:"factor" jsonschema:"example=opf1a2b3c4d5e6f7g8h9,minLength=10" jsonschema_extras:"x-options=get_user_factors user=$user"`
	// Remove the phone number (SMS, call) also as a means of account recovery.
	RemoveRecovery bool `json:"remove_recovery,omitempty" jsonschema:"default=true" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// DeleteFactorOutput is the output of delete_factor.
type DeleteFactorOutput struct {
	User UserRef `json:"user"` // The user.
	// Removed factors: the named factor, and the factors that Okta removed with it.
	Removed []FactorRef `json:"removed"`
	reconcile.Change[FactorsState]
}

func deleteFactor(ctx context.Context, c *okta.Client, u *okta.User, in DeleteFactorInput) (DeleteFactorOutput, error) {
	factor := string(in.Factor)
	list := readFactors(c, u.ID)
	unlisted := false
	read := func(ctx context.Context) (FactorsState, error) {
		s, err := list(ctx)
		if err != nil || s.has(factor) || !unlisted {
			return s, err
		}
		found, err := stateOrNone(func(f *okta.Factor) []FactorRef { return []FactorRef{factorRef(*f)} })(c.Factor(ctx, u.ID, factor))
		s.Factors = append(s.Factors, found...)
		return s, err
	}
	before, err := list(ctx)
	if err == nil && !before.has(factor) {
		// Okta's list omits some factors, so the factor may still exist.
		unlisted = true
		before, err = read(ctx)
	}
	if err != nil {
		return DeleteFactorOutput{}, err
	}
	named := before.byID(factor)
	removeRecovery := in.RemoveRecovery && named != nil && (named.Type == "sms" || named.Type == "call")
	change, err := reconcile.Goal[FactorsState]{
		Name:         "factor is removed",
		Done:         func(s FactorsState) bool { return !s.has(factor) },
		Act:          func(ctx context.Context) error { return c.DeleteFactor(ctx, u.ID, factor, removeRecovery) },
		Read:         read,
		Precondition: factorsFixed(u),
	}.From(ctx, before)
	out := DeleteFactorOutput{User: UserRefOf(u), Removed: []FactorRef{}, Change: change}
	if out.Outcome == sdk.Changed || out.Outcome == sdk.Unchanged {
		for _, f := range before.Factors {
			if !change.After.has(f.ID) {
				out.Removed = append(out.Removed, f)
			}
		}
	}
	return out, err
}

// ResetFactors unenrolls all factors of a user.
var ResetFactors = action[UserWrite, UserChange[FactorsState]]{
	Name:    "reset_factors",
	Summary: "Unenrolls every factor of a user, who must enroll again. Change the password first: until then the password alone may be enough to enroll.",
	Docs:    apiDocs("UserLifecycle", "resetFactors"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleChange(exampleWrite,
		FactorsState{Factors: []FactorRef{examplePush, exampleSMS}},
		FactorsState{Factors: []FactorRef{}},
	),
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[FactorsState], error) {
		return changeUser(ctx, u, reconcile.Goal[FactorsState]{
			Name: "user has no factors",
			Done: func(s FactorsState) bool {
				// Okta itself enrolls the email address, also after a reset.
				return !slices.ContainsFunc(s.Factors, func(f FactorRef) bool { return f.Type != okta.FactorEmail })
			},
			Act:          func(ctx context.Context) error { return c.ResetFactors(ctx, u.ID) },
			Read:         readFactors(c, u.ID),
			Precondition: factorsFixed(u),
		})
	}),
}
