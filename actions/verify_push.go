package actions

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"soar.example/okta/sdk/reconcile"

	"github.com/hashicorp/go-hclog"
	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// VerifyPush verifies the identity of a user by a push to the phone.
var VerifyPush = action[VerifyPushInput, VerifyPushOutput]{
	Name:    "verify_push",
	Summary: "Sends a push to a user's Okta Verify and waits for the user. The identity is proved only if result is approved.",
	Docs:    apiDocs("UserFactor", "verifyFactor"),
	Effect:  sdk.Writes,
	Once:    true,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[VerifyPushInput, VerifyPushOutput]{
		Input: VerifyPushInput{OneUser: exampleTarget, Wait: sdk.Duration(time.Minute), Number: true},
		Output: VerifyPushOutput{
			User: ExampleUser, Factor: examplePush, Verified: true, Result: pushApproved, Number: "72", Transaction: "mst1eiHghhPxf0yhp0g",
			Change: reconcile.Change[PushState]{Outcome: sdk.Changed, Before: PushState{Result: pushNone}, After: PushState{Verified: true, Result: pushApproved}},
		},
	},
	Run: onUser(verifyPush),
}

// VerifyPushInput is the input of verify_push.
type VerifyPushInput struct {
	OneUser
	// Time to wait for the user, at most five minutes. With 0s, the action returns at once with the result waiting. Call
	// it again with the transaction of its output to get the user's decision.
	Wait sdk.Duration `json:"wait,omitempty" jsonschema:"default=60s,example=60s"`
	// Require the user to pick a number, so that nobody approves by habit. Tell the user the number on another
	// channel. During the wait, soar logs the number as a warning. With wait 0s, read it from the output.
	Number bool `json:"number,omitempty" jsonschema:"title=Number challenge,default=false"`
	// ID of the push factor; the newest active push factor if absent.
	Factor OktaID `json:"factor,omitempty" jsonschema:"example=opf1a2b3c4d5e6f7g8h9" jsonschema_extras:"x-options=get_user_factors user=$user,x-group=advanced"`
	// ID of a challenge that was sent before. The action waits for the result of that challenge and does not send a new one.
	Transaction PushID `json:"transaction,omitempty" jsonschema:"example=mst1eiHghhPxf0yhp0g" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// PushID is the ID of a challenge.
type PushID string

// JSONSchemaExtend adds the form of an ID of a challenge.
func (PushID) JSONSchemaExtend(s *jsonschema.Schema) {
	most := uint64(200)
	s.Pattern, s.MaxLength = "^[0-9A-Za-z._-]+$", &most
}

// maxWait is the time for which Okta keeps a challenge open.
const maxWait = 5 * time.Minute

// Validate rejects a wait that is too long, and a transaction without a factor.
func (in VerifyPushInput) Validate() error {
	if in.Wait.Std() > maxWait {
		return sdk.InvalidField("/wait", "is longer than %s, the lifetime of a challenge in Okta", maxWait)
	}
	if in.Transaction != "" && in.Factor == "" {
		return sdk.InvalidField("/factor", "is required with transaction")
	}
	return nil
}

// VerifyPushOutput is the output of verify_push. The outcome is changed if the user
// approved the push, and not_applicable otherwise.
type VerifyPushOutput struct {
	User     UserRef   `json:"user"`     // The user.
	Factor   FactorRef `json:"factor"`   // Factor that received the push.
	Verified bool      `json:"verified"` // Whether the user approved. Only an approval proves the identity.
	// approved; rejected: the user denies the request; timeout: the user did not respond in time; failed: Okta
	// could not deliver the push; waiting: the user has not responded yet; none: a dry run.
	Result      string `json:"result" jsonschema:"enum=approved,enum=rejected,enum=timeout,enum=failed,enum=waiting,enum=none"`
	Number      string `json:"number,omitempty"`      // Number that the user has to pick, if there is one.
	Transaction string `json:"transaction,omitempty"` // ID of the challenge, for a later call.
	reconcile.Change[PushState]
}

// PushState is the result of a verification.
type PushState struct {
	Verified bool   `json:"verified"` // Whether the user approved.
	Result   string `json:"result"`   // Result of the push.
}

// The results of a verification.
const (
	pushNone     = "none"
	pushWaiting  = "waiting"
	pushApproved = "approved"
	pushRejected = "rejected"
	pushTimeout  = "timeout"
	pushFailed   = "failed"
)

var pushReasons = map[string]string{
	pushRejected: "the user rejected the push. Treat the request that led to this check as suspicious",
	pushTimeout:  "the user did not respond to the push in time. The identity is not verified",
	pushFailed:   "Okta could not deliver the push. The identity is not verified",
	pushWaiting:  "the user has not responded to the push yet. Call the action again with the transaction",
}

func verifyPush(ctx context.Context, c *okta.Client, u *okta.User, in VerifyPushInput) (VerifyPushOutput, error) {
	switch u.Status {
	case okta.StatusSuspended, okta.StatusDeprovisioned, okta.StatusStaged:
		state := PushState{Result: pushNone}
		return VerifyPushOutput{User: UserRefOf(u), Result: pushNone, Change: reconcile.Change[PushState]{
			Outcome: sdk.NotApplicable, Before: state, After: state,
			Reason: "the account is " + u.Status + ", and Okta does not send a push in this status",
		}}, reconcile.Expected(ctx, state)
	}
	f, err := pushFactor(ctx, c, u, string(in.Factor))
	if err != nil {
		return VerifyPushOutput{}, err
	}
	out := VerifyPushOutput{User: UserRefOf(u), Factor: factorRef(f), Result: pushNone}
	before := PushState{Result: pushNone}
	push := okta.Push{Transaction: string(in.Transaction), Result: okta.PushWaiting}
	if in.Transaction == "" {
		out.Change, err = reconcile.Accept(ctx, before, before, func(ctx context.Context) (err error) {
			push, err = c.SendPush(ctx, u.ID, f.ID, in.Number)
			return err
		})
		if err != nil || out.Outcome == sdk.Planned {
			return out, err
		}
		hclog.FromContext(ctx).Info("sent push", "user", u.ID, "factor", f.ID, "number", push.Number)
		if push.Number != "" && in.Wait > 0 {
			// The output comes after the wait, so that the number must be in the log now.
			hclog.FromContext(ctx).Warn("tell the user which number to pick in Okta Verify", "user", u.Login, "number", push.Number)
		}
	}
	if sdk.IsDryRun(ctx) { // the dry run of a call that only waits
		sdk.PlanRequest(ctx, sdk.PlannedRequest{
			Method: http.MethodGet, Path: "/api/v1/users/" + u.ID + "/factors/" + f.ID + "/transactions/" + string(in.Transaction),
		})
		out.Change = reconcile.Change[PushState]{Outcome: sdk.Planned, Before: before, After: before, Plan: sdk.PlannedRequests(ctx)}
		return out, nil
	}
	transaction := push.Transaction
	if push, err = awaitPush(ctx, c, u.ID, f.ID, push, in.Wait.Std(), in.Transaction != ""); err != nil {
		return VerifyPushOutput{}, unanswered(ctx, err, UserRefOf(u), f.ID, transaction)
	}
	out.Number, out.Transaction, out.Result = push.Number, push.Transaction, pushResult(push.Result, in.Wait > 0)
	out.Verified = out.Result == pushApproved
	out.Change = reconcile.Change[PushState]{
		Outcome: sdk.Changed, Before: before, After: PushState{Verified: out.Verified, Result: out.Result},
	}
	if !out.Verified {
		out.Outcome, out.Reason = sdk.NotApplicable, pushReasons[out.Result]
		if out.Result == pushFailed {
			out.Reason += " (Okta: " + push.Result + ")"
		}
	}
	return out, nil
}

// unanswered adds the open challenge to the error that ended the wait: anyone with the
// phone can still approve the push. A host that gave up does not get the error, so that
// the log has the challenge too.
func unanswered(ctx context.Context, err error, u UserRef, factorID, transaction string) error {
	e := *sdk.AsError(err)
	if e.Code == sdk.NotFound {
		return noneHere(&e, "/transaction", "Okta has no challenge %s for this factor", transaction)
	}
	e.Message += fmt.Sprintf(". The push to %s stays open for at most %s: call verify_push with factor %s and transaction %s to get its result", u.Login, maxWait,
		factorID, transaction)
	if ctx.Err() != nil {
		hclog.FromContext(ctx).Warn("stopped waiting for a push that is still open", "user", u.Login, "factor", factorID,
			"transaction", transaction)
	}
	return &e
}

// pushResult converts Okta's result. Only SUCCESS is an approval, and only REJECTED is a
// rejection by the user.
func pushResult(result string, waited bool) string {
	switch {
	case result == okta.PushSuccess:
		return pushApproved
	case result == okta.PushWaiting && !waited:
		return pushWaiting
	case result == okta.PushWaiting || result == okta.PushTimeout || result == okta.PushExpired:
		return pushTimeout
	case result == okta.PushRejected:
		return pushRejected
	default:
		return pushFailed
	}
}

// pushFactor returns the push factor with an ID, or the newest active push factor if id is empty.
func pushFactor(ctx context.Context, c *okta.Client, u *okta.User, id string) (okta.Factor, error) {
	factors, err := c.FactorsOf(ctx, u.ID)
	if err != nil {
		return okta.Factor{}, err
	}
	factors = slices.DeleteFunc(factors, func(f okta.Factor) bool {
		return f.FactorType != okta.FactorPush || f.Status != okta.StatusActive || id != "" && f.ID != id
	})
	if len(factors) == 0 {
		if id != "" {
			return okta.Factor{}, sdk.InvalidField("/factor", "is not an active push factor of %s. List the factors with get_user_factors", u.Login)
		}
		return okta.Factor{}, sdk.Errorf(sdk.Conflict, "cannot send a push: %s has no active push factor", u.Login)
	}
	return slices.MaxFunc(factors, func(a, b okta.Factor) int { return a.CreatedAt().Compare(b.CreatedAt()) }), nil
}

// pushEvery lists the pauses between the reads of a result. A person needs a few seconds
// to respond, and each read costs a request.
var pushEvery = []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second}

// awaitPush reads the result until the user responds, or until the wait is over. For an
// old push, it reads the result at once and at least once. It repeats a read that failed
// with a transient error.
func awaitPush(ctx context.Context, c *okta.Client, userID, factorID string, push okta.Push, wait time.Duration, old bool) (okta.Push, error) {
	number := push.Number
	for n := 0; push.Result == okta.PushWaiting && (wait > 0 || old && n == 0); n++ {
		pause := min(pushEvery[min(n, len(pushEvery)-1)], wait)
		if old && n == 0 {
			pause = 0
		}
		wait -= pause
		if err := reconcile.Sleep(ctx, pause); err != nil {
			return okta.Push{}, err
		}
		now, err := c.PushResult(ctx, userID, factorID, push.Transaction)
		if e := sdk.AsError(err); e != nil {
			if !e.Code.Transient() || wait <= 0 {
				return okta.Push{}, e
			}
			if err := reconcile.Sleep(ctx, min(e.RetryAfter, wait)); err != nil {
				return okta.Push{}, err
			}
			wait -= min(e.RetryAfter, wait)
			continue
		}
		if push = now; push.Number == "" {
			push.Number = number
		}
		number = push.Number
	}
	return push, nil
}
