// Package plugintest has test helpers of the packages plugin and host. They are a small connector
// with an action for each possible result of a call, and the servers to which its calls connect.
package plugintest

//go:generate go run soar.example/okta/schema/describe
