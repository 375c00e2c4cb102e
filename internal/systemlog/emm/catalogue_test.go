package emm_test

import (
	"testing"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/emm"
)

// TestEveryRuleDecides checks that every rule decides the class of a known event type. A rule that
// does not is obsolete, misspelled or hidden by an earlier rule.
func TestEveryRuleDecides(t *testing.T) {
	decides := emm.RulesThatDecide(catalogue.Names())
	for pattern, types := range decides {
		if types == 0 {
			t.Errorf("no known event type is decided by %s", pattern)
		}
	}
	counts := map[emm.Basis]int{}
	for _, name := range catalogue.Names() {
		counts[emm.Classify(name).Basis]++
	}
	t.Logf("%d rules; of %d known types %d by rule, %d by verb, %d by default",
		len(decides), catalogue.Count, counts[emm.ByRule], counts[emm.ByVerb], counts[emm.ByDefault])
}
