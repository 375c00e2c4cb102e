package okta

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"unicode"
)

// saidBy returns Okta's explanation of an error, without the secrets of the login.
func saidBy(body oktaError, mask func(string) string) string {
	texts := body.Causes
	if len(texts) == 0 {
		texts = []string{body.Summary}
	}
	return printable(mask(strings.Join(texts, "; ")), 300)
}

// reason says in our words why host did not answer.
func reason(host string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		return "cannot reach " + host + " through the proxy that the environment names (HTTPS_PROXY): " + printable(innermost(op.Err).Error(), 160)
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "cannot find " + host + ": there is no such host name; is the org URL right?"
	case errors.As(err, &dns):
		return "cannot find " + host + ": no name service answers; is this machine on the network?"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot reach " + host + ": there is no way to it; is this machine on the network?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "cannot reach " + host + ": the connection was refused"
	case errors.Is(err, errHangUp), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return host + " hung up before the end of its answer"
	case isTLS(err):
		return "cannot trust " + host + ": " + printable(innermost(err).Error(), 160) + remedyTLS(err)
	case errors.As(err, &op) && op.Op == "dial":
		return "cannot reach " + host
	default:
		return "the exchange with " + host + " failed half-way: " + printable(innermost(err).Error(), 160)
	}
}

// proxyRefusal is a proxy's answer other than that the way is open: net/http gives it
// the look of one of Okta's.
func proxyRefusal(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(r.Status)}
}

// neverLeft reports whether err came before a connection stood, and with it before
// anything was sent.
func neverLeft(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &untrusted)
}

// printable makes a text of Okta's, or of whoever answered in its place, fit to be
// shown on one line.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strings.TrimSpace(s)
}
