// Package plugintest has what the tests of the wire and of the host share: a
// small connector with one action for everything that can happen to a call, and
// the far ends that its calls hold on to.
package plugintest

//go:generate go run soar.example/okta/schema/describe
