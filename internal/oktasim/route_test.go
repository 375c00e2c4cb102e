package oktasim

import "testing"

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
		got := matchPattern("/api/v1/users/{id}", path)
		if (got != nil) != (want != "") || got != nil && got[0] != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}
