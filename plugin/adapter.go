package plugin

import (
	"context"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

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
