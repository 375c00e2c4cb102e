//go:build unix

package plugin_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// TestHostInAnotherLanguage checks docs/extending/host.md with a host that uses gRPC without
// go-plugin. The host performs the handshake with the values of the page, in plaintext and with
// TLS, calls the plugin, and ends it.
func TestHostInAnotherLanguage(t *testing.T) {
	page, err := os.ReadFile("../docs/extending/host.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("```sh\n(SOAR_[A-Z_]+=\\S+) \\./soar-plugin-okta\n```").FindSubmatch(page)
	if shown == nil {
		t.Fatal("the page does not show how to start the plugin")
	}
	for _, name := range []string{plugin.EnvHostPID, plugin.EnvLogLevel, "PLUGIN_CLIENT_CERT", "localhost", "/plugin.GRPCController/Shutdown"} {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the page does not explain %s", name)
		}
	}
	for name, withTLS := range map[string]bool{"plaintext": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			cmd, _ := command(t, string(shown[1]))
			security := insecure.NewCredentials()
			var certificate tls.Certificate
			if withTLS {
				var text string
				certificate, text = clientCertificate(t)
				cmd.Env = append(cmd.Env, "PLUGIN_CLIENT_CERT="+text)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			line, err := bufio.NewReader(stdout).ReadString('\n')
			fields := strings.Split(strings.TrimSpace(line), "|")
			if err != nil || len(fields) != 6 || strings.Join(fields[:3], "|") != "1|1|unix" || fields[4] != "grpc" || withTLS == (fields[5] == "") {
				t.Fatalf("the handshake line is %q, %v", line, err)
			}
			if withTLS {
				security = trusting(t, fields[5], certificate)
			}
			conn, err := grpc.NewClient("unix:"+fields[3], grpc.WithTransportCredentials(security))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client := pb.NewConnectorClient(conn)
			offer, err := client.Manifest(t.Context(), &pb.ManifestRequest{})
			if err != nil || !strings.Contains(string(offer.GetManifest()), `"schema_version"`) {
				t.Errorf("Manifest: %v, %v", offer, err)
			}
			opened, err := client.Open(t.Context(), &pb.OpenRequest{Settings: []byte(`{"org":5}`)})
			if err != nil || opened.GetError().GetCode() != string(sdk.InvalidInput) {
				t.Errorf("Open with a wrong setting: %v, %v", opened, err)
			}
			if withTLS { // a client without the host's key is rejected
				other, err := grpc.NewClient("unix:"+fields[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
				if _, err := pb.NewConnectorClient(other).Manifest(t.Context(), &pb.ManifestRequest{}); err == nil {
					t.Error("a client without a certificate was accepted")
				}
			}
			_ = conn.Invoke(t.Context(), "/plugin.GRPCController/Shutdown", &pb.ManifestRequest{}, &pb.ManifestResponse{})
			ends(t, cmd, 20*time.Second)
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.ExitStatus() != 0 {
				t.Errorf("the plugin ended with %s", cmd.ProcessState)
			}
		})
	}
}

// clientCertificate creates the certificate of a host, and returns it also as PEM.
func clientCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// trusting returns credentials that trust only the certificate in a handshake line.
func trusting(t *testing.T, field string, own tls.Certificate) credentials.TransportCredentials {
	t.Helper()
	der, err := base64.RawStdEncoding.DecodeString(field)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{own}, RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12})
}
