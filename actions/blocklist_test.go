package actions_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

type blocked struct {
	Outcome       sdk.Outcome
	Reason        string
	Address       string
	OwnAddress    string     `json:"own_address"`
	ExpiresAt     *time.Time `json:"expires_at"`
	Warnings      []string
	Before, After struct {
		Blocked bool
		Entries []string
		Size    int `json:"zone_entries"`
	}
}

func (b *bench) zone(name string) oktasim.ZoneState {
	b.t.Helper()
	for _, z := range b.State().Zones {
		if z.Name == name {
			return z
		}
	}
	b.t.Fatalf("no zone %s", name)
	return oktasim.ZoneState{}
}

func TestBlockAndUnblock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST", Gateways: []string{"198.51.100.0/24", "192.0.2.1-192.0.2.9", "2001:db8:1::/48"}})
	for _, test := range []struct {
		action, address string
		want            sdk.Outcome
		blocked         bool
		size            int
	}{
		{"block_ip", "203.0.113.7", sdk.Changed, true, 4},
		{"block_ip", "203.0.113.7/32", sdk.Unchanged, true, 4},
		{"block_ip", "::ffff:203.0.113.7", sdk.Unchanged, true, 4},
		{"block_ip", "198.51.100.77", sdk.Unchanged, true, 4},
		{"block_ip", "198.51.100.0/25", sdk.Unchanged, true, 4},
		{"block_ip", "198.51.0.0/16", sdk.Changed, true, 5},
		{"block_ip", "192.0.2.4/30", sdk.Unchanged, true, 5},
		{"block_ip", "192.0.2.8/30", sdk.Changed, true, 6},
		{"block_ip", "2001:DB8:1:0:0::5", sdk.Unchanged, true, 6},
		{"block_ip", "2001:db8:2::5", sdk.Changed, true, 7},
		{"unblock_ip", "203.0.113.7", sdk.Changed, false, 6},
		{"unblock_ip", "203.0.113.7", sdk.Unchanged, false, 6},
		{"unblock_ip", "198.51.100.77", sdk.NotApplicable, true, 6},
		{"unblock_ip", "198.51.100.0/24", sdk.NotApplicable, true, 5},
		{"unblock_ip", "198.51.0.0/16", sdk.Changed, false, 4},
		{"unblock_ip", "192.0.2.1", sdk.NotApplicable, true, 4},
		{"unblock_ip", "2001:db8:2::5", sdk.Changed, false, 3},
	} {
		got := do[blocked](b, test.action, `{"address":%q,"zone":"Incidents"}`, test.address)
		if got.Outcome != test.want || got.After.Blocked != test.blocked || got.After.Size != test.size || (got.Reason != "") != (test.want == sdk.NotApplicable) {
			t.Errorf("%s %s: got %+v", test.action, test.address, got)
		}
	}
	want := []string{"192.0.2.1-192.0.2.9", "2001:db8:1::/48", "192.0.2.8/30"}
	if got := b.zone("Incidents").Gateways; !slices.Equal(got, want) {
		t.Errorf("left are %v", got)
	}
}

// TestUnblockRangeWithManyEntries checks that the reason names only a few entries.
func TestUnblockRangeWithManyEntries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	entries := make([]string, 9)
	for i := range entries {
		entries[i] = fmt.Sprintf("10.0.%d.0/24", i)
	}
	b.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST", Gateways: entries})
	got := do[blocked](b, "unblock_ip", `{"address":"10.0.0.0/8","zone":"Incidents"}`)
	if got.Outcome != sdk.NotApplicable || !strings.Contains(got.Reason, "10.0.4.0/24 and 4 more still block") || len(got.After.Entries) != 9 {
		t.Errorf("got %+v", got)
	}
}

func TestBlockRejectsInvalidInput(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddZone(oktasim.NewZone{Name: "Office", Gateways: []string{"198.51.100.0/24"}})
	b.AddZone(oktasim.NewZone{Name: "Asleep", Usage: "BLOCKLIST", Status: "INACTIVE"})
	full := make([]string, 1000)
	for i := range full {
		full[i] = fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)
	}
	b.AddZone(oktasim.NewZone{Name: "Full", Usage: "BLOCKLIST", Gateways: full})
	for _, address := range []string{
		"0.0.0.0/0", "::/0", "0.0.0.0", "::", "64.0.0.0/7", "128.0.0.0/1", "2000::/3", "2001::/15", "::ffff:0:0/95", "::/80", "224.0.0.1", "ff02::1",
		"1.2.3", "1.2.3.4.5", "1.2.3.04", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8", "fe80::1%eth0", "example.com", "1.2.3.4,5.6.7.8", "1.2.3.4-1.2.3.9", " ", `\u0000.`,
	} {
		_, err := try[blocked](b, "block_ip", "%s", `{"address":"`+address+`"}`)
		if e := b.wantCode(err, sdk.InvalidInput); len(e.Violations) == 0 || e.Violations[0].Pointer != "/address" {
			t.Errorf("%s: got %v", address, e)
		}
	}
	for input, code := range map[string]sdk.Code{
		`{"address":"203.0.113.7","zone":"Office"}`:                                sdk.InvalidInput,
		`{"address":"203.0.113.7","zone":"DefaultEnhancedDynamicZone"}`:            sdk.InvalidInput,
		`{"address":"203.0.113.7","zone":"No Such"}`:                               sdk.NotFound,
		`{"address":"203.0.113.0/24","protect":["2001:db8::1","203.0.113.9"]}`:     sdk.InvalidInput,
		`{"address":"203.0.113.7","protect":["nonsense"]}`:                         sdk.InvalidInput,
		`{"address":"203.0.113.7","for":"1h","expires_at":"2999-01-01T00:00:00Z"}`: sdk.InvalidInput,
		`{"address":"203.0.113.7","expires_at":"2001-01-01T00:00:00Z"}`:            sdk.InvalidInput,
		`{"address":"203.0.113.7","for":"a while"}`:                                sdk.InvalidInput,
		`{"address":"203.0.113.7","for":"0s"}`:                                     sdk.InvalidInput,
		`{"address":"203.0.113.7","protect":["203.0.0.0/16"]}`:                     sdk.InvalidInput,
	} {
		_, err := try[blocked](b, "block_ip", "%s", input)
		b.wantCode(err, code)
	}
	for _, zone := range []string{"Full", "Asleep"} {
		if got := do[blocked](b, "block_ip", `{"address":"203.0.113.7","zone":%q}`, zone); got.Outcome != sdk.NotApplicable || got.After.Blocked || got.Reason == "" {
			t.Errorf("%s: got %+v", zone, got)
		}
	}
	if got := do[blocked](b, "block_ip", `{"address":"10.0.0.1","zone":"Full"}`); got.Outcome != sdk.Unchanged || len(got.Warnings) == 0 {
		t.Errorf("got %+v", got)
	}
	if w := b.writes(); len(w) != 0 {
		t.Errorf("sent %v", w)
	}
}

// TestUndoOfBlock checks that an undo removes the added entry. If a wider entry already
// blocks the address, the undo removes that entry at the end of the block.
func TestUndoOfBlock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST", Gateways: []string{"198.51.100.9/24", "192.0.2.1-192.0.2.9"}})
	id := b.zone("Incidents").ID
	type undone struct {
		Outcome sdk.Outcome
		Undo    []sdk.Undo
	}
	for _, test := range []struct {
		input, address string
		ends           bool
	}{
		{`{"address":"203.0.113.7","zone":"Incidents","for":"1h"}`, "203.0.113.7/32", true},
		{`{"address":"203.0.113.7/32","zone":"Incidents","for":"2h"}`, "203.0.113.7/32", true},
		{`{"address":"::ffff:203.0.113.7","zone":"Incidents"}`, "203.0.113.7/32", false},
		{`{"address":"198.51.100.77","zone":"Incidents","for":"1h"}`, "198.51.100.0/24", true},
		{`{"address":"192.0.2.4","zone":"Incidents","for":"1h"}`, "", false},
		{`{"address":"203.0.113.8","zone":"Incidents","for":"1h","dry_run":true}`, "203.0.113.8/32", true},
		{`{"address":"198.51.0.0/16","zone":"Incidents","expires_at":"2999-01-01T00:00:00Z"}`, "198.51.0.0/16", true},
		{`{"address":"198.51.100.0/24","zone":"Incidents"}`, "198.51.100.0/24", false},
	} {
		got := do[undone](b, "block_ip", "%s", test.input)
		if test.address == "" {
			if got.Undo != nil {
				t.Errorf("%s: got %+v", test.input, got.Undo)
			}
			continue
		}
		want := fmt.Sprintf(`{"address":%q,"zone":%q,"only_entry":true}`, test.address, id)
		if len(got.Undo) != 1 {
			t.Errorf("%s: got %+v", test.input, got.Undo)
			continue
		}
		if u := got.Undo[0]; u.Subject != id+" "+test.address || u.Action != "unblock_ip" || string(u.Input) != want || (u.At != nil) != test.ends {
			t.Errorf("%s: got %+v", test.input, u)
		}
	}
	// The undo of the /24 removes its own entry. The /16 still blocks the addresses.
	for _, test := range []struct {
		input string
		want  sdk.Outcome
	}{
		{`"only_entry":true`, sdk.Changed}, {`"only_entry":true`, sdk.Unchanged}, {`"only_entry":false`, sdk.NotApplicable},
	} {
		if got := do[undone](b, "unblock_ip", `{"address":"198.51.100.0/24","zone":"Incidents",%s}`, test.input); got.Outcome != test.want {
			t.Errorf("%s: got %s", test.input, got.Outcome)
		}
	}
}

// TestBlockOfOwnAddress checks that a block of the connection's own address is rejected.
func TestBlockOfOwnAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := do[blocked](b, "block_ip", `{"address":"203.0.113.7","for":"1h"}`); got.OwnAddress != "" || len(got.Warnings) != 1 ||
		got.ExpiresAt == nil || !got.ExpiresAt.After(time.Now()) {
		t.Errorf("before there was anything to know it by: %+v", got)
	}
	if got := do[blocked](b, "block_ip", `{"address":"203.0.113.8"}`); got.OwnAddress != "127.0.0.1" || len(got.Warnings) != 0 || got.ExpiresAt != nil {
		t.Errorf("afterwards: %+v", got)
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1"} {
		_, err := try[blocked](b, "block_ip", `{"address":%q}`, address)
		if e := b.wantCode(err, sdk.InvalidInput); !strings.Contains(e.Error(), "127.0.0.1") {
			t.Errorf("got %v", e)
		}
	}
	b.Fault(oktasim.Fault{Path: "/api/v1/logs", Status: 403, ErrorCode: "E0000006"})
	if got := do[blocked](b, "block_ip", `{"address":"203.0.113.9"}`); got.Outcome != sdk.Changed || len(got.Warnings) != 1 {
		t.Errorf("without leave to read the log: %+v", got)
	}
}

// TestConcurrentBlocks checks that concurrent writes keep the entries of each other,
// although Okta replaces a zone as a whole.
func TestConcurrentBlocks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST"})
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			if _, err := try[blocked](b, "block_ip", `{"address":"203.0.113.%d","zone":"Incidents"}`, i); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := b.zone("Incidents").Gateways; len(got) != 12 {
		t.Errorf("the zone has %v", got)
	}
}

// TestBlockRepeatsLostChange checks that a block is repeated on top of the write of another
// client that removed it.
func TestBlockRepeatsLostChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Fault(oktasim.Fault{Method: "PUT", Path: "/api/v1/zones/*", Status: 200, Body: `{"id":"nzo00000000000000001"}`, Times: 2})
	if got := do[blocked](b, "block_ip", `{"address":"203.0.113.7"}`); got.Outcome != sdk.Changed || got.Before.Blocked || !got.After.Blocked {
		t.Errorf("got %+v", got)
	}
	b.Fault(oktasim.Fault{Method: "PUT", Path: "/api/v1/zones/*", Status: 200, Body: `{"id":"nzo00000000000000001"}`})
	_, err := try[blocked](b, "block_ip", `{"address":"203.0.113.8"}`)
	b.wantCode(err, sdk.Conflict)
	if n := len(b.writes()); n != 6 {
		t.Errorf("sent %d writes", n)
	}
}

// TestBlockKeepsOtherZoneMembers checks that a write returns all members of the zone to Okta.
func TestBlockKeepsOtherZoneMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddZone(oktasim.NewZone{Name: "Incidents", Usage: "BLOCKLIST", Gateways: []string{"192.0.2.1-192.0.2.9"}})
	do[blocked](b, "block_ip", `{"address":"203.0.113.7","zone":"Incidents"}`)
	for _, r := range b.Requests() {
		if r.Method != "PUT" {
			continue
		}
		for _, want := range []string{`"name":"Incidents"`, `"usage":"BLOCKLIST"`, `"type":"IP"`, `"status":"ACTIVE"`,
			`{"type":"RANGE","value":"192.0.2.1-192.0.2.9"}`, `{"type":"CIDR","value":"203.0.113.7/32"}`} {
			if !strings.Contains(r.Body, want) {
				t.Errorf("%s is not in %s", want, r.Body)
			}
		}
		for _, not := range []string{"_links", "created", "lastUpdated", "system", `"id"`, "null"} {
			if strings.Contains(r.Body, not) {
				t.Errorf("%s is in %s", not, r.Body)
			}
		}
	}
	list := do[struct {
		Count int
		Zones []struct {
			Name      string
			Addresses []string
		}
	}](b, "list_network_zones", `{"usage":"BLOCKLIST"}`)
	if list.Count != 3 || !slices.ContainsFunc(list.Zones, func(z struct {
		Name      string
		Addresses []string
	}) bool {
		return z.Name == "Incidents" && slices.Contains(z.Addresses, netip.MustParsePrefix("203.0.113.7/32").String())
	}) {
		t.Errorf("got %+v", list)
	}
}
