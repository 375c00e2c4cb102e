// Package oktatest is an Okta org that runs in this process and answers over real HTTP.
//
// It keeps state and obeys Okta's rules: the life cycle of a user with its statuses and error codes,
// group types that refuse members, sessions that end when their user is suspended, factors and pushes,
// devices, network zones, applications and who has them, administrator roles, consents, rate limits, and a
// System Log with polling and bounded queries whose own writes appear in it. A request needs the header
// "Authorization: SSWS <token>", or an access token that POST /oauth2/v1/token issued to a service app for
// its signed assertion, as a bearer token or bound to a key (DPoP), with the scope that the endpoint asks
// for. A request for an endpoint that the org does not have is answered as Okta would (404 E0000008) and
// remembered as a defect.
//
// # Orders
//
// Paths under /_org/ set the scene and take no token, so that a demonstration can do over HTTP what a test
// does in process. All bodies are JSON; an order that cannot be followed is answered 400 {"error": "…"}.
//
//	POST   /_org/users     NewUser                       the created User
//	POST   /_org/groups    NewGroup                      the created Group
//	POST   /_org/sessions  {"user": ID or login}         {"id": …}
//	POST   /_org/factors   NewFactor                     the FactorState
//	POST   /_org/push      Push                          how a user reacts to pushes
//	POST   /_org/devices   NewDevice                     the DeviceState
//	POST   /_org/zones     NewZone                       the ZoneState
//	POST   /_org/apps      NewApp                        the AppState
//	POST   /_org/assignments  NewAssignment              gives a user an app
//	POST   /_org/policies  NewPolicy                     {"id": …}
//	POST   /_org/roles     NewRole                       the RoleState
//	POST   /_org/grants    NewGrant                      {"grants": [GrantState, …]}
//	POST   /_org/risk      {"user": …, "level": …, "reason": …}
//	POST   /_org/apps-oauth  NewServiceApp               {"client_id": …}
//	DELETE /_org/tokens    ?client=ID, or all            {"revoked": N}
//	DELETE /_org/nonces    makes DPoP nonces useless
//	POST   /_org/events    {"events": [Event, …]}        {"uuids": […]}
//	POST   /_org/faults    Fault                         DELETE clears all faults
//	POST   /_org/limits    Limit                         DELETE restores the generous limits
//	GET    /_org/state     State; ?user=LOGIN answers that UserState only
//	GET    /_org/requests  {"requests": [Request, …]}    DELETE forgets them
package oktatest
