package httpconnector

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"soar.example/okta/sdk"
)

func TestFirewall(t *testing.T) {
	for address, want := range map[string]string{
		"8.8.8.8": "", "2606:4700::1111": "", "64:ff9b::808:808": "", "2002:808:808::1": "", "::ffff:8.8.8.8": "",
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified", "127.0.0.1": "loopback", "127.255.0.1": "loopback", "::1": "loopback",
		"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private", "fd00::1": "private", "fc00::1": "private",
		"169.254.169.254": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local", "fd00:ec2::254": "private", "100.100.100.200": "shared",
		"100.64.0.1": "shared", "168.63.129.16": "cloud", "192.0.0.192": "reserved", "224.0.0.1": "multicast", "ff02::1": "multicast",
		"255.255.255.255": "reserved", "240.0.0.1": "reserved", "198.18.0.1": "benchmarks", "192.0.2.1": "documentation", "2001:db8::1": "documentation",
		"::ffff:127.0.0.1": "loopback", "::ffff:a9fe:a9fe": "link-local", "::127.0.0.1": "loopback", "::ffff:0:10.0.0.1": "private",
		"64:ff9b::7f00:1": "loopback", "64:ff9b::a9fe:a9fe": "link-local", "64:ff9b:1::1": "not public",
		"2002:7f00:1::": "loopback", "2002:a9fe:a9fe::1": "link-local", "2001:0:a00:1::f7f7:f7f7": "private", "2001:0:808:808::80ff:fffe": "loopback",
		"2606:4700::5efe:10.0.0.1": "private", "2606:4700::200:5efe:127.0.0.1": "loopback", "fec0::1": "not public", "5f00::1": "not public", "100::1": "not public",
	} {
		f := &firewall{host: "h"}
		err := f.control(t.Context(), "tcp", net.JoinHostPort(address, "80"), nil)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}

func TestAllowCIDRs(t *testing.T) {
	for _, c := range []struct {
		allowed, address string
		want             bool
	}{
		{"10.20.0.0/16", "10.20.3.4", true},
		{"10.20.0.0/16", "10.21.0.1", false},
		{"10.20.0.0/16", "::ffff:10.20.3.4", true},
		{"10.20.0.0/16", "64:ff9b::a14:304", true},
		{"64:ff9b::/96", "64:ff9b::a14:304", false},
		{"::1/128", "::1", true},
		{"::1/128", "127.0.0.1", false},
		{"169.254.0.0/16", "169.254.169.254", true},
		{"fe80::/10", "fe80::1%eth0", true},
		{"::/0", "2002:7f00:1::", false},
	} {
		allowed, err := parseCIDRs([]string{c.allowed})
		if err != nil {
			t.Fatal(err)
		}
		if err := (&firewall{allowed: allowed}).check(netip.MustParseAddr(c.address)); (err == nil) != c.want {
			t.Errorf("%s with %s allowed: %v", c.address, c.allowed, err)
		}
	}
}

func TestOpenRejectsSettings(t *testing.T) {
	for name, c := range map[string]struct {
		settings settings
		want     string
	}{
		"no scheme":         {settings{"base_url": "desk.example"}, "must be an address"},
		"file":              {settings{"base_url": "file:///etc/passwd"}, "must be an address"},
		"user":              {settings{"base_url": "https://u:hunter2secret@desk.example"}, "user name"},
		"unparsable":        {settings{"base_url": "https://desk.example/hunter2secret%zz"}, "is not an address"},
		"fragment":          {settings{"base_url": "https://desk.example/#hunter2secret"}, "fragment"},
		"dots":              {settings{"base_url": "https://desk.example/a/../hunter2secret"}, "segments"},
		"encoded dots":      {settings{"base_url": "https://desk.example/a/%2e%2e/b"}, "segments"},
		"port":              {settings{"base_url": "https://desk.example:99999"}, "port"},
		"literal":           {settings{"base_url": "http://127.0.0.1"}, "loopback"},
		"unspecified":       {settings{"base_url": "http://0.0.0.0:80/"}, "unspecified"},
		"unspecified IPv6":  {settings{"base_url": "http://[::]/"}, "unspecified"},
		"metadata":          {settings{"base_url": "http://169.254.169.254/latest"}, "link-local"},
		"metadata IPv6":     {settings{"base_url": "http://[fd00:ec2::254]/latest"}, "private"},
		"mapped":            {settings{"base_url": "http://[::ffff:127.0.0.1]/"}, "loopback"},
		"mapped in hex":     {settings{"base_url": "http://[::ffff:7f00:1]/"}, "loopback"},
		"NAT64":             {settings{"base_url": "http://[64:ff9b::169.254.169.254]/"}, "link-local"},
		"zone":              {settings{"base_url": "http://[fe80::1%25eth0]/"}, "zone"},
		"decimal":           {settings{"base_url": "http://2130706433/"}, "four decimal numbers"},
		"hex":               {settings{"base_url": "http://0x7f000001/"}, "four decimal numbers"},
		"hex part":          {settings{"base_url": "http://127.0.0.0x1/"}, "four decimal numbers"},
		"octal":             {settings{"base_url": "http://0177.0.0.1/"}, "four decimal numbers"},
		"octal whole":       {settings{"base_url": "http://017700000001/"}, "four decimal numbers"},
		"short":             {settings{"base_url": "http://127.1/"}, "four decimal numbers"},
		"trailing dot":      {settings{"base_url": "http://127.0.0.1./"}, "loopback"},
		"full-width digits": {settings{"base_url": "http://１２７.0.0.1/"}, "loopback"},
		"circled digits":    {settings{"base_url": "http://①②⑦.0.0.1/"}, ""},
		"no CIDR":           {settings{"base_url": "https://desk.example", "allow_cidrs": []string{"10.0.0.1"}}, "is not a range"},
		"mapped CIDR":       {settings{"base_url": "https://desk.example", "allow_cidrs": []string{"::ffff:10.0.0.0/104"}}, "is not a range"},
		"host header":       {settings{"base_url": "https://desk.example", "headers": settings{"Host": "hunter2secret"}}, "set by the connector"},
		"proxy header":      {settings{"base_url": "https://desk.example", "headers": settings{"Proxy-Authorization": "hunter2secret"}}, "set by the connector"},
		"header injection":  {settings{"base_url": "https://desk.example", "headers": settings{"A": "hunter2secret\r\nB: c"}}, "does not allow"},
		"timeout":           {settings{"base_url": "https://desk.example", "timeout": "1h"}, "from 1ms to 10m"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, c.settings)
			wantError(t, err, sdk.InvalidInput, c.want)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error contains a secret: %v", err)
			}
		})
	}
}

func TestCanonicalOrigin(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTPS://Desk.Example.:443/x": "https://desk.example", "http://desk.example:80": "http://desk.example",
		"https://bücher.example":          "https://xn--bcher-kva.example",
		"http://[2606:4700:0::1111]:8080": "http://[2606:4700::1111]:8080",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, problem := originOf(u); problem != "" || got.String() != want {
			t.Errorf("%s: got %v, %s", raw, got, problem)
		}
	}
}

// resolver returns a resolver with a name server. It responds to each query with the next of
// the addresses, and then repeats the last.
func resolver(t *testing.T, addresses ...string) *net.Resolver {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var asked atomic.Int32
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				i := min(int(asked.Add(1)), len(addresses)) - 1
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(addresses[i]).As4()},
				}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// TestRebinding resolves a name to an allowed address first, and to others later.
func TestRebinding(t *testing.T) {
	s := serve(t, respond(200, "application/json", "{}"))
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		addresses []string
		allowed   string
		want      []bool // whether each request is sent
	}{
		"private name":         {[]string{"127.0.0.1"}, "10.0.0.0/8", []bool{false, false}},
		"metadata":             {[]string{"169.254.169.254"}, "127.0.0.0/8", []bool{false}},
		"unspecified":          {[]string{"0.0.0.0"}, "127.0.0.0/8", []bool{false}},
		"allowed":              {[]string{"127.0.0.1"}, "127.0.0.1/32", []bool{true, true}},
		"rebound to private":   {[]string{"127.0.0.1", "127.0.0.2"}, "127.0.0.1/32", []bool{true, false}},
		"rebound to metadata":  {[]string{"127.0.0.1", "169.254.169.254"}, "127.0.0.1/32", []bool{true, false, false}},
		"rebound and back":     {[]string{"127.0.0.2", "127.0.0.1"}, "127.0.0.1/32", []bool{false, true}},
		"rebound to this host": {[]string{"127.0.0.1", "0.0.0.0"}, "127.0.0.1/32", []bool{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			connector := Connector
			connector.Open = func(_ context.Context, set Settings) (*Client, error) {
				c, err := newClient(set, resolver(t, c.addresses...))
				if err == nil {
					c.transport.Base.DisableKeepAlives = true
				}
				return c, err
			}
			backend, err := connector.Compile()
			if err != nil {
				t.Fatal(err)
			}
			raw := fmt.Sprintf(`{"base_url":"http://rebind.example:%s/hook","allow_cidrs":[%q]}`, port, c.allowed)
			session, err := backend.Open(quiet(t), json.RawMessage(raw))
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			for i, want := range c.want {
				before := len(s.requests())
				_, _, err := call(t, session, "request", `{"method":"POST","json":{}}`)
				if sent := len(s.requests()) > before; sent != want || (err == nil) != want {
					t.Errorf("request %d: sent %t, error %v", i, sent, err)
				}
				if !want {
					wantError(t, err, sdk.Forbidden, "allow_cidrs")
				}
			}
		})
	}
}

func TestProxy(t *testing.T) {
	proxy := serve(t, respond(200, "application/json", `{"by":"proxy"}`))
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "direct.example")
	_, err := open(t, settings{"base_url": "http://desk.example/hook"})
	wantError(t, err, sdk.InvalidInput, "NO_PROXY")
	if _, err := open(t, settings{"base_url": "http://direct.example/hook"}); err != nil {
		t.Error(err)
	}
	session, err := open(t, settings{"base_url": "http://desk.example/hook", "allow_proxy": true})
	if err != nil {
		t.Fatal(err)
	}
	if out, _, err := call(t, session, "request", `{"path":"/a"}`); err != nil || fmt.Sprint(out["body"]) != "map[by:proxy]" {
		t.Errorf("got %v, %v", out, err)
	}
	h, err := session.Check(quiet(t))
	if err != nil || !strings.Contains(strings.Join(h.Notes, " "), "proxy") {
		t.Errorf("got %+v, %v", h, err)
	}
}

// TestCheckObeysTheFirewall checks a name of the machine itself, with its own resolver.
func TestCheckObeysTheFirewall(t *testing.T) {
	s := serve(t, respond(200, "", ""))
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, allowed := range [][]string{{}, loopback} {
		session, err := open(t, settings{"base_url": "http://localhost:" + port + "/hook", "allow_cidrs": allowed})
		if err != nil {
			t.Fatal(err)
		}
		h, err := session.Check(quiet(t))
		if len(allowed) == 0 {
			wantError(t, err, sdk.Forbidden, "loopback")
		} else if err != nil || h.Target != "http://localhost:"+port {
			t.Errorf("got %+v, %v", h, err)
		}
	}
	if all := s.requests(); len(all) != 1 || all[0].method != "HEAD" || all[0].uri != "/" {
		t.Errorf("the server got %+v", all)
	}
}
