package oktatest

import "testing"

func TestMatchGlob(t *testing.T) {
	for _, tc := range []struct {
		glob, name string
		want       bool
	}{
		{"", "/anything", true},
		{"**", "/a/b", true},
		{"/**", "/a/b", true},
		{"/a/**", "/a", true},
		{"/a/**", "/a/b/c", true},
		{"/a/**", "/ab", false},
		{"/a**", "/ab/c", true},
		{"/a**", "/b", false},
		{"/a/*/c/**", "/a/x/c/d", true},
		{"/a/*/c/**", "/a/x/d", false},
		{"/a/*/c/**", "/a", false},
		{"/a/*", "/a/b", true},
		{"/a/*", "/a/b/c", false},
		{"/a/?", "/a/b", true},
	} {
		if got, err := matchGlob(tc.glob, tc.name); err != nil || got != tc.want {
			t.Errorf("%s on %s: %v, %v", tc.glob, tc.name, got, err)
		}
	}
}

func TestMatchPattern(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/users/00u1":      "00u1",
		"/api/v1/users/a%40b.c":   "a@b.c",
		"/api/v1/users/a%2Fb":     "a/b",
		"/api/v1/users/":          "",
		"/api/v1/users/.":         "",
		"/api/v1/users/..":        "",
		"/api/v1/users/%2e%2e":    "",
		"/api/v1/users/%":         "",
		"/api/v1/users":           "",
		"/api/v1/users/x/":        "",
		"/api/v1//users/x":        "",
		"/api/v1/users/../groups": "",
	} {
		got, ok := matchPattern("/api/v1/users/{id}", path)
		if ok != (want != "") || ok && got[0] != want {
			t.Errorf("%s: %q, %v", path, got, ok)
		}
	}
}
