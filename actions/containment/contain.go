// Package containment holds contain_user and restore_user, which make several changes to
// one account. Like a single action, each change is a verified write of package reconcile.
package containment

//go:generate go run soar.example/okta/schema/describe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/invopop/jsonschema"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// Actions lists the actions of this package.
var Actions = []sdk.AnyAction[*okta.Client]{ContainUser, RestoreUser}

// The names of the actions.
const (
	nameContain = "contain_user"
	nameRestore = "restore_user"
)

var scopes = []string{"okta.users.manage", "okta.groups.manage", "okta.roles.manage", "okta.devices.manage"}

// ContainUser contains accounts. It combines the first measures of a responder in one call.
var ContainUser = sdk.Action[*okta.Client, ContainUserInput, ContainUserOutput]{
	Name: nameContain,
	Summary: "Contains accounts: suspends them, revokes sessions and tokens, and takes further requested measures. Reports contained only after " +
		"verification, and returns a record for restore_user. suspend_devices requires Identity Engine.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/",
	Effect:   sdk.Writes,
	Undo:     nameRestore,
	Contains: true,
	Scopes:   scopes,
	Example: sdk.Example[ContainUserInput, ContainUserOutput]{
		Input: ContainUserInput{
			Users: []string{actions.ExampleUser.Login},
			Measures: Measures{
				Suspend: true, RevokeSessions: true, OAuthTokens: true, ForgetDevices: true, Quarantine: actions.ExampleGroup.Name,
			},
			Write: reconcile.Write{Reason: "INC-1042: account takeover"},
		},
		Output: ContainUserOutput{
			Contained: true, Complete: true, Totals: Totals{Users: 1, Contained: 1},
			Users: []Containment{{
				User: actions.ExampleUser, Status: okta.StatusSuspended, Contained: true, Complete: true, Open: []string{}, Next: []string{},
				Steps: []Step{
					{Name: stepSuspend, Outcome: sdk.Changed}, {Name: stepSessions, Outcome: sdk.Accepted}, {Name: stepQuarantine, Outcome: sdk.Changed},
				},
				Restore: RestoreRecord{
					UserID: actions.ExampleUser.ID, Login: actions.ExampleUser.Login,
					StatusBefore: okta.StatusActive, StatusAfter: okta.StatusSuspended, GroupsAdded: []actions.GroupRef{actions.ExampleGroup},
					NotRestorable: []string{"the sessions, OAuth tokens and remembered devices that were revoked"},
				},
			}},
			Change: reconcile.Changed(
				ContainedState{Statuses: map[string]string{actions.ExampleUser.Login: okta.StatusActive}},
				ContainedState{Statuses: map[string]string{actions.ExampleUser.Login: okta.StatusSuspended}},
			),
		},
	},
	Run: containUser,
}

// ContainUserInput is the input of contain_user.
type ContainUserInput struct {
	// IDs, logins or email addresses of the users. A repeated name counts once. A connection allows ten users per
	// call unless its settings say otherwise.
	Users UserNames `json:"users" jsonschema:"example=alice@corp.test" jsonschema_extras:"x-options=list_users"`
	Measures
	reconcile.Write
}

// UserNames are IDs, logins or email addresses of users.
type UserNames []string

// JSONSchemaExtend adds the limits of the list.
func (UserNames) JSONSchemaExtend(s *jsonschema.Schema) {
	least, most, longest := uint64(1), uint64(1000), uint64(500)
	s.MinItems, s.MaxItems, s.Items.MinLength, s.Items.MaxLength = &least, &most, &least, &longest
}

// Measures are the measures of a containment.
type Measures struct {
	Suspend        bool `json:"suspend,omitempty" jsonschema:"default=true"`         // Suspend the user, which blocks sign-in.
	RevokeSessions bool `json:"revoke_sessions,omitempty" jsonschema:"default=true"` // End every Okta session.
	// Revoke the OpenID Connect and OAuth tokens of the user. This has no effect without revoke_sessions.
	OAuthTokens bool `json:"oauth_tokens,omitempty" jsonschema:"default=true"`
	// Forget the devices that remember the user. This has no effect without revoke_sessions.
	ForgetDevices bool `json:"forget_devices,omitempty" jsonschema:"default=true" jsonschema_extras:"x-group=advanced"`
	// ID or exact name of a group to add the user to.
	Quarantine string `json:"quarantine,omitempty" jsonschema:"title=Quarantine group,maxLength=500,example=Quarantine" jsonschema_extras:"x-options=list_groups"`
	// IDs or exact names of groups to remove the user from.
	RemoveGroups GroupNames `json:"remove_groups,omitempty" jsonschema:"example=VPN Users" jsonschema_extras:"x-options=list_groups,x-group=advanced"`
	// Revoke the admin roles that are assigned to the user directly.
	RevokeRoles bool `json:"revoke_roles,omitempty" jsonschema:"title=Revoke admin roles,default=false" jsonschema_extras:"x-group=advanced"`
	// Unenroll every factor. This cannot be restored.
	ResetFactors bool `json:"reset_factors,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Expire the password. Okta does not expire the password of a suspended user, so this has no effect with suspend.
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

// Validate rejects a containment without a measure.
func (in ContainUserInput) Validate() error {
	m := in.Measures
	if m.Suspend || m.RevokeSessions || m.Quarantine != "" || len(m.RemoveGroups) > 0 || m.RevokeRoles || m.ResetFactors || m.ExpirePassword ||
		m.SuspendDevices {
		return nil
	}
	return sdk.InvalidField("/suspend", "is off, like every other measure. Request at least one measure")
}

// ContainUserOutput is the output of contain_user.
type ContainUserOutput struct {
	// Whether no account can be used: each is suspended or deactivated, and Okta accepted the revocation of its
	// sessions.
	Contained bool `json:"contained"`
	// Whether every requested measure is verified for every account. For sessions and tokens, Okta's acceptance is enough.
	Complete bool          `json:"complete"`
	Totals   Totals        `json:"totals"` // Numbers of accounts.
	Users    []Containment `json:"users"`  // Result for each user, in the order of the input.
	reconcile.Change[ContainedState]
}

// Totals are the numbers of accounts of a batch.
type Totals struct {
	Users     int `json:"users"`     // Number of accounts of the input.
	Contained int `json:"contained"` // Number of contained accounts.
	Open      int `json:"open"`      // Number of accounts that can still be used, or may be.
}

// ContainedState is the state of the accounts.
type ContainedState struct {
	Statuses map[string]string `json:"statuses"` // Status of each user, by login.
	// Memberships of each user in the quarantine group and the groups to leave: group IDs by login. Absent if there are
	// none.
	Groups map[string][]string `json:"groups,omitempty"`
}

// Containment is the result for one user.
type Containment struct {
	User   actions.UserRef `json:"user"`             // The user.
	Status string          `json:"status,omitempty"` // Status of the user now; absent if it could not be read.
	// Whether the account cannot be used: it is suspended or deactivated, and Okta accepted the revocation of its
	// sessions. Okta has no call that lists sessions.
	Contained bool `json:"contained"`
	// Whether every requested measure is verified. For sessions and tokens, Okta's acceptance is enough.
	Complete bool     `json:"complete"`
	Open     []string `json:"open"` // Remaining exposure: requested measures that failed or could not be confirmed.
	// Next steps for an account that is open, or that another directory manages.
	Next    []string       `json:"next"`
	Steps   []Step         `json:"steps"`           // Steps, in order.
	Restore RestoreRecord  `json:"restore"`         // Record for restore_user, which reverts the containment.
	Error   *sdk.ErrorBody `json:"error,omitempty"` // Why nothing was done for this user; absent otherwise.

	before, after string
}

// maxParallel is the number of users that are contained at the same time.
const maxParallel = 4

func containUser(ctx context.Context, c *okta.Client, in ContainUserInput) (none ContainUserOutput, _ error) {
	in.Users = distinct(in.Users)
	if most := c.MaxUsers(); len(in.Users) > most {
		return none, sdk.InvalidField("/users", "has %d users; this connection allows %d per call (rule max_users_per_call)", len(in.Users), most)
	}
	groups, err := findGroups(ctx, c, in.Measures)
	if err != nil {
		return none, err
	}
	c.ExpectWrites(ctx, len(in.Users))
	jobs, failures, claimed := make([]*job, len(in.Users)), make([]error, len(in.Users)), new(sync.Map)
	for i, ref := range in.Users {
		jobs[i] = &job{
			c: c, m: in.Measures, groups: groups, begun: time.Now(), pointer: fmt.Sprintf("/users/%d", i), ref: ref, claimed: claimed,
			out: &Containment{User: actions.UserRef{Login: ref}, Open: []string{}, Next: []string{}, Steps: []Step{}},
		}
	}
	if sdk.ExpectedBefore(ctx) != nil {
		if len(jobs) == 1 { // a call for several users compares all of them before the first suspension
			jobs[0].recallPlan(ctx)
		}
		for i, j := range jobs {
			if failures[i] = j.identify(ctx); failures[i] == nil && j.groups.any() {
				_ = j.readGroups(ctx) // the steps report a failure
			}
		}
		if err := reconcile.Expected(ctx, stateBefore(jobs, failures)); err != nil {
			if len(jobs) == 1 && jobs[0].user != nil { // of several users, the error names the users that differ
				err = actions.Explained(ctx, c, err, jobs[0].user.ID)
			}
			return none, err
		}
	}
	g := new(errgroup.Group)
	g.SetLimit(maxParallel)
	if in.DryRun {
		g.SetLimit(1) // the plan is in the order of the input
	}
	for i, j := range jobs {
		g.Go(func() error {
			if failures[i] == nil {
				failures[i] = j.contain(ctx)
			}
			return nil
		})
	}
	_ = g.Wait() // failures has the error of each user
	for _, j := range jobs {
		if j.out.Restore.UserID != "" {
			j.out.Restore.sign(ctx)
		}
	}
	if ctx.Err() != nil && !in.DryRun {
		logInterrupted(ctx, jobs)
	}
	return summarize(ctx, jobs, failures)
}

// distinct returns the names without repetitions. A playbook may take the users from a
// group of events, in which several events name the same user.
func distinct(names []string) (all []string) {
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// stateBefore returns the state of the accounts before the first write.
func stateBefore(jobs []*job, failures []error) ContainedState {
	before := ContainedState{Statuses: map[string]string{}}
	for i, j := range jobs {
		if failures[i] == nil && j.user != nil {
			before.Statuses[j.user.Login] = j.user.Status
			before.addGroups(j, j.member)
		}
	}
	return before
}

func (s *ContainedState) addGroups(j *job, member map[string]bool) {
	var in []string
	for _, g := range j.groups.all() {
		if member[g.ID] {
			in = append(in, g.ID)
		}
	}
	if len(in) > 0 {
		if s.Groups == nil {
			s.Groups = map[string][]string{}
		}
		s.Groups[j.user.Login] = in
	}
}

// logInterrupted logs the restore records of a canceled call, because the caller may not
// get its output.
func logInterrupted(ctx context.Context, jobs []*job) {
	for _, j := range jobs {
		if !slices.ContainsFunc(j.out.Steps, func(s Step) bool { return s.wrote() || s.Error != nil }) {
			continue
		}
		if record, err := json.Marshal(j.out.Restore); err == nil {
			hclog.FromContext(ctx).Warn("contain_user was interrupted; revert it with restore_user and this record", "user", j.out.User.Login, "record", string(record))
		}
	}
}

// summarize makes the output from the results of all users. It returns an error only if
// nothing was done for any user.
func summarize(ctx context.Context, jobs []*job, failures []error) (ContainUserOutput, error) {
	out := ContainUserOutput{Totals: Totals{Users: len(jobs)}}
	out.Before, out.After = stateBefore(jobs, failures), ContainedState{Statuses: map[string]string{}}
	var open []string
	begun, complete, outcome := 0, 0, sdk.Unchanged
	for i, j := range jobs {
		u := j.out
		if e := sdk.AsError(failures[i]); e != nil {
			body := e.Body()
			u.Error, u.Open = &body, []string{"nothing was done: " + e.Message}
			u.Next = []string{"fix the cause, then run contain_user again for " + u.User.Login}
		} else {
			begun++
			out.Before.Statuses[u.User.Login], out.After.Statuses[u.User.Login] = u.before, u.after
			out.After.addGroups(j, j.memberAfter)
			out.Subjects = append(out.Subjects, sdk.Subject{Type: "user", ID: u.User.ID, Name: u.User.Login})
			if undo, ok := u.undo(); ok {
				out.Undo = append(out.Undo, undo)
			}
		}
		for _, s := range u.Steps {
			if s.Outcome == sdk.Changed || s.Outcome == sdk.Accepted && outcome == sdk.Unchanged {
				outcome = s.Outcome
			}
		}
		if u.Contained {
			out.Totals.Contained++
		}
		if u.Complete {
			complete++
		}
		for _, what := range u.Open {
			open = append(open, strings.TrimPrefix(u.User.Login+": "+what, ": "))
		}
		out.Users = append(out.Users, *u)
	}
	out.Totals.Open = len(jobs) - out.Totals.Contained
	out.Contained, out.Complete = out.Totals.Open == 0, complete == len(jobs)
	switch {
	case begun == 0:
		return ContainUserOutput{}, nothingDone(jobs, failures)
	case sdk.IsDryRun(ctx):
		out.Outcome, out.Plan = sdk.Planned, sdk.PlannedRequests(ctx)
		out.Reason = rejections(out.Plan)
	case out.Complete:
		out.Outcome = outcome
	case complete > 0:
		out.Outcome = sdk.Partial
		out.Reason = fmt.Sprintf("%d of %d contained, %d open: %s", out.Totals.Contained, len(jobs), out.Totals.Open, strings.Join(open, "; "))
	default:
		out.Outcome, out.Reason = sdk.NotApplicable, "not contained: "+strings.Join(open, "; ")
		if out.Totals.Contained > 0 {
			out.Reason = "contained, but not complete: " + strings.Join(open, "; ")
		}
	}
	return out, nil
}

// nothingDone returns one error if nothing was done for any user. Its code is transient
// if any failure is.
func nothingDone(jobs []*job, failures []error) error {
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
		why = append(why, jobs[i].out.User.Login+": "+e.Message)
	}
	all.Message = "nothing was done: " + strings.Join(why, "; ")
	return &all
}

// rejections returns the reasons why rules would reject requests of a plan, each once.
func rejections(plan []sdk.PlannedRequest) string {
	var why []string
	for _, p := range plan {
		if p.RefusedBy != "" && !slices.Contains(why, p.RefusedBy) {
			why = append(why, p.RefusedBy)
		}
	}
	return strings.Join(why, "; ")
}
