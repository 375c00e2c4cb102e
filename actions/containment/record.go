package containment

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// RestoreRecord lists the changes that a containment made to one user, for restore_user.
// It contains no secret.
type RestoreRecord struct {
	UserID string `json:"user_id" jsonschema:"minLength=1,maxLength=100,example=00u1a2b3c4d5e6f7g8h9"` // ID of the user.
	// Address of the Okta org.
	Org string `json:"org,omitempty" jsonschema:"example=https://acme.okta.com"`
	// Login of the user, for people to read.
	Login string `json:"login" jsonschema:"example=alice.moreau@corp.example"`
	// Start of the containment.
	TakenAt time.Time `json:"taken_at,omitzero" jsonschema:"example=2026-03-14T02:41:09Z"`
	// Status before the containment; empty if it could not be read.
	StatusBefore string `json:"status_before" jsonschema:"example=ACTIVE"`
	// Status after the containment; empty if it could not be read. Any other status means that another client
	// changed the account.
	StatusAfter string `json:"status_after" jsonschema:"example=SUSPENDED"`
	// Time at which the account got status_after, by Okta's clock. A later time means that another client changed the
	// account.
	StatusChanged *time.Time `json:"status_changed,omitempty" jsonschema:"example=2026-03-14T02:41:10Z"`
	// Groups that the user was removed from.
	GroupsRemoved []actions.GroupRef `json:"groups_removed,omitempty"`
	// Groups that the user was added to.
	GroupsAdded []actions.GroupRef `json:"groups_added,omitempty"`
	// Admin roles that were revoked.
	RolesRemoved []RestoreRole `json:"roles_removed,omitempty"`
	// IDs of suspended devices.
	DevicesSuspended []string `json:"devices_suspended,omitempty" jsonschema:"example=guo4a5u7YAHhjXrMK0g4"`
	// Signature of this host over the whole record. Without it, allowed_actions must also contain the action of each
	// reverted change.
	Signature string `json:"signature,omitempty"`
	// Changes that cannot be reverted.
	NotRestorable []string `json:"not_restorable,omitempty" jsonschema:"example=the factors: the user must enroll again"`
}

// RestoreRole is an admin role to assign again.
type RestoreRole struct {
	// Type of the role; CUSTOM for a custom role.
	Type  string `json:"type" jsonschema:"example=HELP_DESK_ADMIN"`
	Label string `json:"label" jsonschema:"example=Help Desk Administrator"`       // Name of the role.
	Role  string `json:"role,omitempty" jsonschema:"example=cr04cxy6yzSCtNciD0g7"` // ID of a custom role.
	// ID of the resource set of a custom role.
	ResourceSet string `json:"resource_set,omitempty" jsonschema:"example=iamoJDFKaJxGIr0oamd9g"`
}

// recordPurpose is the purpose of a record's signature.
const recordPurpose = "okta restore record 1"

// sign signs the record as issued by this host, except in a dry run. The signature covers
// every member.
func (r *RestoreRecord) sign(ctx context.Context) {
	if sdk.IsDryRun(ctx) {
		return
	}
	r.Signature = ""
	if doc, err := json.Marshal(r); err == nil {
		r.Signature = sdk.Sign(ctx, recordPurpose, doc)
	}
}

// own reports whether this host issued the record, and the record was not edited since.
func (r RestoreRecord) own(ctx context.Context) bool {
	signature := r.Signature
	r.Signature = ""
	doc, err := json.Marshal(r)
	return err == nil && sdk.Signed(ctx, recordPurpose, doc, signature)
}

// parts returns the names of the actions that together restore the record.
func (r RestoreRecord) parts() (names []string) {
	for _, part := range []struct {
		needed bool
		action string
	}{
		{r.suspended(), actions.UnsuspendUser.Name}, {len(r.GroupsRemoved) > 0, actions.AddUserToGroup.Name},
		{len(r.GroupsAdded) > 0, actions.RemoveUserFromGroup.Name}, {len(r.RolesRemoved) > 0, actions.AssignRole.Name},
		{len(r.DevicesSuspended) > 0, actions.UnsuspendDevice.Name},
	} {
		if part.needed {
			names = append(names, part.action)
		}
	}
	return names
}

// undo returns the call that reverts the containment, if it changed something that can
// be reverted.
func (c *Containment) undo() (sdk.Undo, bool) {
	input, err := json.Marshal(struct {
		Record RestoreRecord `json:"record"`
	}{c.Restore})
	return sdk.Undo{Subject: c.User.ID, Action: nameRestore, Input: input}, err == nil && len(c.Restore.parts()) > 0
}

// idPattern is the form of the IDs of Okta's objects.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// validate rejects a record with invalid IDs, before any part of the record is restored.
func (r RestoreRecord) validate() error {
	var bad []schema.Violation
	check := func(id, format string, args ...any) {
		if !idPattern.MatchString(id) {
			bad = append(bad, schema.Violation{Pointer: fmt.Sprintf(format, args...), Message: "is not an ID of Okta"})
		}
	}
	check(r.UserID, "/record/user_id")
	for i, g := range r.GroupsRemoved {
		check(g.ID, "/record/groups_removed/%d/id", i)
	}
	for i, g := range r.GroupsAdded {
		check(g.ID, "/record/groups_added/%d/id", i)
	}
	for i, role := range r.RolesRemoved {
		check(role.id(), "/record/roles_removed/%d/type", i)
	}
	for i, id := range r.DevicesSuspended {
		check(id, "/record/devices_suspended/%d", i)
	}
	if bad != nil {
		return sdk.Invalid("the record has invalid IDs. Use the member restore of contain_user's output unchanged", bad...)
	}
	return nil
}

// id is the name of the role in requests to Okta.
func (r RestoreRole) id() string {
	if r.Role != "" {
		return r.Role
	}
	return r.Type
}

// is reports whether an assignment is a direct assignment of this role.
func (r RestoreRole) is(a okta.Role) bool {
	return a.Direct() && a.Type == r.Type && a.RoleID == r.Role && a.ResourceSet == r.ResourceSet
}

// suspended reports whether the containment suspended the user, or may have.
func (r RestoreRecord) suspended() bool {
	return r.StatusBefore == okta.StatusActive && (r.StatusAfter == okta.StatusSuspended || r.StatusAfter == "")
}

// changedSince explains how the user differs from the state after the containment. It
// returns "" if the user is in the state after the containment or in the state before it.
func (r RestoreRecord) changedSince(u *okta.User) string {
	after := r.StatusAfter
	if after == "" && r.suspended() {
		after = okta.StatusSuspended
	}
	switch {
	case r.Login != "" && r.Login != r.UserID && !strings.EqualFold(r.Login, u.Login):
		return fmt.Sprintf("the record belongs to %s, but the user with the ID %s is %s", r.Login, u.ID, u.Login)
	case u.Status == r.StatusBefore:
		return ""
	case after == "":
		return fmt.Sprintf("%s is %s, and the status after the containment is unknown", u.Login, u.Status)
	case u.Status != after:
		return fmt.Sprintf("%s is %s now, and was %s after the containment: another client changed the account", u.Login, u.Status, after)
	case r.StatusChanged != nil && u.StatusChanged != nil && u.StatusChanged.After(*r.StatusChanged):
		return fmt.Sprintf("%s became %s again on %s, after the containment: another client changed the account",
			u.Login, u.Status, u.StatusChanged.Format(time.RFC3339))
	}
	return ""
}

// difference explains how the status differs from the status before the containment. It
// returns "" if the status does not differ, or if the record lists the difference.
func (r RestoreRecord) difference(u *okta.User) string {
	switch {
	case r.StatusBefore == "" && u.Status == okta.StatusSuspended:
		return "the account is SUSPENDED, and its status before the containment is unknown. Revert the suspension with unsuspend_user"
	case r.StatusBefore == "", u.Status == r.StatusBefore, u.Status == okta.StatusPasswordExpired && r.StatusAfter == u.Status:
		return ""
	}
	return "the account is " + u.Status + ", and was " + r.StatusBefore + " before the containment"
}
