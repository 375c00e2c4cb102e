// Package plugin connects a host to a connector in a separate process: HashiCorp go-plugin over
// gRPC, with one service of seven calls.
//
// The main function of a connector calls [Serve]. A host in Go uses the package host, which starts
// and supervises the process. Any other go-plugin host needs [Handshake], [Plugins], [Name] and
// [DialOptions].
//
// Inputs and outputs are JSON documents that follow the schemas of the manifest, so a new action
// does not change this package. The response contains the result of a call and its error. A gRPC
// status means that the connection failed.
package plugin

import (
	"context"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

//go:generate go -C ../internal/protogen run . ../../plugin/proto/connector.proto ../../plugin/internal/pb

// Name is the name of the backend in the plugin set.
const Name = "connector"

// Version is the protocol version of this package.
const Version = 1

// window is the flow-control window of gRPC in bytes. Both ends are on one machine. With a fixed
// size, gRPC sends no pings to measure the connection.
const window = 16 << 20

// MaxMessage is the maximum size of a message in bytes, in both directions. A page of 1,000 events
// has 2 to 60 MB.
const MaxMessage = 256 << 20

// Environment variables that a host can set for its plugin.
const (
	// EnvHostPID is the host's process ID. With it, the plugin notices that its host has died,
	// even if the host died before the plugin's first check.
	EnvHostPID = "SOAR_HOST_PID"
	// EnvLogLevel is the lowest level that the plugin must log: trace, debug, info, warn, error or
	// off.
	EnvLogLevel = "SOAR_LOG_LEVEL"
)

// Handshake holds the values on which host and plugin must agree. The cookie shows the plugin that
// a host started it. The cookie is not a secret.
var Handshake = goplugin.HandshakeConfig{
	ProtocolVersion:  Version,
	MagicCookieKey:   "SOAR_CONNECTOR_PLUGIN",
	MagicCookieValue: "4f1c6a52-connector",
}

// DialOptions returns the gRPC options that a host needs to receive large pages.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newCodec()), grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithStaticStreamWindowSize(window), grpc.WithStaticConnWindowSize(window),
	}
}

// serverOptions returns the gRPC options of a plugin process. They match those of the host.
func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()), grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window),
	}
}

// Plugins returns the plugin sets by protocol version. A host passes nil and dispenses an
// [sdk.Backend] under [Name].
func Plugins(b sdk.Backend) map[int]goplugin.PluginSet {
	return pluginSet(newServer(b, hclog.NewNullLogger()))
}

func pluginSet(s *server) map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{Version: {Name: &adapter{server: s}}}
}

// adapter implements the interface of go-plugin.
type adapter struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

var _ goplugin.GRPCPlugin = (*adapter)(nil)

func (a *adapter) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterConnectorServer(s, a.server)
	a.server.registered.Store(true)
	return nil
}

func (a *adapter) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &client{rpc: pb.NewConnectorClient(conn)}, nil
}
