package actions_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"soar.example/okta/actions"
	"soar.example/okta/actions/containment"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestContainmentIsCorrectAndReverted checks random accounts, measures and failures: the
// output of a containment matches the org, and restore_user reverts exactly its changes.
// Use "-rapid.checks 1000" for more checks.
func TestContainmentIsCorrectAndReverted(t *testing.T) {
	t.Parallel()
	for i := range 8 { // most of the time is spent waiting
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, containAndTakeBack)
		})
	}
}

func containAndTakeBack(t *rapid.T) {
	s := newScene(t)
	in := s.drawMeasures()
	before := s.truths()
	plan := s.dryRun(in)

	s.pass(time.Minute)
	disturbed := s.drawFaults()
	ctx, done, hurried := s.impatient()
	from := len(s.org.Requests())
	first, err := s.contain(ctx, in)
	done()
	contained := s.truths()
	s.checkContainment(in, before, contained, first, err)
	if !disturbed && !hurried {
		s.checkPlan(plan, s.writes(from))
	}
	s.calm()

	s.pass(time.Minute)
	second, err := s.contain(s.Context(), in)
	again := s.truths()
	s.checkContainment(in, contained, again, second, err)
	if first.Complete {
		s.checkNothingMore(contained, again, second)
	}

	var records []containment.RestoreRecord
	for _, c := range append(second.Users, first.Users...) {
		if c.Error == nil {
			records = append(records, c.Restore)
		}
	}
	alone := !s.maybe("somebody else", 4)
	if !alone {
		s.somebodyElse()
	}
	s.pass(time.Minute)
	s.drawFaults()
	for _, r := range records {
		s.checkRestore(r, false)
	}
	s.calm()
	for _, r := range records {
		if outcome := s.checkRestore(r, false); outcome == "" && alone {
			s.checkRestore(r, true)
		}
	}
	if alone {
		s.checkTakenBack(before, s.truths(), records)
	}
	for _, r := range records {
		if outcome := s.checkRestore(r, false); outcome == sdk.Changed {
			s.Fatalf("restored once more, %+v changes something", r)
		}
	}
}

// dryRun returns the plan of a dry run, and checks that the dry run writes nothing.
func (s *scene) dryRun(in map[string]any) []string {
	before, from := s.truths(), len(s.org.Requests())
	in["dry_run"] = true
	out, err := s.contain(s.Context(), in)
	delete(in, "dry_run")
	if sent := s.writes(from); len(sent) > 0 || !reflect.DeepEqual(before, s.truths()) {
		s.Fatalf("a dry run sent %q", sent)
	}
	if err == nil && (out.Outcome != sdk.Planned || out.Complete) {
		s.Fatalf("a dry run answers %+v", out)
	}
	var plan []string
	for _, p := range out.Plan {
		plan = append(plan, p.Method+" "+p.Path)
	}
	return plan
}

func (s *scene) checkPlan(plan, sent []string) {
	for _, list := range []*[]string{&plan, &sent} {
		slices.Sort(*list)
		*list = slices.Compact(*list) // a device of two users is planned twice
	}
	if !slices.Equal(plan, sent) {
		s.Fatalf("planned were\n%s\nand sent\n%s", strings.Join(plan, "\n"), strings.Join(sent, "\n"))
	}
}

// checkContainment compares the output of a containment with the org before and after.
func (s *scene) checkContainment(in map[string]any, before, after truths, out containment.ContainUserOutput, err error) {
	s.Helper()
	s.Logf("asked %v\nbefore %+v\nafter %+v\nanswer %+v\nerror %v", in, before, after, out, err)
	if err != nil {
		if !reflect.DeepEqual(before, after) {
			s.Fatal("an error hides what was done")
		}
		return
	}
	contained, changed, accepted := true, false, false
	var taken []string
	for i, c := range out.Users {
		u := s.called(in["users"].([]string)[i])
		s.checkAccount(in, before.Users[u.ID], after.Users[u.ID], c)
		contained = contained && c.Complete
		if c.Complete {
			s.checkClosed(in, u.ID, after)
		}
		now := after.Users[u.ID]
		if closed := now.Status == oktasim.StatusSuspended || now.Status == oktasim.StatusDeprovisioned; c.Contained && (!closed || now.Sessions > 0) ||
			!c.Contained && c.Error == nil && len(c.Next) == 0 {
			s.Fatalf("contained is %t, the next steps are %q, and the account is %+v", c.Contained, c.Next, now)
		}
		for _, step := range c.Steps {
			changed = changed || step.Outcome == sdk.Changed
			accepted = accepted || step.Outcome == sdk.Accepted
		}
		taken = append(taken, c.Restore.DevicesSuspended...)
	}
	for id := range before.Users {
		if !slices.ContainsFunc(in["users"].([]string), func(ref string) bool { return s.called(ref).ID == id }) &&
			!reflect.DeepEqual(before.Users[id], after.Users[id]) {
			s.Fatalf("%s was not asked for", id)
		}
	}
	for _, id := range differ(before, after) {
		if before.Devices[id] != oktasim.DeviceActive || after.Devices[id] != oktasim.DeviceSuspended || !slices.Contains(taken, id) {
			s.Fatalf("device %s became %s, and the records have %v", id, after.Devices[id], taken)
		}
	}
	want := sdk.NotApplicable
	switch some := slices.ContainsFunc(out.Users, func(c containment.Containment) bool { return c.Complete }); {
	case contained && changed:
		want = sdk.Changed
	case contained && accepted:
		want = sdk.Accepted
	case contained:
		want = sdk.Unchanged
	case some:
		want = sdk.Partial
	}
	if out.Complete != contained || out.Outcome != want || (out.Reason != "") == contained {
		s.Fatalf("contained is %t of all: outcome %s, %q", contained, out.Outcome, out.Reason)
	}
}

// called returns the user with an ID, login or email address.
func (s *scene) called(ref string) oktasim.User {
	for _, u := range s.users {
		if ref == u.ID || ref == u.Login || ref == u.Email {
			return u
		}
	}
	return oktasim.User{}
}

func asked(in map[string]any, measure string, unlessSaid bool) bool {
	if said, ok := in[measure].(bool); ok {
		return said
	}
	return unlessSaid
}

// checkAccount checks the output for one user: each step, and the record.
func (s *scene) checkAccount(in map[string]any, was, is truth, c containment.Containment) {
	s.Helper()
	if c.Error != nil {
		if !reflect.DeepEqual(was, is) {
			s.Fatalf("nothing was done, it says: %+v", c)
		}
		return
	}
	if c.Complete != (len(c.Open) == 0) {
		s.Fatalf("contained is %t, and open %q", c.Complete, c.Open)
	}
	steps := map[string]map[sdk.Outcome]int{}
	for _, step := range c.Steps {
		if steps[step.Name] == nil {
			steps[step.Name] = map[sdk.Outcome]int{}
		}
		if step.Outcome != sdk.Changed || step.Reason == "" { // else it says that it cannot tell
			steps[step.Name][step.Outcome]++
		}
		if (step.Outcome == "failed") != (step.Error != nil) {
			s.Fatalf("step %+v", step)
		}
	}
	r := c.Restore
	// The step that made a change and the record both list it. If the response was lost,
	// only the record may list the change.
	change := func(step string, was, is, recorded []string) {
		gone := but(was, is)
		told := steps[step][sdk.Changed]
		if told > len(gone) || len(gone) > told+steps[step]["failed"] || len(but(gone, recorded)) > 0 || len(but(recorded, gone)) > steps[step]["failed"] {
			s.Fatalf("%s took %v: the steps are %v, recorded are %v", step, gone, steps[step], recorded)
		}
	}
	change("remove_groups", was.Groups, is.Groups, groupIDs(r.GroupsRemoved))
	change("quarantine", is.Groups, was.Groups, groupIDs(r.GroupsAdded))
	change("revoke_roles", was.Roles, is.Roles, append(roleNames(r.RolesRemoved), lostRoles(r, was.Roles)...))
	if added := but(is.Roles, was.Roles); len(added) > 0 {
		s.Fatalf("roles were added: %v", added)
	}
	s.checkFactors(steps["reset_factors"], was, is, r)
	if is.Tokens+is.Remembered < was.Tokens+was.Remembered && !mentions(r.NotRestorable, "sessions") {
		s.Fatalf("tokens are gone, and the record has %q", r.NotRestorable)
	}
	s.checkStatus(steps, was.Status, is.Status, r)
}

func (s *scene) checkFactors(steps map[sdk.Outcome]int, was, is truth, r containment.RestoreRecord) {
	s.Helper()
	gone := len(but(was.Factors, is.Factors)) > 0
	switch {
	case gone && !mentions(r.NotRestorable, "factors"), steps[sdk.Changed] > 0 && !gone, steps[sdk.Unchanged] > 0 && len(was.Factors) > 0:
		s.Fatalf("factors were %v and are %v: the steps are %v, the record has %q", was.Factors, is.Factors, steps, r.NotRestorable)
	}
}

func (s *scene) checkStatus(steps map[string]map[sdk.Outcome]int, was, is string, r containment.RestoreRecord) {
	s.Helper()
	suspend, expire := steps["suspend"], steps["expire_password"]
	unsure := suspend["failed"]+expire["failed"] > 0
	suspended := was == oktasim.StatusSuspended || was == oktasim.StatusDeprovisioned
	wrong := suspend[sdk.Changed] > 0 && (was != oktasim.StatusActive || is != oktasim.StatusSuspended) ||
		suspend[sdk.Unchanged] > 0 && !suspended ||
		suspend[sdk.NotApplicable] > 0 && (suspended || was == oktasim.StatusActive) ||
		expire[sdk.Changed] > 0 && (was == is || is != oktasim.StatusPasswordExpired) ||
		expire[sdk.Unchanged] > 0 && was != oktasim.StatusPasswordExpired ||
		was != is && !unsure && suspend[sdk.Changed]+expire[sdk.Changed] == 0 ||
		is == oktasim.StatusPasswordExpired && was != is && !mentions(r.NotRestorable, "password") ||
		r.StatusBefore != was && (r.StatusBefore != "" || !unsure) ||
		r.StatusAfter != is && (r.StatusAfter != "" || !unsure)
	if wrong {
		s.Fatalf("the status was %s and is %s: the steps are %v, the record has %s and %s, %q", was, is, steps, r.StatusBefore, r.StatusAfter, r.NotRestorable)
	}
}

// checkClosed checks that all requested measures are in effect for a user.
func (s *scene) checkClosed(in map[string]any, id string, now truths) {
	s.Helper()
	is := now.Users[id]
	suspended := is.Status == oktasim.StatusSuspended || is.Status == oktasim.StatusDeprovisioned
	revoke := asked(in, "revoke_sessions", true)
	open := asked(in, "suspend", true) && !suspended ||
		revoke && is.Sessions > 0 ||
		revoke && asked(in, "oauth_tokens", true) && is.Tokens > 0 ||
		revoke && asked(in, "forget_devices", true) && is.Remembered > 0 ||
		asked(in, "revoke_roles", false) && len(is.Roles)+len(now.ByGroup[id]) > 0 ||
		asked(in, "reset_factors", false) && len(is.Factors) > 0 ||
		asked(in, "expire_password", false) && !suspended && is.Status != oktasim.StatusPasswordExpired
	if ref, ok := in["quarantine"].(string); ok {
		open = open || !slices.Contains(is.Groups, s.group(ref))
	}
	if refs, ok := in["remove_groups"].([]string); ok {
		open = open || slices.ContainsFunc(refs, func(ref string) bool { return slices.Contains(is.Groups, s.group(ref)) })
	}
	if asked(in, "suspend_devices", false) {
		open = open || slices.ContainsFunc(s.devicesOf(id), func(d string) bool { return now.Devices[d] == oktasim.DeviceActive })
	}
	if open {
		s.Fatalf("%s is not contained: %+v", id, is)
	}
}

func (s *scene) group(ref string) string {
	for _, g := range s.org.State().Groups {
		if ref == g.ID || ref == g.Name {
			return g.ID
		}
	}
	return ""
}

// checkNothingMore checks a second containment of the same users.
func (s *scene) checkNothingMore(before, after truths, out containment.ContainUserOutput) {
	s.Helper()
	if !out.Complete || !reflect.DeepEqual(before, after) {
		s.Fatal("a second containment changed something")
	}
	for _, c := range out.Users {
		r := c.Restore
		if r.StatusBefore != r.StatusAfter || len(r.GroupsAdded)+len(r.GroupsRemoved)+len(r.RolesRemoved)+len(r.DevicesSuspended) > 0 ||
			mentions(r.NotRestorable, "factors") || mentions(r.NotRestorable, "password") {
			s.Fatalf("a second containment recorded %+v", r)
		}
		for _, step := range c.Steps {
			if step.Outcome == sdk.Changed && step.Name != "revoke_sessions" { // Okta reports nothing about sessions
				s.Fatalf("a second containment says %+v", step)
			}
		}
	}
}

// checkRestore restores an account and checks the output. It returns an empty outcome after
// an error.
func (s *scene) checkRestore(r containment.RestoreRecord, force bool) sdk.Outcome {
	s.Helper()
	before := s.truths()
	out, err := s.restore(r, force)
	after := s.truths()
	s.Logf("restored %+v\nbefore %+v\nafter %+v\nanswer %+v\nerror %v", r, before, after, out, err)
	same := reflect.DeepEqual(before, after)
	if err != nil {
		if !same {
			s.Fatal("an error hides what was done")
		}
		return ""
	}
	for id, is := range after.Users {
		was := before.Users[id]
		if id == r.UserID {
			s.checkOnlyTaken(r, was, is)
		} else if !reflect.DeepEqual(was, is) {
			s.Fatalf("user %s is another's", id)
		}
	}
	for _, id := range differ(before, after) {
		if !slices.Contains(r.DevicesSuspended, id) || before.Devices[id] != oktasim.DeviceSuspended || after.Devices[id] != oktasim.DeviceActive {
			s.Fatalf("device %s became %s", id, after.Devices[id])
		}
	}
	is := after.Users[r.UserID]
	whole := (r.StatusBefore != oktasim.StatusActive || r.StatusAfter != oktasim.StatusSuspended || is.Status == oktasim.StatusActive) &&
		len(but(groupIDs(r.GroupsRemoved), is.Groups)) == 0 && len(but(groupIDs(r.GroupsAdded), is.Groups)) == len(r.GroupsAdded) &&
		len(but(roleNames(r.RolesRemoved), is.Roles)) == 0 &&
		!slices.ContainsFunc(r.DevicesSuspended, func(id string) bool { return after.Devices[id] != oktasim.DeviceActive })
	done := out.Outcome == sdk.Changed || out.Outcome == sdk.Unchanged
	if done && !whole || done != (out.Reason == "") || out.Outcome == sdk.Changed && same || out.Outcome == sdk.Unchanged && !same ||
		out.After.Status != is.Status && out.After.Status != "" {
		s.Fatalf("restored %t, the same %t, and it says %+v", whole, same, out)
	}
	return out.Outcome
}

// checkOnlyTaken checks that a restoration reverted only changes of the containment.
func (s *scene) checkOnlyTaken(r containment.RestoreRecord, was, is truth) {
	s.Helper()
	status := was.Status == is.Status || was.Status == oktasim.StatusSuspended && is.Status == oktasim.StatusActive && r.StatusBefore != oktasim.StatusSuspended
	if !status || !slices.Equal(was.Factors, is.Factors) || len(but(was.Roles, is.Roles)) > 0 ||
		len(but(but(is.Groups, was.Groups), groupIDs(r.GroupsRemoved))) > 0 || len(but(but(was.Groups, is.Groups), groupIDs(r.GroupsAdded))) > 0 ||
		len(but(but(is.Roles, was.Roles), roleNames(r.RolesRemoved))) > 0 {
		s.Fatalf("was %+v and is %+v by %+v", was, is, r)
	}
}

// checkTakenBack checks that the state before is restored, except for the changes that the
// records list as not restorable.
func (s *scene) checkTakenBack(before, after truths, records []containment.RestoreRecord) {
	s.Helper()
	s.Logf("before %+v\nafter %+v", before, after)
	for id, was := range before.Users {
		is := after.Users[id]
		var gone, lost []string
		unsure := false
		for _, r := range records {
			if r.UserID == id {
				gone = append(gone, r.NotRestorable...)
				lost = append(lost, lostRoles(r, was.Roles)...)
				unsure = unsure || r.StatusBefore == ""
			}
		}
		status := is.Status == was.Status || is.Status == oktasim.StatusPasswordExpired && mentions(gone, "password") || unsure
		if !status || !slices.Equal(was.Groups, is.Groups) || len(but(is.Roles, was.Roles))+len(but(but(was.Roles, is.Roles), lost)) > 0 ||
			!slices.Equal(was.Factors, is.Factors) && !mentions(gone, "factors") {
			s.Fatalf("restored to %+v, was %+v", is, was)
		}
	}
	if d := differ(before, after); len(d) > 0 {
		s.Fatalf("not restored are the devices %v", d)
	}
}

func groupIDs(groups []actions.GroupRef) []string {
	var ids []string
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids
}

func roleNames(roles []containment.RestoreRole) []string {
	var names []string
	for _, r := range roles {
		names = append(names, r.Type+r.Role+r.ResourceSet)
	}
	return names
}

// sceneLabels are the labels of the roles that can be limited.
var sceneLabels = map[string]string{"HELP_DESK_ADMIN": "Help Desk", "USER_ADMIN": "Group Administrator", "APP_ADMIN": "Application"}

// lostRoles returns the roles that a record lists as not restorable.
func lostRoles(r containment.RestoreRecord, all []string) (names []string) {
	for _, name := range all {
		for kind, label := range sceneLabels {
			if strings.HasPrefix(name, kind) && mentions(r.NotRestorable, label) {
				names = append(names, name)
			}
		}
	}
	return names
}

func mentions(all []string, what string) bool {
	return slices.ContainsFunc(all, func(one string) bool { return strings.Contains(one, what) })
}
