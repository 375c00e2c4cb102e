package okta

import "testing"

// BenchmarkCompile is what every start of a plugin process begins with.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Connector.Compile(); err != nil {
			b.Fatal(err)
		}
	}
}
