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

import (
	"context"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

//go:generate go -C ../internal/protogen run . ../../plugin/proto/connector.proto ../../plugin/internal/pb

// Name is the name under which a plugin process dispenses its backend.
const Name = "connector"

// Version is the protocol version that this package speaks.
const Version = 1

// window is gRPC's flow-control window in bytes. Both ends are on one machine, and
// a fixed size spares each answer the ping that would otherwise measure the way.
const window = 16 << 20

// MaxMessage is the largest message, in bytes, that either end takes. A page of
// 1,000 events is 2 to 60 MB.
const MaxMessage = 256 << 20

// The environment variables that a host may set for its plugin.
const (
	// EnvHostPID holds the host's process id, so that the plugin sees that its
	// host is gone even if that happened before it looked.
	EnvHostPID = "SOAR_HOST_PID"
	// EnvLogLevel holds the lowest level that the host wants to hear of: trace,
	// debug, info, warn, error or off.
	EnvLogLevel = "SOAR_LOG_LEVEL"
)

// Handshake is what host and plugin must agree on. The cookie tells a plugin
// that it was not started by hand; it secures nothing.
var Handshake = goplugin.HandshakeConfig{
	ProtocolVersion:  Version,
	MagicCookieKey:   "SOAR_CONNECTOR_PLUGIN",
	MagicCookieValue: "4f1c6a52-connector",
}

// DialOptions are the gRPC options that a host needs to take large pages.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newCodec()), grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithStaticStreamWindowSize(window), grpc.WithStaticConnWindowSize(window),
	}
}

// serverOptions are the gRPC options of a plugin process, which fit those of its host.
func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()), grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window),
	}
}

// Plugins is the set of plugins by protocol version. A host passes nil and
// dispenses an [sdk.Backend] under [Name].
func Plugins(b sdk.Backend) map[int]goplugin.PluginSet {
	return pluginSet(newServer(b, hclog.NewNullLogger()))
}

func pluginSet(s *server) map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{Version: {Name: &adapter{server: s}}}
}

// adapter is what go-plugin knows of this package.
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
