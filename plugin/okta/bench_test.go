package okta

import "testing"

// BenchmarkCompile measures the compilation at the start of a plugin process.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Connector.Compile(); err != nil {
			b.Fatal(err)
		}
	}
}
