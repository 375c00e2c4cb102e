package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"soar.example/okta/sdk/reconcile"

	"github.com/hashicorp/go-hclog"
	"github.com/invopop/jsonschema"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ContainUser contains accounts: one call for what a responder does first.
var ContainUser = action[ContainUserInput, ContainUserOutput]{
	Name: "contain_user",
	Summary: "Contains accounts: suspends them, ends sessions and tokens, and takes further requested measures; reports contained only after " +
		"verification, and how to restore.",
	Docs:   "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/",
	Effect: sdk.Writes,
	Undo:   "restore_user",
	Scopes: []string{"okta.users.manage", "okta.groups.manage", "okta.roles.manage", "okta.devices.manage"},
	Example: sdk.Example[ContainUserInput, ContainUserOutput]{
		Input: ContainUserInput{
			Users:    []string{exampleUser.Login},
			Measures: Measures{Suspend: true, RevokeSessions: true, OAuthTokens: true, ForgetDevices: true, Quarantine: exampleGroup.Name},
			Write:    reconcile.Write{Reason: "INC-1042: account takeover"},
		},
		Output: ContainUserOutput{
			Contained: true,
			Users: []Containment{{
				User: exampleUser, Contained: true, Open: []string{},
				Steps: []Step{{Name: stepSuspend, Outcome: sdk.Changed}, {Name: stepSessions, Outcome: sdk.Changed}, {Name: stepQuarantine, Outcome: sdk.Changed}},
				Restore: RestoreRecord{
					UserID: exampleUser.ID, Login: exampleUser.Login, StatusBefore: okta.StatusActive, StatusAfter: okta.StatusSuspended,
					GroupsAdded: []GroupRef{exampleGroup}, NotRestorable: []string{"the sessions, OAuth tokens and remembered devices that were revoked"},
				},
			}},
			Change: reconcile.Changed(
				ContainedState{Statuses: map[string]string{exampleUser.Login: okta.StatusActive}},
				ContainedState{Statuses: map[string]string{exampleUser.Login: okta.StatusSuspended}},
			),
		},
	},
	Run: containUser,
}

// ContainUserInput is the input of contain_user.
type ContainUserInput struct {
	// IDs, logins or email addresses of the users. A repeated name counts once. A connection allows ten users per
	// call unless its settings say otherwise.
	Users []string `json:"users" jsonschema:"minItems=1,maxItems=1000,minLength=1,maxLength=500,example=alice@corp.test" jsonschema_extras:"x-options=list_users"`
	Measures
	reconcile.Write
}

// Measures are what can be done to contain an account.
type Measures struct {
	Suspend        bool `json:"suspend,omitempty" jsonschema:"default=true"`         // Suspend the user, who can then not sign in.
	RevokeSessions bool `json:"revoke_sessions,omitempty" jsonschema:"default=true"` // End every Okta session.
	// Revoke, with the sessions, the OpenID Connect and OAuth tokens of the user.
	OAuthTokens bool `json:"oauth_tokens,omitempty" jsonschema:"default=true"`
	// Forget, with the sessions, the devices that remember the user.
	ForgetDevices bool `json:"forget_devices,omitempty" jsonschema:"default=true" jsonschema_extras:"x-group=advanced"`
	// ID or exact name of a group to add the user to.
	Quarantine string `json:"quarantine,omitempty" jsonschema:"title=Quarantine group,maxLength=500,example=Quarantine" jsonschema_extras:"x-options=list_groups"`
	// IDs or exact names of groups to remove the user from.
	RemoveGroups GroupNames `json:"remove_groups,omitempty" jsonschema:"example=VPN Users" jsonschema_extras:"x-options=list_groups,x-group=advanced"`
	// Revoke the admin roles that are assigned to the user directly.
	RevokeRoles bool `json:"revoke_roles,omitempty" jsonschema:"title=Revoke admin roles,default=false" jsonschema_extras:"x-group=advanced"`
	// Unenrol every factor. This cannot be restored.
	ResetFactors bool `json:"reset_factors,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Expire the password of a user who is not suspended in the end. Okta does not expire the password of a
	// suspended user.
	ExpirePassword bool `json:"expire_password,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Suspend the user's active devices.
	SuspendDevices bool `json:"suspend_devices,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
}

// GroupNames are IDs or names of groups.
type GroupNames []string

// JSONSchemaExtend adds the limits of the list.
func (GroupNames) JSONSchemaExtend(s *jsonschema.Schema) {
	least, most := uint64(1), uint64(200)
	s.MaxItems, s.UniqueItems, s.Items.MinLength = &most, true, &least
}

// Validate refuses a containment that would do nothing.
func (in ContainUserInput) Validate() error {
	m := in.Measures
	if !m.Suspend && !m.RevokeSessions && m.Quarantine == "" && len(m.RemoveGroups) == 0 && !m.RevokeRoles && !m.ResetFactors && !m.ExpirePassword &&
		!m.SuspendDevices {
		return sdk.InvalidField("/suspend", "nothing is asked for: every measure is off")
	}
	return nil
}

// ContainUserOutput is the output of contain_user.
type ContainUserOutput struct {
	// Whether every requested measure is verified for every account.
	Contained bool          `json:"contained"`
	Users     []Containment `json:"users"` // Result for each user, in the order of the input.
	reconcile.Change[ContainedState]
}

// ContainedState is how the accounts are.
type ContainedState struct {
	Statuses map[string]string `json:"statuses"` // Status of each user, by login.
}

// Containment is what came of one user.
type Containment struct {
	User UserRef `json:"user"` // The user.
	// Whether every requested measure is verified. Revoked sessions and tokens rest on Okta's response, since Okta
	// does not list them.
	Contained bool           `json:"contained"`
	Open      []string       `json:"open"`            // Remaining exposure: requested measures that are not verified.
	Steps     []Step         `json:"steps"`           // Steps, in order.
	Restore   RestoreRecord  `json:"restore"`         // Record for restore_user, which reverts the containment.
	Error     *sdk.ErrorBody `json:"error,omitempty"` // Why nothing was done for this user; absent otherwise.

	before, after string
}

// Step is one measure on one user.
type Step struct {
	Name string `json:"step"` // Name of the step.
	// Target of the step: name of a group, label of an admin role, or ID of a device.
	Target string `json:"target,omitempty"`
	// Result of the step. contained and open describe the account.
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=accepted,enum=not_applicable,enum=planned,enum=failed"`
	// Why the step does not apply, or what is unknown about it.
	Reason string `json:"reason,omitempty"`
	// Error of a failed step.
	Error *sdk.ErrorBody `json:"error,omitempty"`
}

// atOnce is how many users are contained side by side.
const atOnce = 4

func containUser(ctx context.Context, c *okta.Client, in ContainUserInput) (ContainUserOutput, error) {
	in.Users = distinct(in.Users)
	if most := c.MaxUsers(); len(in.Users) > most {
		return ContainUserOutput{}, sdk.InvalidField("/users", "has %d users; this connection allows %d a call (rule max_users_per_call)", len(in.Users), most)
	}
	groups, err := findGroups(ctx, c, in.Measures)
	if err != nil {
		return ContainUserOutput{}, err
	}
	c.ExpectWrites(ctx, len(in.Users))
	done := make([]Containment, len(in.Users))
	failures := make([]error, len(in.Users))
	begun := new(sync.Map) // ids of users, and where they stand in the input
	g := new(errgroup.Group)
	g.SetLimit(atOnce)
	if in.DryRun {
		g.SetLimit(1) // a plan has an order
	}
	jobs := make([]*job, len(in.Users))
	for i, ref := range in.Users {
		done[i] = Containment{User: UserRef{Login: ref}, Open: []string{}, Steps: []Step{}}
		jobs[i] = &job{
			c: c, m: in.Measures, groups: groups, begun: time.Now(), out: &done[i], pointer: fmt.Sprintf("/users/%d", i), ref: ref, claimed: begun,
		}
	}
	if sdk.ExpectedBefore(ctx) != nil {
		if err := expectStatuses(ctx, jobs, failures); err != nil {
			return ContainUserOutput{}, err
		}
	}
	for i, j := range jobs {
		g.Go(func() error {
			if failures[i] == nil {
				failures[i] = j.contain(ctx)
			}
			return nil
		})
	}
	_ = g.Wait() // failures are kept user by user
	for i := range done {
		if !in.DryRun && done[i].Restore.UserID != "" {
			done[i].Restore.sign(ctx)
		}
	}
	if ctx.Err() != nil && !in.DryRun {
		logInterrupted(ctx, done)
	}
	return summarize(ctx, done, failures)
}

// expectStatuses finds the users, and compares the statuses with the state that the
// caller expects, before the first write.
func expectStatuses(ctx context.Context, jobs []*job, failures []error) error {
	before := ContainedState{Statuses: map[string]string{}}
	for i, j := range jobs {
		if failures[i] = j.identify(ctx); failures[i] == nil {
			before.Statuses[j.user.Login] = j.user.Status
		}
	}
	return reconcile.Expected(ctx, before)
}

// distinct returns the names without repetitions. A list that a playbook takes from the
// events of a group names a user once for each event.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// logInterrupted logs what was taken before the caller gave up, whom the answer with the
// records may not reach any more.
func logInterrupted(ctx context.Context, done []Containment) {
	for i := range done {
		u := &done[i]
		if !slices.ContainsFunc(u.Steps, func(s Step) bool { return s.Outcome == sdk.Changed || s.Outcome == sdk.Accepted || s.Error != nil }) {
			continue
		}
		if record, err := json.Marshal(u.Restore); err == nil {
			hclog.FromContext(ctx).Warn("contain_user was cut off half-way; this is what restore_user takes", "user", u.User.Login, "record", string(record))
		}
	}
}

// summarize makes one answer of what came of each user. Only if nothing was done for
// anybody is it an error: otherwise what was done must be told.
func summarize(ctx context.Context, done []Containment, failures []error) (ContainUserOutput, error) {
	out := ContainUserOutput{Contained: true, Users: done}
	out.Before.Statuses, out.After.Statuses = map[string]string{}, map[string]string{}
	var open []string
	begun, outcome := 0, sdk.Unchanged
	for i := range done {
		u := &done[i]
		if e := sdk.AsError(failures[i]); e != nil {
			body := e.Body()
			u.Error, u.Open = &body, []string{"nothing was done: " + e.Message}
		} else {
			begun++
			out.Before.Statuses[u.User.Login], out.After.Statuses[u.User.Login] = u.before, u.after
		}
		for _, s := range u.Steps {
			if s.Outcome == sdk.Changed || s.Outcome == sdk.Accepted && outcome == sdk.Unchanged {
				outcome = s.Outcome
			}
		}
		out.Contained = out.Contained && u.Contained
		for _, what := range u.Open {
			open = append(open, strings.TrimPrefix(u.User.Login+": "+what, ": "))
		}
	}
	switch {
	case begun == 0:
		return ContainUserOutput{}, nothingDone(done, failures)
	case sdk.IsDryRun(ctx):
		out.Outcome, out.Plan = sdk.Planned, sdk.PlannedRequests(ctx)
		out.Reason = refusals(out.Plan)
	case !out.Contained:
		out.Outcome, out.Reason = sdk.NotApplicable, "not contained: "+strings.Join(open, "; ")
	default:
		out.Outcome = outcome
	}
	return out, nil
}

// nothingDone makes one error of why nothing was done for anybody: one that may pass,
// if any may.
func nothingDone(done []Containment, failures []error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	var all sdk.Error
	var why []string
	for i, err := range failures {
		e := sdk.AsError(err)
		if all.Code == "" || e.Code.Transient() && !all.Code.Transient() {
			all.Code, all.Upstream, all.Err = e.Code, e.Upstream, e.Err
		}
		all.RetryAfter = max(all.RetryAfter, e.RetryAfter)
		all.Violations = append(all.Violations, e.Violations...)
		why = append(why, done[i].User.Login+": "+e.Message)
	}
	all.Message = "nothing was done: " + strings.Join(why, "; ")
	return &all
}

// refusals says what would refuse the requests of a plan, each reason once.
func refusals(plan []sdk.PlannedRequest) string {
	var why []string
	for _, p := range plan {
		if p.RefusedBy != "" && !slices.Contains(why, p.RefusedBy) {
			why = append(why, p.RefusedBy)
		}
	}
	return strings.Join(why, "; ")
}
