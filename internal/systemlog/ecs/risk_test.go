package ecs

import (
	"fmt"
	"testing"
)

// TestCutPair checks the parsing of risk and behaviors, which Okta writes as Java maps in text
// form.
func TestCutPair(t *testing.T) {
	for text, want := range map[string]string{
		"{level=LOW}":                  "[level:LOW]",
		"level=LOW":                    "[level:LOW]",
		"{reasons=A b, C, level=HIGH}": "[reasons:A b, C] [level:HIGH]",
		"{New Geo-Location=NEGATIVE, New IP=POSITIVE}": "[New Geo-Location:NEGATIVE] [New IP:POSITIVE]",
		"{reasons=, level=LOW}":                        "[reasons:] [level:LOW]",
		"{a=b=c, d=e}":                                 "[a:b=c] [d:e]",
		"{}":                                           "", "": "", "LOW": "", "{=x}": "", "=": "", ",,=,": "[,,:,]",
	} {
		got := ""
		for name, value, rest := cutPair(text); name != ""; name, value, rest = cutPair(rest) {
			if got != "" {
				got += " "
			}
			got += fmt.Sprintf("[%s:%s]", name, value)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
