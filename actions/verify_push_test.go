package actions_test

import (
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

type pushed struct {
	Outcome     sdk.Outcome
	Reason      string
	Verified    bool
	Result      string
	Number      string
	Transaction string
	Factor      struct{ ID string }
}

// TestVerifyPush checks that only an approval verifies the user.
func TestVerifyPush(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{oktasim.PushSuccess: "approved", oktasim.PushRejected: "rejected", oktasim.PushTimeout: "timeout",
		oktasim.PushWaiting: "timeout"} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.AddUser(oktasim.NewUser{Login: target})
			b.AddFactor(oktasim.NewFactor{User: target, Type: "sms"})
			b.AddFactor(oktasim.NewFactor{User: target, Type: "push", Status: "PENDING_ACTIVATION"})
			f := b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
			b.AnswerPush(oktasim.Push{User: target, Answer: answer, AfterPolls: 2, Number: 72})
			got := do[pushed](b, "verify_push", `{"user":%q,"number":true,"wait":"20ms"}`, target)
			ok := want == "approved"
			if got.Result != want || got.Verified != ok || (got.Outcome == sdk.Changed) != ok || got.Number != "72" || got.Factor.ID != f.ID {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestVerifyPushOfOtherResults checks that a failure of Okta is no rejection, and that an
// unknown result verifies nothing.
func TestVerifyPushOfOtherResults(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"REJECTED": "rejected", "EXPIRED": "timeout", "WAITING (with number matching challenge)": "timeout",
		"ERROR": "failed", "FAILED": "failed", "success": "failed", "NEW": "failed",
	} {
		b := newBench(t)
		b.AddUser(oktasim.NewUser{Login: target})
		b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
		b.Fault(oktasim.Fault{Path: "/api/v1/users/*/factors/*/transactions/*", Status: 200, Body: `{"factorResult":"` + word + `"}`})
		got := do[pushed](b, "verify_push", `{"user":%q,"wait":"20ms"}`, target)
		if got.Result != want || got.Verified || got.Outcome != sdk.NotApplicable || strings.Contains(got.Reason, word) != (want == "failed") {
			t.Errorf("%s: got %+v", word, got)
		}
	}
}

// TestVerifyPushInTwoSteps checks that the number is known before the wait, and that the
// second call sends no challenge.
func TestVerifyPushInTwoSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
	b.AnswerPush(oktasim.Push{User: target, Answer: oktasim.PushSuccess, Number: 7})
	first := do[pushed](b, "verify_push", `{"user":%q,"number":true,"wait":"0s"}`, target)
	if first.Result != "waiting" || first.Verified || first.Outcome != sdk.NotApplicable || first.Number != "7" || first.Transaction == "" {
		t.Errorf("got %+v", first)
	}
	// A transient error does not lose the result.
	b.Fault(oktasim.Fault{Path: "/api/v1/users/*/factors/*/transactions/*", Status: 500, Times: 1})
	second := do[pushed](b, "verify_push", `{"user":%q,"factor":%q,"transaction":%q}`, target, first.Factor.ID, first.Transaction)
	if second.Result != "approved" || !second.Verified || len(b.writes()) != 1 {
		t.Errorf("got %+v after %v", second, b.writes())
	}
	// A call without a wait returns the current result.
	third := do[pushed](b, "verify_push", `{"user":%q,"factor":%q,"transaction":%q,"wait":"0s"}`, target, first.Factor.ID, first.Transaction)
	if third.Result != "approved" || len(b.writes()) != 1 {
		t.Errorf("got %+v after %v", third, b.writes())
	}
	_, err := try[pushed](b, "verify_push", `{"user":%q,"factor":%q,"transaction":"mst-of-nobody"}`, target, first.Factor.ID)
	b.wantCode(err, sdk.NotFound)
}

func TestVerifyPushWithoutFactor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	f := b.AddFactor(oktasim.NewFactor{User: target, Type: "sms"})
	_, err := try[pushed](b, "verify_push", `{"user":%q}`, target)
	b.wantCode(err, sdk.Conflict)
	for _, options := range []string{`"factor":"` + f.ID + `"`, `"wait":"6m"`, `"transaction":"mst1"`} {
		_, err = try[pushed](b, "verify_push", `{"user":%q,%s}`, target, options)
		b.wantCode(err, sdk.InvalidInput)
	}
	if len(b.writes()) != 0 {
		t.Errorf("sent %v", b.writes())
	}
}
