package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// Reason returns the reason why there is no response from host.
func Reason(host string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		return "cannot reach " + host + " through the proxy in the environment variable HTTPS_PROXY: " + Printable(innermost(op.Err).Error(), 160)
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "cannot find " + host + ": the host name does not exist. Check the address"
	case errors.As(err, &dns):
		return "cannot find " + host + ": no DNS server responds. Check the network connection of this machine"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot reach " + host + ": there is no route to the host. Check the network connection of this machine"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot reach " + host + ": the connection was refused"
	case errors.Is(err, errHangUp), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return host + " closed the connection before the end of its response"
	case isTLS(err):
		return "cannot trust " + host + ": " + Printable(innermost(err).Error(), 160) + remedyTLS(err)
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot reach " + host
	default:
		return "the connection to " + host + " failed: " + Printable(innermost(err).Error(), 160)
	}
}

// proxyRejection returns the error of a proxy that rejects a connection. Without it, net/http
// would return the proxy's response as the response of the service.
func proxyRejection(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(r.Status)}
}

// NeverSent reports whether err occurred before there was a connection, so that no request was
// sent.
func NeverSent(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &untrusted)
}

func isTLS(err error) bool {
	var (
		record    tls.RecordHeaderError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
	)
	return errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &name)
}

// remedyTLS returns the most likely remedy as a further sentence, or "" if none is known.
func remedyTLS(err error) string {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &name):
		return ". Check the address, and whether this network requires a sign-in"
	case errors.As(err, &authority):
		return ". If a proxy inspects the traffic, set SSL_CERT_FILE to its CA certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return ". Check the clock of this machine"
	}
	return ""
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// maskEOF keeps the text of an error and removes io.EOF from its chain. Some vendors' clients
// repeat a request that ends in io.EOF without a pause or a limit, even a POST.
func maskEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w (%s)", errHangUp, err)
	}
	return err
}

var errHangUp = errors.New("the connection was closed before the end of the response")
