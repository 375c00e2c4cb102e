package okta

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

func isTLS(err error) bool {
	var (
		record    tls.RecordHeaderError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
	)
	return errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &name)
}

// remedyTLS is what helps most often, as the end of a sentence.
func remedyTLS(err error) string {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &name):
		return "; is the org URL right, or does this network want a sign-in first?"
	case errors.As(err, &authority):
		return "; if a proxy reads along by intent, let SSL_CERT_FILE name its certificate"
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
