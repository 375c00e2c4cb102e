package actions

import (
	"net/netip"
	"testing"

	"soar.example/okta/internal/okta"
)

func TestSpanOf(t *testing.T) {
	for value, want := range map[string]string{
		"192.0.2.7": "192.0.2.7-192.0.2.7", "192.0.2.7/32": "192.0.2.7-192.0.2.7", "192.0.2.7/24": "192.0.2.0-192.0.2.255",
		"192.0.2.1-192.0.2.9": "192.0.2.1-192.0.2.9", " 192.0.2.1 - 192.0.2.9 ": "192.0.2.1-192.0.2.9", "::ffff:192.0.2.0/120": "192.0.2.0-192.0.2.255",
		"2001:db8::/126": "2001:db8::-2001:db8::3", "0.0.0.0/0": "0.0.0.0-255.255.255.255", "10.0.0.0/9": "10.0.0.0-10.127.255.255",
		"192.0.2.9-192.0.2.1": "", "192.0.2.1-2001:db8::1": "", "nonsense": "", "": "", "-": "", "1.2.3.4/40": "",
	} {
		s, ok := spanOf(okta.Gateway{Value: value})
		got := ""
		if ok {
			got = s.from.String() + "-" + s.to.String()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// Each accepted address can be blocked, counts as blocked by its own entry, and can be
// unblocked.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"203.0.113.7", "203.0.113.0/24", "2001:db8::/48", "::ffff:1.2.3.4", "::ffff:1.2.3.0/120", "0.0.0.0/0", "::/0",
		"fe80::1%a", "1.2.3.4/33", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseAddresses("/address", s)
		if err != nil || checkBlockable("/address", p) != nil {
			return
		}
		if p.Addr().Is4() && p.Bits() < widest4 || p.Addr().Is6() && (p.Bits() < widest6 || p.Overlaps(mapped)) || p.Masked() != p {
			t.Fatalf("%q was let through as %s", s, p)
		}
		if again, err := parseAddresses("/address", p.String()); err != nil || again != p {
			t.Fatalf("%q became %s, which is read as %s, %v", s, p, again, err)
		}
		other := okta.Gateway{Type: okta.GatewayCIDR, Value: "198.18.0.0/31"}
		z := &okta.Zone{Gateways: block(p).edit([]okta.Gateway{other})}
		if state := blockState(z, p); !state.Blocked || state.Size != 2 {
			t.Fatalf("%s is not blocked by its own entry: %+v", p, state)
		}
		if left := without(z.Gateways, p); p != netip.MustParsePrefix(other.Value) && len(left) != 1 {
			t.Fatalf("%s does not come off: %+v", p, left)
		}
	})
}
