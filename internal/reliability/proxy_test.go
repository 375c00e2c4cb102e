//go:build linux

package reliability

import (
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// A network is a proxy between soar and the org that can disturb the traffic.
type network struct {
	s     *fixture
	proxy *toxiproxy.Proxy
}

// withProxy puts a network in front of the org's server.
func (s *fixture) withProxy() *network {
	s.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	n := &network{s: s, proxy: toxiproxy.NewProxy(server, s.Name(), "127.0.0.1:0", s.server.Listener.Addr().String())}
	n.up()
	s.url = "http://" + n.proxy.Listen
	s.Cleanup(n.down)
	return n
}

// up starts the proxy on its address. down closes the port.
func (n *network) up() {
	n.s.Helper()
	if err := n.proxy.Start(); err != nil {
		n.s.Fatal(err)
	}
}

func (n *network) down() { n.proxy.Stop() }

// toxic disturbs the responses until the returned function is called.
func (n *network) toxic(kind, attributes string) (remove func()) {
	n.s.Helper()
	body := fmt.Sprintf(`{"name":"bad","type":%q,"stream":"downstream","toxicity":1,"attributes":%s}`, kind, attributes)
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(body)); err != nil {
		n.s.Fatal(err)
	}
	return func() {
		n.s.Helper()
		if err := n.proxy.Toxics.RemoveToxic(n.s.Context(), "bad"); err != nil {
			n.s.Fatal(err)
		}
	}
}
