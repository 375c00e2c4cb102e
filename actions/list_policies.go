package actions

import (
	"context"
	"net/url"

	"soar.example/okta/sdk/reconcile"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListPolicies lists the policies of one type.
var ListPolicies = action[ListPoliciesInput, ListPoliciesOutput]{
	Name:    "list_policies",
	Summary: "Lists the policies of one type, such as sign-in or password policies.",
	Docs:    apiDocs("Policy", "listPolicies"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.policies.read"},
	Example: sdk.Example[ListPoliciesInput, ListPoliciesOutput]{
		Input: ListPoliciesInput{Type: "OKTA_SIGN_ON", Paging: firstPage},
		Output: ListPoliciesOutput{Paged: onePage, Policies: []PolicyItem{policyItem(okta.Object(
			`{"id":"00p1a2b3c4d5e6f7g8h9","type":"OKTA_SIGN_ON","name":"Deny quarantined users","status":"ACTIVE","priority":1,"system":false}`))}},
	},
	Options: listed(sdk.OptionList{Items: "policies", Value: "id", Label: "name", Description: "status", Typed: true, Search: "q"}),
	Run: func(ctx context.Context, c *okta.Client, in ListPoliciesInput) (ListPoliciesOutput, error) {
		query := url.Values{"type": {string(in.Type)}, "q": {in.Q}, "status": {in.Status}}
		policies, n, err := list(ctx, c, []string{"policies"}, query, pages(in.Paging), policyItem)
		return ListPoliciesOutput{Policies: policies, Paged: n}, err
	},
}

// ListPoliciesInput is the input of list_policies.
type ListPoliciesInput struct {
	// Type of the policies. An Okta org has only the types of its engine and licenses.
	Type PolicyType `json:"type" jsonschema:"example=OKTA_SIGN_ON"`
	// Beginning of the name.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=Deny,maxLength=200"`
	// Status of the policies; all if absent.
	Status string `json:"status,omitempty" jsonschema:"enum=ACTIVE,enum=INACTIVE" jsonschema_extras:"x-group=advanced"`
	reconcile.Paging
}

// PolicyType is a type of policies.
type PolicyType string

// JSONSchema returns the schema of the policy types of Okta.
func (PolicyType) JSONSchema() *jsonschema.Schema {
	return oneOfStrings("ACCESS_POLICY", "CLIENT_UPDATE", "DEVICE_SIGNAL_COLLECTION", "ENTITY_RISK", "IDENTITY_CLAIM_SOURCING", "IDP_DISCOVERY",
		"MFA_ENROLL", "OKTA_SIGN_ON", "PASSWORD", "POST_AUTH_SESSION", "PROFILE_ENROLLMENT", "SESSION_VIOLATION_DETECTION")
}

// ListPoliciesOutput is the output of list_policies.
type ListPoliciesOutput struct {
	Policies []PolicyItem `json:"policies"` // The policies.
	reconcile.Paged
}

// PolicyItem is a policy in a list.
type PolicyItem struct {
	ID       string `json:"id"`                 // ID of the policy.
	Name     string `json:"name"`               // Name of the policy.
	Type     string `json:"type"`               // Type of the policy.
	Status   string `json:"status"`             // ACTIVE or INACTIVE.
	Priority int    `json:"priority,omitempty"` // Priority among the policies of its type; 1 comes first.
	System   bool   `json:"system"`             // Whether Okta created the policy.
	Raw      Object `json:"raw"`                // The policy as Okta sent it, with conditions and settings.
}

func policyItem(o okta.Object) PolicyItem {
	var p struct {
		ID, Name, Type, Status string
		Priority               int
		System                 bool
	}
	o.Read(&p)
	return PolicyItem{ID: p.ID, Name: p.Name, Type: p.Type, Status: p.Status, Priority: p.Priority, System: p.System, Raw: raw(o)}
}
