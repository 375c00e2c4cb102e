// Package sdk is the contract between a connector, which knows one service, and
// a host, which runs playbooks on it.
//
// An author declares [Action]s and [Trigger]s as values, gathers them in a
// [Connector], and compiles that into a [Backend]. A host sees only the Backend
// and the [Session]s it opens; whether they live in its own process or behind
// go-plugin, it cannot tell.
//
// The life of a connection: Compile, then Open, then any number of Check, Run and
// Poll, from any goroutine, then Close.
package sdk

//go:generate go run soar.example/okta/schema/describe
