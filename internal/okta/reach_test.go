package okta

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// wantUnreached runs a write that cannot be sent, and checks its error.
func wantUnreached(t *testing.T, c *Client, words ...string) {
	t.Helper()
	c.Guard.AllowUnknownAdmins = true
	_, err := c.sendJSON(t.Context(), http.MethodPost, "/api/v1/groups", nil, map[string]any{})
	e := wantCode(t, err, sdk.Unavailable)
	for _, word := range words {
		if !strings.Contains(e.Message, word) {
			t.Errorf("%q lacks %q", e.Message, word)
		}
	}
	if strings.Contains(e.Message, "not known") {
		t.Errorf("the result of an unsent write is unknown: %s", e.Message)
	}
}

func TestProxyErrorNamesProxy(t *testing.T) {
	c := open(t, "https://acme.okta.example")
	proxy, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c.transport.Base.Proxy = func(*http.Request) (*url.URL, error) { return proxy, nil }
	wantUnreached(t, c, "acme.okta.example through the proxy", "connection refused")

	strict := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer strict.Close()
	if proxy, err = url.Parse(strict.URL); err != nil {
		t.Fatal(err)
	}
	wantUnreached(t, c, "acme.okta.example through the proxy", "407 Proxy Authentication Required")
}

func TestUnreachableOrg(t *testing.T) {
	wantUnreached(t, open(t, "http://127.0.0.1:1"), "the connection was refused")
}

// tlsServer serves TLS with a certificate that is valid until a time. It returns the pool that trusts the
// certificate.
func tlsServer(t *testing.T, until time.Time) (address string, trust *x509.CertPool) {
	t.Helper()
	key := ecKey(elliptic.P256())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "org"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AddCert(cert)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, trust
}

func TestCertificates(t *testing.T) {
	address, _ := tlsServer(t, time.Now().Add(time.Hour))
	wantUnreached(t, open(t, address), "cannot trust 127.0.0.1", "SSL_CERT_FILE")

	wantUnreached(t, open(t, strings.Replace(address, "127.0.0.1", "localhost", 1)), "cannot trust localhost", "whether this network requires a sign-in")

	address, trust := tlsServer(t, time.Now().Add(-time.Hour))
	c := open(t, address)
	c.transport.Base.TLSClientConfig = &tls.Config{RootCAs: trust}
	wantUnreached(t, c, "cannot trust 127.0.0.1", "expired", "Check the clock of this machine")
}

// TestRedirectIsReported checks a network that requires a sign-in. It redirects every other request to its sign-in
// page.
func TestRedirectIsReported(t *testing.T) {
	for _, path := range []string{auth.TokenPath, "/api/v1/users/**"} {
		o := asApp{}.open(t)
		o.org.Fault(oktasim.Fault{Path: path, Status: 302, Headers: map[string]string{"Location": "https://wifi.hotel.example/welcome?token=x"}})
		e := wantCode(t, o.read(t), sdk.Unavailable)
		if !strings.Contains(e.Message, "a redirect to wifi.hotel.example, which was not followed") ||
			strings.HasPrefix(e.Message, "cannot get an access token: ") != (path == auth.TokenPath) {
			t.Errorf("%s: got %s", path, e.Message)
		}
	}
}

// TestSignInPageInsteadOfToken checks that the error reports a sign-in page at the token endpoint, as at the
// API.
func TestSignInPageInsteadOfToken(t *testing.T) {
	o := asApp{}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Kind: oktasim.KindHTML, Status: 200})
	e := wantCode(t, o.read(t), sdk.Unavailable)
	if !strings.Contains(e.Message, "sign-in page") || !strings.HasPrefix(e.Message, "cannot get an access token: ") {
		t.Errorf("got %s", e.Message)
	}
}
