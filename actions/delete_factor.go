package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeleteFactor unenrols one factor.
var DeleteFactor = action[DeleteFactorInput, DeleteFactorOutput]{
	Name:    "delete_factor",
	Summary: "Unenrols one factor of a user, such as a phone that an intruder enrolled. Unenrolling one factor of Okta Verify removes its other factors.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/unenrollFactor",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeleteFactorInput, DeleteFactorOutput]{
		Input: DeleteFactorInput{OneUser: exampleTarget, Factor: OktaID(exampleSMS.ID), RemoveRecovery: true},
		Output: DeleteFactorOutput{User: exampleUser, Removed: []FactorRef{exampleSMS}, Change: reconcile.Changed(
			FactorsState{Factors: []FactorRef{examplePush, exampleSMS}},
			FactorsState{Factors: []FactorRef{examplePush}},
		)},
	},
	Run: onUser(deleteFactor),
}

// DeleteFactorInput is the input of delete_factor.
type DeleteFactorInput struct {
	OneUser
	// ID of the factor, as get_user_factors lists it or an event names it. A nonexistent factor looks like a
	// deleted one.
	Factor OktaID `json:"factor" jsonschema:"example=opf1a2b3c4d5e6f7g8h9,minLength=10" jsonschema_extras:"x-options=get_user_factors user=$user"`
	// Remove a phone number (SMS, call) as a means of account recovery, too.
	RemoveRecovery bool `json:"remove_recovery,omitempty" jsonschema:"default=true" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// DeleteFactorOutput is the output of delete_factor.
type DeleteFactorOutput struct {
	User UserRef `json:"user"` // The user.
	// Factors that are gone: the named factor, and the factors that Okta removed with it.
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
		// Okta's list leaves factors out: that it is not there proves nothing.
		unlisted = true
		before, err = read(ctx)
	}
	if err != nil {
		return DeleteFactorOutput{}, err
	}
	named := before.byID(factor)
	removeRecovery := in.RemoveRecovery && named != nil && (named.Type == "sms" || named.Type == "call")
	change, err := reconcile.Goal[FactorsState]{
		Name:         "factor is gone",
		Done:         func(s FactorsState) bool { return !s.has(factor) },
		Act:          func(ctx context.Context) error { return c.DeleteFactor(ctx, u.ID, factor, removeRecovery) },
		Read:         read,
		Precondition: factorsFixed(u),
	}.From(ctx, before)
	out := DeleteFactorOutput{User: refOf(u), Removed: []FactorRef{}, Change: change}
	if out.Outcome == sdk.Changed || out.Outcome == sdk.Unchanged {
		for _, f := range before.Factors {
			if !change.After.has(f.ID) {
				out.Removed = append(out.Removed, f)
			}
		}
	}
	return out, err
}
