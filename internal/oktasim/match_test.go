package oktasim

import "testing"

func TestMatch(t *testing.T) {
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
