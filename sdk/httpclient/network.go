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

// Reason says why host sent no response.
func Reason(host string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		return "cannot reach " + host + " through the proxy that the environment names (HTTPS_PROXY): " + Printable(innermost(op.Err).Error(), 160)
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "cannot find " + host + ": there is no such host name; is the address right?"
	case errors.As(err, &dns):
		return "cannot find " + host + ": no name service answers; is this machine on the network?"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot reach " + host + ": there is no route to it; is this machine on the network?"
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

// proxyRejection returns the error of a proxy that opens no connection. net/http would
// make its response look like the service's.
func proxyRejection(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(r.Status)}
}

// NeverSent reports whether err came before there was a connection, and so before
// anything was sent.
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

// remedyTLS returns the most frequent remedy, as the end of a sentence.
func remedyTLS(err error) string {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &name):
		return "; is the address right, or does this network require a sign-in first?"
	case errors.As(err, &authority):
		return "; if a proxy inspects the traffic on purpose, set SSL_CERT_FILE to its certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "; is this machine's clock right?"
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

// maskEOF keeps the text of an error and drops io.EOF from its chain. Some clients of
// vendors repeat a request that ends in io.EOF without a pause or a limit, a POST too.
func maskEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w (%s)", errHangUp, err)
	}
	return err
}

var errHangUp = errors.New("the connection was closed before the end of the response")
