package rest

import (
	"net/http"
	"testing"
)

func TestBucketOf(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/logs": "/api/v1/logs", "/api/v1/logs/": "/api/v1/logs",
		"/api/v1/users": "/api/v1/users", "/api/v1/users/00u1": "GET /api/v1/users/{id}", "/api/v1/users/me": "GET /api/v1/users/{id}",
		"/api/v1/users/00u1/sessions": otherBucket, "/api/v1/users/00u1/lifecycle/suspend": otherBucket,
		"/api/v1/groups": "/api/v1/groups", "/api/v1/groups/00g1/users/00u1": "/api/v1/groups",
		"/api/v1/apps": "/api/v1/apps", "/api/v1/apps/0oa1/users": "/api/v1/apps/{id}", "/api/v1/devices/guo1": "/api/v1/devices",
		"/api/v1/zones/nzo1": otherBucket, "/oauth2/v1/token": "/oauth2/v1", "/oauth2/default/v1/token": "/oauth2/default/v1/token",
		"/api/v1/eventHooks/who1": "/api/v1/eventHooks/{id}", "/api/v1/domains/OcD1": "/api/v1/domains/{id}", "/idp/myaccount": "/idp/myaccount",
		"": "/", "/": "/", "/idp/a%20b/x/": "/idp/{id}/x",
	} {
		if got := BucketOf(http.MethodGet, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if got := BucketOf(http.MethodPost, "/api/v1/users/00u1"); got != "/api/v1/users/{id}" {
		t.Errorf("a write to a user: %s", got)
	}
}
