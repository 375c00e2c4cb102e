//go:build linux

package reliability

import (
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// A network lies between soar and the org, and can be made bad.
type network struct {
	s     *scene
	proxy *toxiproxy.Proxy
}

// between puts a network before the org's door.
func (s *scene) between() *network {
	s.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	n := &network{s: s, proxy: toxiproxy.NewProxy(server, s.Name(), "127.0.0.1:0", s.door.Listener.Addr().String())}
	n.up()
	s.url = "http://" + n.proxy.Listen
	s.Cleanup(n.down)
	return n
}

// up and down are whether anybody listens. The address stays the same.
func (n *network) up() {
	n.s.Helper()
	if err := n.proxy.Start(); err != nil {
		n.s.Fatal(err)
	}
}

func (n *network) down() { n.proxy.Stop() }

// toxic makes what the org sends bad, until the returned function is called.
func (n *network) toxic(kind, attributes string) (cure func()) {
	n.s.Helper()
	order := fmt.Sprintf(`{"name":"bad","type":%q,"stream":"downstream","toxicity":1,"attributes":%s}`, kind, attributes)
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(order)); err != nil {
		n.s.Fatal(err)
	}
	return func() {
		n.s.Helper()
		if err := n.proxy.Toxics.RemoveToxic(n.s.Context(), "bad"); err != nil {
			n.s.Fatal(err)
		}
	}
}
