// Package plugin is the wire between a host and a connector that lives in a
// process of its own: HashiCorp go-plugin over gRPC, one service of seven calls.
//
// A connector's main function ends in [Serve]. A host written in Go launches and
// supervises the process with the package host below; any other go-plugin host
// needs [Handshake], [Plugins], [Name] and [DialOptions].
//
// Inputs and outputs are JSON: the schemas of the manifest are the contract, and
// a new action changes nothing here. What a call found, its error too, travels
// in the response. A gRPC status means that the pipe itself broke.
package plugin
