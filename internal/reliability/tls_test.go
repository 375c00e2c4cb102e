//go:build linux

package reliability

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// badCertificate replaces the org's certificate by an untrusted one, and restores it.
func badCertificate(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	good, trusted := certificate(t)
	bad, _ := certificate(t)
	var now atomic.Pointer[tls.Certificate]
	now.Store(good)
	server := httptest.NewUnstartedServer(s)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*now.Load()}}, nil
	}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.SetKeepAlivesEnabled(false) // each request needs a new handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	s.write("ca.pem", string(trusted))
	s.url, s.env = server.URL, []string{"SSL_CERT_FILE=" + filepath.Join(s.dir, "ca.pem")}
	s.deny(3)
	w := s.watch()
	s.waitForRuns(w, 3)
	now.Store(bad)
	before := len(s.requestsTo(logPath))
	s.deny(3)
	w.waitForLines(2, "poll_failed")
	if n := len(s.requestsTo(logPath)) - before; n > 1 { // one request may have been open
		t.Errorf("%d requests were sent", n)
	}
	now.Store(good)
	return "nothing is sent; then " + s.settle(w)
}

func certificate(t *testing.T) (*tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}
