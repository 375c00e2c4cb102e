package actions

import (
	"context"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// EndCurrentUserSessions ends the one session that an event names.
//
// Okta's own call of that name (POST /users/me/lifecycle/delete_sessions) works
// with the cookie of the very session only and is closed to API tokens, so this
// ends a session by its id (DELETE /sessions/{id}).
var EndCurrentUserSessions = action[EndCurrentUserSessionsInput, EndCurrentUserSessionsOutput]{
	Name:    "end_current_user_sessions",
	Summary: "Ends the one session that an event names, and no other session of the user.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Session/#tag/Session/operation/revokeSession",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.sessions.manage"},
	Example: sdk.Example[EndCurrentUserSessionsInput, EndCurrentUserSessionsOutput]{
		Input: EndCurrentUserSessionsInput{SessionID: "102nQZr7v9yT5mPq3sWx"},
		Output: EndCurrentUserSessionsOutput{SessionID: "102nQZr7v9yT5mPq3sWx", Change: reconcile.Changed(
			SessionState{Live: true, UserID: exampleUser.ID, Login: exampleUser.Login, ExpiresAt: exampleTime("2026-03-14T04:38:51Z")},
			SessionState{Live: false},
		)},
	},
	Run: endCurrentUserSessions,
}

// EndCurrentUserSessionsInput is the input of end_current_user_sessions.
type EndCurrentUserSessionsInput struct {
	// ID of the session: authenticationContext.externalSessionId of an event.
	SessionID string `json:"session_id" jsonschema:"example=102nQZr7v9yT5mPq3sWx,minLength=1,maxLength=200"`
	reconcile.Write
}

// EndCurrentUserSessionsOutput is the output of end_current_user_sessions.
type EndCurrentUserSessionsOutput struct {
	SessionID string `json:"session_id"` // The session.
	reconcile.Change[SessionState]
}

// SessionState is a session as Okta tells it.
type SessionState struct {
	// Whether Okta has a live session of this ID. An ended, expired or nonexistent session looks the same.
	Live      bool       `json:"live"`
	UserID    string     `json:"user_id,omitempty"`    // ID of the session's user.
	Login     string     `json:"login,omitempty"`      // Login of the session's user.
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // Expiry of the session.
}

// VolatileMembers names the expiry, which moves while the session is in use.
func (SessionState) VolatileMembers() []string { return []string{"expires_at"} }

func endCurrentUserSessions(ctx context.Context, c *okta.Client, in EndCurrentUserSessionsInput) (EndCurrentUserSessionsOutput, error) {
	if err := okta.CheckSessionID("/session_id", in.SessionID); err != nil {
		return EndCurrentUserSessionsOutput{}, err
	}
	change, err := reconcile.Goal[SessionState]{
		Name: "session has ended",
		Done: func(s SessionState) bool { return !s.Live },
		Act:  func(ctx context.Context) error { return c.EndSession(ctx, in.SessionID) },
		Read: func(ctx context.Context) (SessionState, error) {
			return stateOrNone(func(s *okta.Session) SessionState {
				return SessionState{Live: true, UserID: s.UserID, Login: s.Login, ExpiresAt: s.ExpiresAt}
			})(c.Session(ctx, in.SessionID))
		},
	}.Run(ctx)
	return EndCurrentUserSessionsOutput{SessionID: in.SessionID, Change: change}, err
}
