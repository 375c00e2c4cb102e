package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"soar.example/okta/internal/okta/permission"

	"soar.example/okta/sdk/reconcile"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// CustomRequest sends a request that no other action sends. It does not verify the
// effect: only Okta's response decides the outcome.
var CustomRequest = action[CustomRequestInput, CustomRequestOutput]{
	Name:    "custom_request",
	Title:   "Okta Custom Action",
	Summary: "Sends a custom request to the Okta API and returns the response. It writes only if the connection allows custom writes.",
	Docs:    "https://developer.okta.com/docs/api/",
	Effect:  sdk.Destroys,
	Once:    true,
	Scopes:  []string{},
	Example: sdk.Example[CustomRequestInput, CustomRequestOutput]{
		Input: CustomRequestInput{Method: http.MethodGet, Path: "/api/v1/eventHooks", Query: QueryParams{"limit": []byte("20")}},
		Output: CustomRequestOutput{
			Status: http.StatusOK, Headers: map[string]string{"content-type": "application/json"}, Body: AnyJSON(`[]`),
			Change: reconcile.Change[Unread]{Outcome: sdk.Unchanged},
		},
	},
	Run: customRequest,
}

// CustomRequestInput is the input of custom_request. It has no headers, since the
// connector sets the headers that Okta's API needs.
type CustomRequestInput struct {
	// HTTP method. All methods except GET need a connection with allow_custom_writes.
	Method string `json:"method,omitempty" jsonschema:"enum=GET,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,default=GET"`
	// Path below /api/v1, /oauth2/v1 or /idp, without the address of the Okta org, without a query, and not
	// escaped.
	Path  string      `json:"path" jsonschema:"example=/api/v1/eventHooks,minLength=1,maxLength=2000" jsonschema_extras:"x-language=url_path"`
	Query QueryParams `json:"query,omitempty"` // Parameters of the query, not escaped.
	// Body of the request, sent as JSON. Do not put secrets in it: hosts cannot recognize them and store them in
	// the audit trail.
	Body AnyJSON `json:"body,omitempty"`
	reconcile.Write
}

// Validate rejects a GET with a body, which Okta would ignore.
func (in CustomRequestInput) Validate() error {
	if in.Method == http.MethodGet && len(in.Body) > 0 {
		return sdk.InvalidField("/body", "is not allowed with the method GET")
	}
	return nil
}

// QueryParams are the parameters of a query.
type QueryParams map[string]json.RawMessage

// JSONSchema returns the schema of an object of strings, numbers and booleans. The
// members filter and search are expressions.
func (QueryParams) JSONSchema() *jsonschema.Schema {
	expressions := jsonschema.NewProperties()
	for _, name := range []string{"filter", "search"} {
		expressions.Set(name, &jsonschema.Schema{
			Description: "Expression of Okta's filter language.",
			Extras:      map[string]any{"type": []string{"string", "number", "boolean"}, "x-language": schema.SCIMFilter},
		})
	}
	return &jsonschema.Schema{
		Type: "object", Properties: expressions, Examples: []any{map[string]any{"limit": 20}},
		AdditionalProperties: &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean"}}},
	}
}

func (q QueryParams) values() url.Values {
	values := url.Values{}
	for name, raw := range q {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw) // a number or a boolean, unchanged
		}
		values.Set(name, text)
	}
	return values
}

// AnyJSON is a JSON value of any type, byte for byte.
type AnyJSON json.RawMessage

// MarshalJSON returns the bytes.
func (a AnyJSON) MarshalJSON() ([]byte, error) { return json.RawMessage(a).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (a *AnyJSON) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(a).UnmarshalJSON(b) }

// JSONSchema returns the schema of any value.
func (AnyJSON) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Examples: []any{map[string]any{"profile": map[string]any{"name": "Watch list"}}}}
}

// CustomRequestOutput is the output of custom_request.
type CustomRequestOutput struct {
	// HTTP status; 0 in a dry run. A status of 400 or more is an error and has no output.
	Status int `json:"status"`
	// Selected headers of the response, by their names in lower case: content type, links to further pages, rate
	// limit, request ID.
	Headers map[string]string `json:"headers"`
	Body    AnyJSON           `json:"body,omitempty"`  // Body of the response, if it is JSON.
	Text    string            `json:"text,omitempty"`  // Body of the response, if it is other text.
	Bytes   []byte            `json:"bytes,omitempty"` // Body of the response in base64, if it is not text.
	reconcile.Change[Unread]
}

// Unread is a state that is not verified.
type Unread struct {
	// Always false: the effect of a custom request is not verified. The outcome of a GET is unchanged. The outcome of
	// any other method is accepted.
	Known bool `json:"known"`
}

// shownHeaders lists the headers of a response that the output has. Other headers, such
// as cookies, may contain credentials.
var shownHeaders = []string{
	"Content-Type", "Link", "Location", "ETag", "Date", "Retry-After",
	"X-Okta-Request-Id", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset",
}

func customRequest(ctx context.Context, c *okta.Client, in CustomRequestInput) (CustomRequestOutput, error) {
	out := CustomRequestOutput{Headers: map[string]string{}}
	act := func(ctx context.Context) error {
		call := okta.CustomCall{Method: in.Method, Path: in.Path, Query: in.Query.values(), Body: json.RawMessage(in.Body)}
		a, err := c.Custom(ctx, call)
		if err != nil {
			return err
		}
		out.take(a)
		return nil
	}
	var err error
	if in.Method == http.MethodGet {
		err = act(ctx)
		out.Outcome = sdk.Unchanged // a GET changes nothing
	} else {
		out.Change, err = reconcile.Accept(ctx, Unread{}, Unread{}, act)
		out.About(sdk.Subject{Type: "path", ID: in.Path})
	}
	if err != nil {
		return CustomRequestOutput{}, err
	}
	return out, nil
}

func (o *CustomRequestOutput) take(a *okta.CustomResponse) {
	o.Status = a.Status
	for _, name := range shownHeaders {
		if values := a.Header.Values(name); len(values) > 0 {
			o.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	switch {
	case a.IsJSON:
		o.Body = AnyJSON(bytes.TrimSpace(a.Body))
	case utf8.Valid(a.Body):
		o.Text = string(a.Body)
	default:
		o.Bytes = a.Body
	}
}

// CheckPermissions reports the permissions of the principal before an incident needs them.
var CheckPermissions = action[CheckPermissionsInput, CheckPermissionsOutput]{
	Name: "check_permissions",
	Summary: "Reports for each action whether this connection's principal can run it, and which scope or admin role is missing. It sends ten read " +
		"requests, and one for each custom role of the principal.",
	Docs:   "https://developer.okta.com/docs/api/openapi/okta-management/guides/roles/",
	Effect: sdk.Reads,
	Scopes: []string{},
	Example: sdk.Example[CheckPermissionsInput, CheckPermissionsOutput]{
		Output: CheckPermissionsOutput{
			Account: "soar@corp.example", Roles: []string{"HELP_DESK_ADMIN"}, RolesKnown: true, Scopes: []string{}, Notes: []string{},
			Actions: []ActionPermission{
				{Action: "get_user", Can: permission.Yes, Missing: []string{}},
				{Action: "suspend_user", Can: permission.No, Missing: []string{"an admin role that may do this, such as SUPER_ADMIN or ORG_ADMIN"}},
			},
		},
	},
	Run: func(ctx context.Context, c *okta.Client, _ CheckPermissionsInput) (CheckPermissionsOutput, error) {
		p, err := c.Permissions(ctx)
		if err != nil {
			return CheckPermissionsOutput{}, err
		}
		out := CheckPermissionsOutput{
			Account: p.Account, Roles: append([]string{}, p.Roles...), RolesKnown: p.RolesKnown, Scopes: append([]string{}, p.Scopes...),
			Notes: append([]string{}, p.Notes...), Actions: make([]ActionPermission, len(p.Actions)),
		}
		for i, a := range p.Actions {
			out.Actions[i] = ActionPermission{Action: a.Action, Can: a.Can, Missing: append([]string{}, a.Missing...), Why: a.Why}
		}
		return out, nil
	},
}

// CheckPermissionsInput is the input of check_permissions. It has no parameters.
type CheckPermissionsInput struct{}

// CheckPermissionsOutput is the output of check_permissions.
type CheckPermissionsOutput struct {
	// Principal of the connection: login of a user, or client ID of a service app.
	Account string `json:"account"`
	// Types of the principal's admin roles, as far as Okta lets the principal read them.
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"` // Whether Okta let the principal read its admin roles.
	// OAuth scopes granted to a service app; empty for an API token.
	Scopes  []string           `json:"scopes"`
	Notes   []string           `json:"notes"`   // Further notes for an operator.
	Actions []ActionPermission `json:"actions"` // Each action of the connector.
}

// ActionPermission reports whether the principal can run one action.
type ActionPermission struct {
	Action string `json:"action"` // Name of the action.
	// yes; no; partly: only a part of the action; unknown: read requests cannot tell.
	Can     string   `json:"can" jsonschema:"enum=yes,enum=no,enum=partly,enum=unknown"`
	Missing []string `json:"missing"`       // OAuth scopes or admin roles that the principal lacks.
	Why     string   `json:"why,omitempty"` // Reason for no, partly or unknown, such as the setting that rejects the action.
}
