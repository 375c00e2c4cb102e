// Package oktasim simulates an Okta org in this process, over real HTTP.
//
// The org keeps state and follows Okta's rules. It has the lifecycle of users with its statuses and error codes, group
// types that reject members, and sessions that end with the suspension of their user. It has factors and pushes, devices,
// network zones, applications and their users, administrator roles, consents and rate limits. The System Log supports
// polling and bounded queries, and also logs the org's own changes. A request needs the header "Authorization: SSWS <token>", or an access
// token with the endpoint's scope. POST /oauth2/v1/token issues access tokens to a service app for its signed assertion,
// as bearer tokens or bound to a key (DPoP). A request for an endpoint that the org does not have gets Okta's 404
// (E0000008), and Defects lists it.
//
// The parts below this package are wire (HTTP, errors, paging), filter (SCIM expressions), syslog (the System Log) and
// oauth (tokens and proofs). The folder data holds the content of new orgs and the shapes of Okta's objects.
//
// The methods that prepare an org, such as AddUser, write no log events. They panic for an invalid description: an ID
// that is taken, or a user, type or status that does not exist.
//
// # Control commands
//
// Paths below /_org/ prepare the org over HTTP, without a token, as the Go methods do in process. All bodies are JSON. An
// invalid command gets status 400 with {"error": "…"}.
//
//	POST   /_org/users        NewUser                    the created User
//	POST   /_org/groups       NewGroup                   the created Group
//	POST   /_org/sessions     {"user": ID or login}      {"id": …}
//	POST   /_org/factors      NewFactor                  the FactorState
//	POST   /_org/push         Push                       how a user reacts to pushes
//	POST   /_org/devices      NewDevice                  the DeviceState
//	POST   /_org/zones        NewZone                    the ZoneState
//	POST   /_org/apps         NewApp                     the AppState
//	POST   /_org/assignments  NewAssignment              gives a user an app
//	POST   /_org/policies     NewPolicy                  {"id": …}
//	POST   /_org/roles        NewRole                    the RoleState
//	POST   /_org/grants       NewGrant                   {"grants": [GrantState, …]}
//	POST   /_org/risk         {"user": …, "level": …, "reason": …}
//	POST   /_org/api-tokens   NewAPIToken                {"id": …}
//	POST   /_org/apps-oauth   NewServiceApp              {"client_id": …}
//	DELETE /_org/tokens       ?client=ID, or all         {"revoked": N}
//	DELETE /_org/nonces       invalidates DPoP nonces
//	POST   /_org/events       {"events": [Event, …]}     {"uuids": […]}
//	POST   /_org/faults       Fault                      DELETE removes all faults
//	POST   /_org/limits       Limit                      DELETE restores the generous limits
//	GET    /_org/state        State; ?user=LOGIN returns that UserState only
//	GET    /_org/requests     {"requests": [Request, …]} DELETE forgets them
package oktasim
