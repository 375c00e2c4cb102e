package oktatest

// HasEndpoint lets the tests from outside ask which requests the org can answer.
func HasEndpoint(method, path string) bool {
	h, _, _ := findRoute(method, path)
	return h != nil
}

// Endpoints are "METHOD pattern" of all that the org has.
func Endpoints() []string {
	var all []string
	for _, r := range routes {
		all = append(all, r.method+" "+r.pattern)
	}
	return all
}
