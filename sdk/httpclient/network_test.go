package httpclient

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestReasons(t *testing.T) {
	for want, err := range map[string]error{
		"the host name does not exist":  &net.DNSError{IsNotFound: true},
		"no DNS server responds":        &net.DNSError{IsTimeout: true},
		"there is no route to the host": &net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		"failed: odd":                   errors.New("odd"),
		"closed the connection before":  &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"cannot reach acme.okta.com":    &net.OpError{Op: "dial", Err: errors.New("odd")},
		"through the proxy in the env":  &net.OpError{Op: "proxyconnect", Err: &net.DNSError{IsNotFound: true}},
	} {
		if got := Reason("acme.okta.com", err); !strings.Contains(got, want) {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
