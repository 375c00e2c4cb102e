package plugin

import (
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

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
