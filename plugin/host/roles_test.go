package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

const (
	roleHost     = "host"     // launches a plugin, starts the action hold, and waits to be killed
	roleSilent   = "silent"   // prints nothing on stdout
	roleNewer    = "newer"    // uses protocol version 2
	roleOther    = "other"    // is a go-plugin with another service
	roleOldSpeak = "oldspeak" // announces net/rpc
	roleReopen   = "reopen"   // is the plugin, and dies when a session is opened for the second time
)

// runRole runs a role other than the plugin. It returns the exit status.
func runRole(ctx context.Context, role string) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	switch role {
	case roleHost:
		return runHost(ctx)
	case roleSilent:
		fmt.Fprintln(os.Stderr, "thinking about it")
		<-ctx.Done()
	case roleNewer:
		serveRaw(map[int]goplugin.PluginSet{2: plugin.Plugins(nil)[1]})
	case roleOther:
		serveRaw(map[int]goplugin.PluginSet{1: {plugin.Name: other{}}})
	case roleOldSpeak:
		fmt.Println("1|1|unix|/nowhere|netrpc|")
		<-ctx.Done()
	case roleReopen:
		backend, err := plugintest.Connector()
		if err != nil {
			panic(err)
		}
		return plugin.Serve(ctx, diesOnSecondOpen{backend}, plugin.ServeOptions{})
	}
	return 0
}

// diesOnSecondOpen ends the process in the second Open of all processes together. It counts the
// calls in the file of the first argument.
type diesOnSecondOpen struct{ sdk.Backend }

func (d diesOnSecondOpen) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	f, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.WriteString("open\n"); err != nil {
		return nil, err
	}
	opened, err := os.ReadFile(os.Args[1])
	if err != nil {
		return nil, err
	}
	if strings.Count(string(opened), "open") == 2 {
		os.Exit(3)
	}
	return d.Backend.Open(ctx, settings)
}

func serveRaw(set map[int]goplugin.PluginSet) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: plugin.Handshake, VersionedPlugins: set, GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
}

// other is a plugin without a service of this project.
type other struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (other) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func (other) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// runHost prints the plugin's process ID, starts a call that does not end, and waits. Its
// argument is the input of the call.
func runHost(ctx context.Context) int {
	path, err := os.Executable()
	if err != nil {
		return 1
	}
	p, err := host.Launch(ctx, host.Config{Path: path, Env: plugintest.Env(plugintest.Plugin)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer p.Close()
	s, err := p.Open(ctx, json.RawMessage(`{"org":"a"}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(strconv.Itoa(p.PID()))
	_, err = s.Run(ctx, "hold", json.RawMessage(strings.Join(os.Args[1:], "")))
	fmt.Fprintln(os.Stderr, err)
	return 1
}
