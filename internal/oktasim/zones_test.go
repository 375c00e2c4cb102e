package oktasim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

// zoneNamed finds a zone of the org.
func (c *caller) zoneNamed(name string) oktasim.ZoneState {
	c.t.Helper()
	for _, z := range c.org.State().Zones {
		if z.Name == name {
			return z
		}
	}
	c.t.Fatalf("no zone %s", name)
	return oktasim.ZoneState{}
}

func TestSystemZones(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	all := c.want("GET", "/api/v1/zones", "", 200, "").list(t)
	if d := cmp.Diff([]string{"LegacyIpZone", "BlockedIpZone", "DefaultEnhancedDynamicZone"}, column(all, "name")); d != "" {
		t.Error(d)
	}
	for query, want := range map[string]int{
		`filter=usage eq "BLOCKLIST"`: 2, `filter=system eq true`: 3, `filter=system eq false`: 0,
		`filter=(id eq "x" or id eq "` + all[0]["id"].(string) + `")`: 1, "limit=-1": 3, "limit=2": 2,
	} {
		if got := c.want("GET", "/api/v1/zones?"+escape(query), "", 200, "").list(t); len(got) != want {
			t.Errorf("%s: %d zones", query, len(got))
		}
	}
	_, next := c.get("/api/v1/zones?limit=2").links(t)
	if got := c.want("GET", next, "", 200, "").list(t); len(got) != 1 {
		t.Errorf("second page: %v", got)
	}
	c.want("GET", "/api/v1/zones?"+escape(`filter=name eq "x"`), "", 400, "E0000031")
	c.want("GET", "/api/v1/zones?"+escape(`filter=usage`), "", 400, "E0000053")
	for _, z := range all {
		c.want("DELETE", "/api/v1/zones/"+z["id"].(string), "", 403, "E0000006")
	}
	c.want("GET", "/api/v1/zones/nzonone", "", 404, "E0000007")
}

func TestReplaceZone(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	blocked := "/api/v1/zones/" + c.zoneNamed(oktasim.ZoneBlocked).ID
	body := `{"type":"IP","name":"BlockedIpZone","usage":"BLOCKLIST",` +
		`"gateways":[{"type":"CIDR","value":"192.0.2.1/32"},{"type":"RANGE","value":"2001:db8::1-2001:db8::9"}]}`
	c.want("PUT", blocked, body, 200, "")
	if got := c.zoneNamed("BlockedIpZone"); len(got.Gateways) != 2 || got.Status != "ACTIVE" || got.Usage != "BLOCKLIST" {
		t.Errorf("%+v", got)
	}
	// The zone loses the members that the body omits.
	c.want("PUT", blocked, `{"type":"IP","name":"BlockedIpZone","usage":"BLOCKLIST"}`, 200, "")
	if got := c.zoneNamed("BlockedIpZone"); len(got.Gateways) != 0 {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff([]string{"zone.update", "zone.update"}, c.logged()); d != "" {
		t.Error(d)
	}
	first := c.get("/api/v1/logs").list(t)[0]
	data := first["debugContext"].(map[string]any)["debugData"].(map[string]any)["zoneData"].(map[string]any)
	if len(data["gateways"].([]any)) != 2 || data["proxies"] == nil {
		t.Errorf("zoneData %v", data)
	}
}

func TestZoneErrors(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	before := c.org.State()
	blocked := c.zoneNamed(oktasim.ZoneBlocked).ID
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"type":"CIDR","value":"10.0.%d.%d"}`, i/256, i%256)
		}
		return "[" + b.String()[1:] + "]"
	}
	for _, tc := range []struct{ method, path, body, cause string }{
		{"POST", "", `{"type":"IP","name":"Z","gateways":[{"type":"CIDR","value":"300.1.2.3/24"}]}`, "gateways: The IP 300.1.2.3/24 is invalid"},
		{"POST", "", `{"type":"IP","name":"Z","gateways":[{"type":"CIDR","value":"1.2.3.4/33"}]}`, "gateways: The IP 1.2.3.4/33 is invalid"},
		{"POST", "", `{"type":"IP","name":"Z","gateways":[{"type":"RANGE","value":"1.2.3.9-1.2.3.4"}]}`, "gateways: The IP 1.2.3.9-1.2.3.4 is invalid"},
		{"POST", "", `{"type":"IP","name":"Z","gateways":[{"type":"IP","value":"1.2.3.4"}]}`, "gateways: The type IP must be CIDR or RANGE"},
		{"POST", "", `{"type":"IP","name":"Z","proxies":[{"type":"CIDR","value":"::g"}]}`, "proxies: The IP ::g is invalid"},
		{"POST", "", `{"type":"IP","name":"Z","gateways":` + many(151) + `}`, "gateways: The list holds 151"},
		{"POST", "", `{"type":"IP","name":"Z","usage":"BLOCKLIST","gateways":` + many(1001) + `}`, "gateways: The list holds 1001"},
		{"PUT", "/" + blocked, `{"type":"IP","name":"BlockedIpZone","usage":"BLOCKLIST","gateways":` + many(1001) + `}`, "gateways: The list holds 1001"},
		{"PUT", "/" + blocked, `{"type":"DYNAMIC","name":"BlockedIpZone","usage":"BLOCKLIST"}`, "type: The type of a zone cannot be changed"},
		{"POST", "", `{"type":"IP","name":"blockedipzone"}`, "name: An object with this field already exists"},
		{"POST", "", `{"type":"IP","name":" "}`, "name: The field cannot be left blank"},
		{"POST", "", `{"name":"Z"}`, "type: The value must be one of"},
		{"POST", "", `{"type":"IP","name":"Z","usage":"OTHER"}`, "usage: The value must be one of"},
		{"POST", "", `{"type":"IP","name":"Z","status":"OTHER"}`, "status: The value must be one of"},
	} {
		a := c.want(tc.method, "/api/v1/zones"+tc.path, tc.body, 400, "E0000001")
		if !strings.Contains(a.body, `{"errorSummary":"`+tc.cause) {
			t.Errorf("%.80s: %s", tc.body, a.body)
		}
	}
	c.want("POST", "/api/v1/zones", `[]`, 400, "E0000003")
	if d := cmp.Diff(before.Zones, c.org.State().Zones); d != "" {
		t.Error(d)
	}
	c.want("PUT", "/api/v1/zones/"+blocked, `{"type":"IP","name":"BlockedIpZone","usage":"BLOCKLIST","gateways":`+many(1000)+`}`, 200, "")
	legacy := c.zoneNamed(oktasim.ZoneLegacy).ID
	c.want("PUT", "/api/v1/zones/"+legacy, `{"type":"IP","name":"LegacyIpZone","gateways":`+many(1001)+`}`, 200, "")
}

func TestZoneLifecycle(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	id := c.want("POST", "/api/v1/zones", `{"type":"IP","name":"Z","gateways":[{"type":"CIDR","value":"192.0.2.0/24"}]}`, 200, "").object(t)["id"].(string)
	path := "/api/v1/zones/" + id
	c.want("DELETE", path, "", 400, "E0000001")
	for range 2 {
		if got := c.want("POST", path+"/lifecycle/deactivate", "", 200, "").object(t)["status"]; got != "INACTIVE" {
			t.Error(got)
		}
	}
	c.want("POST", path+"/lifecycle/activate", "", 200, "")
	c.want("POST", path+"/lifecycle/deactivate", "", 200, "")
	c.want("DELETE", path, "", 204, "")
	c.want("DELETE", path, "", 404, "E0000007")
	want := []string{"zone.create", "zone.deactivate", "zone.activate", "zone.deactivate", "zone.delete"}
	if d := cmp.Diff(want, c.logged()); d != "" {
		t.Error(d)
	}
}

// TestNewZoneIsActive sends a status when it creates a zone. Okta responds with 200 and creates an active zone. A
// replacement uses the status.
func TestNewZoneIsActive(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"type":"IP","name":"Z"}`,
		`{"type":"IP","name":"Z","status":"ACTIVE"}`,
		`{"type":"IP","name":"Z","status":"INACTIVE"}`,
		`{"type":"IP","name":"Z","status":"INACTIVE","usage":"BLOCKLIST"}`,
		`{"type":"DYNAMIC","name":"Z","status":"INACTIVE","locations":[{"country":"FR"}]}`,
		`{"type":"DYNAMIC_V2","name":"Z","status":"INACTIVE"}`,
	} {
		c, _ := start(t)
		made := c.want("POST", "/api/v1/zones", body, 200, "").object(t)
		path := "/api/v1/zones/" + made["id"].(string)
		if read := c.want("GET", path, "", 200, "").object(t); made["status"] != "ACTIVE" || read["status"] != "ACTIVE" {
			t.Errorf("%s: created %v, read %v", body, made["status"], read["status"])
		}
		if _, ok := made["_links"].(map[string]any)["deactivate"]; !ok {
			t.Errorf("%s: links %v", body, made["_links"])
		}
		for _, status := range []string{"INACTIVE", "ACTIVE"} {
			bare := strings.NewReplacer(`,"status":"ACTIVE"`, "", `,"status":"INACTIVE"`, "").Replace(body)
			replacement := strings.Replace(bare, `"name":"Z"`, `"name":"Z","status":"`+status+`"`, 1)
			if got := c.want("PUT", path, replacement, 200, "").object(t)["status"]; got != status {
				t.Errorf("PUT %s: %v", replacement, got)
			}
		}
	}
}

func FuzzGateway(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "1.2.3.4/32", "::/0", "1.2.3.4-1.2.3.9", "-", "1.2.3.4-", "fe80::1%eth0", "1.2.3.4-::1", "1.2.3.4/", "01.2.3.4"} {
		f.Add("CIDR", s)
		f.Add("RANGE", s)
	}
	f.Fuzz(func(t *testing.T, kind, value string) {
		cause := oktasim.GatewayCause(kind, value)
		if cause == "" && (value == "" || strings.ContainsAny(value, " %\x00")) {
			t.Errorf("%s %q is accepted", kind, value)
		}
	})
}
