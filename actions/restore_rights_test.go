package actions_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// rightsScene is an org with a user with a role, a group and a device, and with sessions
// that may run only some actions.
type rightsScene struct {
	*bench
	user   oktasim.User
	group  string
	device string
}

func newRightsScene(t *testing.T, allowed []string, key []byte) rightsScene {
	t.Helper()
	b := &bench{Server: oktasim.Start(t, oktasim.Options{}), t: t}
	s := rightsScene{bench: b, group: b.AddGroup(oktasim.NewGroup{Name: "Finance"}).ID}
	s.user = b.AddUser(oktasim.NewUser{ID: "00uRIGHTS00000000001", Login: target, Groups: []string{s.group}})
	b.AddRole(oktasim.NewRole{User: s.user.ID, Type: "HELP_DESK_ADMIN"})
	s.device = b.AddDevice(oktasim.NewDevice{Name: "laptop", Users: []string{s.user.ID}}).ID
	s.as(allowed, key)
	return s
}

// as opens a session with the key that may run these actions, or all if none is given.
func (s rightsScene) as(allowed []string, key []byte) {
	s.t.Helper()
	backend, err := compiled()
	if err != nil {
		s.t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{"org_url": s.URL, "token": s.Token, "allowed_actions": append([]string{}, allowed...)})
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := backend.Open(sdk.WithHostKey(s.t.Context(), key), settings)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = session.Close() })
	s.session = session
}

// taken contains the user and returns the restore record.
func (s rightsScene) taken(more map[string]any) map[string]any {
	s.t.Helper()
	input := map[string]any{"users": []string{s.user.ID}, "revoke_roles": true, "remove_groups": []string{"Finance"}, "suspend_devices": true}
	maps.Copy(input, more)
	raw, err := json.Marshal(input)
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := s.session.Run(s.t.Context(), "contain_user", raw)
	if err != nil {
		s.t.Fatal(err)
	}
	// A playbook's later step reads the output as it is stored.
	var out struct {
		Users []struct{ Restore map[string]any }
	}
	if err := json.Unmarshal(schema.MaskNamed(result.Output), &out); err != nil {
		s.t.Fatal(err)
	}
	return out.Users[0].Restore
}

func (s rightsScene) restore(record map[string]any, more map[string]any) (outputMembers, error) {
	s.t.Helper()
	input := map[string]any{"record": record}
	maps.Copy(input, more)
	return s.run("restore_user", input)
}

var (
	few     = []string{"contain_user", "restore_user"}
	hostKey = bytes.Repeat([]byte{7}, sdk.HostKeySize)
)

// TestRestoreOfOwnRecord checks that the host's own record reverts all changes.
func TestRestoreOfOwnRecord(t *testing.T) {
	t.Parallel()
	s := newRightsScene(t, few, hostKey)
	record := s.taken(nil)
	s.as(few, hostKey) // another session of the same host
	if a, err := s.restore(record, nil); err != nil || a.Outcome != sdk.Changed {
		t.Fatalf("got %+v, %v", a, err)
	}
	if u := s.state(s.user.ID); u.Status != oktasim.StatusActive || !inGroup(u, s.group) {
		t.Errorf("the user is %+v", u)
	}
	if a, err := s.restore(record, nil); err != nil || a.Outcome != sdk.Unchanged {
		t.Errorf("a second time: %+v, %v", a, err)
	}
}

// TestForeignRecordGrantsNoRights checks that a record without a valid signature of this
// host, for this user and org, grants only the rights of the caller's allowed actions.
func TestForeignRecordGrantsNoRights(t *testing.T) {
	t.Parallel()
	const all = "unsuspend_user, add_user_to_group, assign_role, unsuspend_device"
	forged := func(s rightsScene, record map[string]any) {
		record["roles_removed"] = []any{map[string]any{"type": "SUPER_ADMIN", "label": "forged"}}
	}
	for name, test := range map[string]struct {
		allowed []string
		key     []byte // of the session that restores
		change  func(s rightsScene, record map[string]any)
		missing string
	}{
		"unsigned":        {few, hostKey, func(_ rightsScene, r map[string]any) { delete(r, "signature") }, all},
		"empty signature": {few, hostKey, func(_ rightsScene, r map[string]any) { r["signature"] = "" }, all},
		"other signature": {few, hostKey, func(_ rightsScene, r map[string]any) { r["signature"] = strings.Repeat("0", 64) }, all},
		"other key":       {few, bytes.Repeat([]byte{8}, sdk.HostKeySize), nil, all},
		"no key":          {few, nil, nil, all},
		"short key":       {few, hostKey[1:], nil, all},
		"forged role":     {few, hostKey, forged, all},
		"other org":       {few, hostKey, func(_ rightsScene, r map[string]any) { r["org"] = "https://other.okta.com" }, all},
		"no org":          {few, hostKey, func(_ rightsScene, r map[string]any) { delete(r, "org") }, all},
		"other time":      {few, hostKey, func(_ rightsScene, r map[string]any) { r["taken_at"] = "2026-03-14T02:41:09Z" }, all},
		"other login":     {few, hostKey, func(_ rightsScene, r map[string]any) { r["login"] = strings.ToUpper(target) }, all},
		"status not told": {few, hostKey, func(_ rightsScene, r map[string]any) { r["status_after"] = "" }, all},
		"group added": {few, hostKey, func(s rightsScene, r map[string]any) { r["groups_added"] = r["groups_removed"] },
			"unsuspend_user, add_user_to_group, remove_user_from_group, assign_role, unsuspend_device"},
		"group's other name": {few, hostKey, func(_ rightsScene, r map[string]any) { r["groups_removed"].([]any)[0].(map[string]any)["name"] = "x" }, all},
		"fewer parts": {few, hostKey, func(_ rightsScene, r map[string]any) {
			delete(r, "roles_removed")
			delete(r,
				"devices_suspended")
		}, "unsuspend_user, add_user_to_group"},
		"lost text":        {few, hostKey, func(_ rightsScene, r map[string]any) { delete(r, "not_restorable") }, all},
		"some are allowed": {append([]string{"assign_role", "unsuspend_user"}, few...), nil, nil, "add_user_to_group, unsuspend_device"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRightsScene(t, few, hostKey)
			record := s.taken(nil)
			if test.change != nil {
				test.change(s, record)
			}
			s.as(test.allowed, test.key)
			before := writesOf(s.bench)
			for _, more := range []map[string]any{nil, {"dry_run": true}, {"force": true}} {
				a, err := s.restore(record, more)
				if err == nil {
					t.Fatalf("%v: got %+v", more, a)
				}
				e := s.wantCode(err, sdk.Forbidden)
				if !strings.Contains(e.Message, "may not run "+test.missing+". ") || !strings.Contains(e.Message, "rule allowed_actions") {
					t.Errorf("%v: %v does not name %s", more, err, test.missing)
				}
			}
			if n := writesOf(s.bench) - before; n != 0 {
				t.Errorf("%d writes were sent", n)
			}
			s.as(nil, nil) // where all actions are allowed, the record needs no signature
			if a, err := s.restore(record, nil); err != nil || a.Outcome == sdk.Planned {
				t.Errorf("with all rights: %+v, %v", a, err)
			}
		})
	}
}

// TestRecordOfAnotherUserOrOrg checks that a record is valid for one user and one org.
func TestRecordOfAnotherUserOrOrg(t *testing.T) {
	t.Parallel()
	s := newRightsScene(t, few, hostKey)
	record := s.taken(nil)
	other := s.AddUser(oktasim.NewUser{Login: "other@corp.example", Status: oktasim.StatusSuspended})
	moved := maps.Clone(record)
	moved["user_id"], moved["login"] = other.ID, other.Login
	delete(moved, "status_changed")
	_, err := s.restore(moved, nil)
	s.wantCode(err, sdk.Forbidden)

	twin := newRightsScene(t, few, hostKey) // has a user of the same id and login
	twin.taken(nil)
	_, err = twin.restore(record, map[string]any{"force": true})
	twin.wantCode(err, sdk.Forbidden)
}

// TestForceGrantsNoRights checks that force needs the rights to run the single actions.
func TestForceGrantsNoRights(t *testing.T) {
	t.Parallel()
	s := newRightsScene(t, few, hostKey)
	record := s.taken(map[string]any{"suspend": false, "expire_password": true})
	s.as(nil, nil)
	s.must("deactivate_user", map[string]any{"user": s.user.ID})
	s.as(few, hostKey)
	_, err := s.restore(record, nil)
	s.wantCode(err, sdk.Conflict)
	_, err = s.restore(record, map[string]any{"force": true})
	s.wantCode(err, sdk.Forbidden)
}

// TestForgedRecord checks a record that no host issued.
func TestForgedRecord(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../shared/cases/forged-restore-record.json")
	if err != nil {
		t.Skip("needs ../shared/cases/forged-restore-record.json")
	}
	s := newRightsScene(t, few, hostKey)
	input := map[string]any{}
	text := strings.NewReplacer("REPLACE-WITH-A-USER-ID", s.user.ID, "REPLACE-WITH-A-GROUP-ID", s.group, "chloe.bernard@corp.example",
		target).Replace(string(raw))
	if err := json.Unmarshal([]byte(text), &input); err != nil {
		t.Fatal(err)
	}
	_, err = s.run("restore_user", input)
	if e := s.wantCode(err, sdk.Forbidden); !strings.Contains(e.Message, "assign_role") || writesOf(s.bench) != 0 {
		t.Errorf("got %v, %d writes", err, writesOf(s.bench))
	}
}

// TestQuarantineNeedsAddUserToGroup checks that without add_user_to_group only the
// quarantine step fails.
func TestQuarantineNeedsAddUserToGroup(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint(allowed), func(t *testing.T) {
			t.Parallel()
			actions := few
			if allowed {
				actions = append([]string{"add_user_to_group"}, few...)
			}
			s := newRightsScene(t, actions, hostKey)
			admins := s.AddGroup(oktasim.NewGroup{Name: "Admins"})
			s.AddRole(oktasim.NewRole{Group: admins.ID, Type: "SUPER_ADMIN"})
			out, _, err := s.contain(map[string]any{"users": []string{s.user.ID}, "quarantine": "Admins"})
			if err != nil {
				t.Fatal(err)
			}
			u := s.state(s.user.ID)
			if u.Status != oktasim.StatusSuspended || inGroup(u, admins.ID) != allowed || out.Complete != allowed {
				t.Errorf("got %+v, the user is %+v", out, u)
			}
			if said := fmt.Sprintf("%+v", out); strings.Contains(said, "Add add_user_to_group to allowed_actions") == allowed {
				t.Errorf("it says %s", said)
			}
		})
	}
}

func inGroup(u oktasim.UserState, id string) bool {
	return slices.ContainsFunc(u.Groups, func(g oktasim.GroupRef) bool { return g.ID == id })
}

func writesOf(b *bench) (n int) {
	for _, r := range b.Requests() {
		if r.Method != "GET" {
			n++
		}
	}
	return n
}
