package oktasim_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestDeviceLifecycle(t *testing.T) {
	t.Parallel()
	statuses := []string{"CREATED", "ACTIVE", "SUSPENDED", "DEACTIVATED"}
	for operation, leads := range map[string]map[string]string{
		"activate":   {"CREATED": "ACTIVE", "DEACTIVATED": "ACTIVE"},
		"deactivate": {"ACTIVE": "DEACTIVATED", "SUSPENDED": "DEACTIVATED"},
		"suspend":    {"ACTIVE": "SUSPENDED"},
		"unsuspend":  {"SUSPENDED": "ACTIVE"},
		"delete":     {"DEACTIVATED": ""},
	} {
		t.Run(operation, func(t *testing.T) {
			c, _ := start(t)
			method, suffix := "POST", "/lifecycle/"+operation
			if operation == "delete" {
				method, suffix = "DELETE", ""
			}
			for _, from := range statuses {
				d := c.org.AddDevice(oktasim.NewDevice{Name: from, Status: from})
				to, allowed := leads[from]
				if !allowed {
					c.want(method, "/api/v1/devices/"+d.ID+suffix, "", 400, "E0000001")
					to = from
				} else {
					c.want(method, "/api/v1/devices/"+d.ID+suffix, "", 204, "")
				}
				if to == "" {
					c.want("GET", "/api/v1/devices/"+d.ID, "", 404, "E0000007")
					continue
				}
				if got := c.want("GET", "/api/v1/devices/"+d.ID, "", 200, "").object(t)["status"]; got != to {
					t.Errorf("%s: now %v, want %s", from, got, to)
				}
			}
			c.want(method, "/api/v1/devices/guonone"+suffix, "", 404, "E0000007")
			events := c.logged()
			if len(events) != len(leads) || events[0] != "device.lifecycle."+operation {
				t.Errorf("logged %v", events)
			}
		})
	}
}

// TestSuspendedAndDeactivatedDevice checks that a suspended device keeps its users and factors, and that a
// deactivated device loses them.
func TestSuspendedAndDeactivatedDevice(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	d := c.org.AddDevice(oktasim.NewDevice{Name: "laptop", Users: []string{u.ID}, Managed: true})
	c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: "signed_nonce", Device: d.ID})
	c.org.AddFactor(oktasim.NewFactor{User: u.ID, Type: "sms"})

	got := c.want("GET", "/api/v1/users/"+u.ID+"/devices", "", 200, "").list(t)
	if len(got) != 1 || got[0]["device"].(map[string]any)["id"] != d.ID {
		t.Error(got)
	}
	c.want("POST", "/api/v1/devices/"+d.ID+"/lifecycle/suspend", "", 204, "")
	if s := c.user(u.ID); len(s.Factors) != 2 || len(s.Devices) != 1 || s.Devices[0].Status != "SUSPENDED" {
		t.Errorf("suspended: %+v", s)
	}
	c.want("POST", "/api/v1/devices/"+d.ID+"/lifecycle/deactivate", "", 204, "")
	if s := c.user(u.ID); len(s.Factors) != 1 || s.Factors[0].Type != "sms" || len(s.Devices) != 0 {
		t.Errorf("deactivated: %+v", s)
	}
	want := []string{"device.lifecycle.suspend", "device.lifecycle.deactivate", "user.mfa.factor.deactivate"}
	if diff := cmp.Diff(want, c.logged()); diff != "" {
		t.Error(diff)
	}
}

func TestListDevices(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for i := range 5 {
		status := "ACTIVE"
		if i%2 == 1 {
			status = "SUSPENDED"
		}
		c.org.AddDevice(oktasim.NewDevice{Name: fmt.Sprint("laptop ", i), Status: status, Users: []string{u.ID},
			Profile: map[string]any{"serialNumber": fmt.Sprint("SN", i)}})
	}
	for _, tc := range []struct {
		query string
		want  int
	}{
		{"", 5}, {`search=status eq "SUSPENDED"`, 2}, {`search=profile.displayName sw "LAPTOP 1"`, 1}, {`search=profile.serialNumber co "n3"`, 1},
		{`search=profile.platform eq "WINDOWS" and status eq "ACTIVE"`, 3}, {"expand=user", 5},
	} {
		got := c.want("GET", "/api/v1/devices?"+escape(tc.query), "", 200, "").list(t)
		if len(got) != tc.want {
			t.Errorf("%s: %d devices", tc.query, len(got))
		}
		_, embedded := got[0]["_embedded"]
		if embedded != (tc.query == "expand=user") {
			t.Errorf("%s: embedded %v", tc.query, embedded)
		}
	}
	for query, code := range map[string]string{
		`search=status ne "ACTIVE"`: "E0000031", `search=profile.platform co "WIN"`: "E0000031", `search=nope eq "x"`: "E0000031",
		`search=status eq`: "E0000031", "limit=0": "E0000001", "limit=201": "E0000001", "expand=all": "E0000001", "after=x": "E0000001",
	} {
		c.want("GET", "/api/v1/devices?"+escape(query), "", 400, code)
	}
	var names []string
	pages := 0
	for target := "/api/v1/devices?limit=2"; target != ""; pages++ {
		a := c.want("GET", target, "", 200, "")
		for _, d := range a.list(t) {
			names = append(names, d["profile"].(map[string]any)["displayName"].(string))
		}
		_, target = a.links(t)
	}
	if len(names) != 5 || pages != 3 {
		t.Errorf("%d pages: %v", pages, names)
	}
}
