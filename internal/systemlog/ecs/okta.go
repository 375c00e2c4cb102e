package ecs

// Okta is what an event has that ECS has no field for.
type Okta struct {
	System System `json:"system,omitzero" jsonschema_description:"Members of a System Log event."`
}

// System is those members of a System Log event.
type System struct {
	Severity              string                `json:"severity,omitempty" ecs:"keyword" jsonschema_description:"DEBUG, INFO, WARN or ERROR."`
	Actor                 Party                 `json:"actor,omitzero" jsonschema_description:"Who or what did it."`
	Target                []Party               `json:"target,omitempty" jsonschema_description:"What it was done to."`
	Transaction           Transaction           `json:"transaction,omitzero" jsonschema_description:"The request or job that it was a part of."`
	Request               Request               `json:"request,omitzero" jsonschema_description:"The way of the request through the network."`
	SecurityContext       SecurityContext       `json:"security_context,omitzero" jsonschema_description:"The network that the request came from."`
	AuthenticationContext AuthenticationContext `json:"authentication_context,omitzero" jsonschema_description:"How the actor was authenticated."`
	Outcome               Outcome               `json:"outcome,omitzero" jsonschema_description:"Whether it succeeded, in Okta's words."`
}

// Party is an actor or a target of an event.
type Party struct {
	ID          string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Its id."`
	Type        string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"What it is, such as User or AppInstance."`
	AlternateID string `json:"alternate_id,omitempty" ecs:"keyword" jsonschema_description:"Another name of it; the login of a user."`
	DisplayName string `json:"display_name,omitempty" ecs:"keyword" jsonschema_description:"Its name as people see it."`
}

// Transaction is the request or job that an event was a part of.
type Transaction struct {
	ID     string            `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Id of the request or job."`
	Type   string            `json:"type,omitempty" ecs:"keyword" jsonschema_description:"WEB or JOB."`
	Detail map[string]string `json:"detail,omitempty" ecs:"flattened" jsonschema_description:"Further facts under Okta's names, such as requestApiTokenId, the API token that was used."`
}

// Request is the way of a request through the network.
type Request struct {
	IPChain []string `json:"ip_chain,omitempty" ecs:"ip" jsonschema_description:"Addresses that the request passed through, proxies among them, the client's first."`
}

// SecurityContext is the network that a request came from.
type SecurityContext struct {
	ISP     string `json:"isp,omitempty" ecs:"keyword" jsonschema_description:"Internet service provider."`
	IsProxy *bool  `json:"is_proxy,omitempty" ecs:"boolean" jsonschema_description:"Whether the address is a known proxy."`
}

// AuthenticationContext is how an actor was authenticated.
type AuthenticationContext struct {
	Interface         string     `json:"interface,omitempty" ecs:"keyword" jsonschema_description:"Interface that was used."`
	Authentication    Provider   `json:"authentication,omitzero" jsonschema_description:"Who checked the credential."`
	Credential        Credential `json:"credential,omitzero" jsonschema_description:"What the actor showed."`
	ExternalSessionID string     `json:"external_session_id,omitempty" ecs:"keyword" jsonschema_description:"Id of the actor's session."`
	Issuer            Issuer     `json:"issuer,omitzero" jsonschema_description:"Who issued the credential."`
}

// Provider is who checked a credential.
type Provider struct {
	Provider string `json:"provider,omitempty" ecs:"keyword" jsonschema_description:"Such as OKTA_AUTHENTICATION_PROVIDER or FEDERATION."`
}

// Credential is what an actor showed.
type Credential struct {
	Provider string `json:"provider,omitempty" ecs:"keyword" jsonschema_description:"Who provides it."`
	Type     string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"Kind of credential."`
}

// Issuer is who issued a credential.
type Issuer struct {
	ID   string `json:"id,omitempty" ecs:"keyword" jsonschema_description:"Id of the issuer."`
	Type string `json:"type,omitempty" ecs:"keyword" jsonschema_description:"Kind of issuer."`
}

// Outcome is whether it succeeded, in Okta's words.
type Outcome struct {
	Result string `json:"result,omitempty" ecs:"keyword" jsonschema_description:"SUCCESS, FAILURE, ALLOW, DENY, CHALLENGE or another."`
	Reason string `json:"reason,omitempty" ecs:"keyword" jsonschema_description:"Why."`
}
