// Package oktatest is an Okta org that runs in this process and answers over real HTTP.
//
// It keeps state and obeys Okta's rules: the life cycle of a user with its statuses and error codes,
// group types that refuse members, sessions that end when their user is suspended, rate limits, and a
// System Log with polling and bounded queries whose own writes appear in it. Every /api/v1 request needs
// the header "Authorization: SSWS <token>". A request for an endpoint that the org does not have is
// answered as Okta would (404 E0000008) and remembered as a defect.
//
// # Orders
//
// Paths under /_org/ set the scene and take no token, so that a demonstration can do over HTTP what a test
// does in process. All bodies are JSON; an order that cannot be followed is answered 400 {"error": "…"}.
//
//	POST   /_org/users     NewUser                       the created User
//	POST   /_org/groups    NewGroup                      the created Group
//	POST   /_org/sessions  {"user": ID or login}         {"id": …}
//	POST   /_org/events    {"events": [Event, …]}        {"uuids": […]}
//	POST   /_org/faults    Fault                         DELETE clears all faults
//	POST   /_org/limits    Limit                         DELETE restores the generous limits
//	GET    /_org/state     State; ?user=LOGIN answers that UserState only
//	GET    /_org/requests  {"requests": [Request, …]}    DELETE forgets them
package oktatest
