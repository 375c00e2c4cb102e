package actions

import "time"

// RestoreRecord says what a containment took from one user, for restore_user to put
// back. It holds no secret.
type RestoreRecord struct {
	UserID           string        `json:"user_id" jsonschema:"title=User id,minLength=1,maxLength=100,example=00u1a2b3c4d5e6f7g8h9" jsonschema_description:"Id of the user."`
	Login            string        `json:"login" jsonschema:"title=Login,example=alice.moreau@corp.example" jsonschema_description:"Login of the user, for people to read."`
	TakenAt          time.Time     `json:"taken_at,omitzero" jsonschema:"title=Taken at,example=2026-03-14T02:41:09Z" jsonschema_description:"When the containment began."`
	StatusBefore     string        `json:"status_before" jsonschema:"title=Status before,example=ACTIVE" jsonschema_description:"Status before the containment."`
	StatusAfter      string        `json:"status_after" jsonschema:"title=Status after,example=SUSPENDED" jsonschema_description:"Status after it. If the user has another by now, somebody else was at work."`
	GroupsRemoved    []GroupRef    `json:"groups_removed,omitempty" jsonschema:"title=Groups removed" jsonschema_description:"Groups that the user was taken out of."`
	GroupsAdded      []GroupRef    `json:"groups_added,omitempty" jsonschema:"title=Groups added" jsonschema_description:"Groups that the user was put into."`
	RolesRemoved     []RestoreRole `json:"roles_removed,omitempty" jsonschema:"title=Roles removed" jsonschema_description:"Admin roles that were taken away."`
	DevicesSuspended []string      `json:"devices_suspended,omitempty" jsonschema:"title=Devices suspended,example=guo4a5u7YAHhjXrMK0g4" jsonschema_description:"Ids of devices that were suspended."`
	NotRestorable    []string      `json:"not_restorable,omitempty" jsonschema:"title=Not restorable,example=the factors: the user must enrol anew" jsonschema_description:"What was taken and cannot be put back."`
}

// RestoreRole is an admin role to assign again.
type RestoreRole struct {
	Type        string `json:"type" jsonschema:"title=Type,example=HELP_DESK_ADMIN" jsonschema_description:"Type of the role; CUSTOM for one of the org's own."`
	Label       string `json:"label" jsonschema:"title=Label,example=Help Desk Administrator" jsonschema_description:"Name of the role."`
	Role        string `json:"role,omitempty" jsonschema:"title=Role,example=cr04cxy6yzSCtNciD0g7" jsonschema_description:"Id of a custom role."`
	ResourceSet string `json:"resource_set,omitempty" jsonschema:"title=Resource set,example=iamoJDFKaJxGIr0oamd9g" jsonschema_description:"Id of a custom role's resource set."`
}

// what the role is assigned by.
func (r RestoreRole) id() string {
	if r.Role != "" {
		return r.Role
	}
	return r.Type
}
