package filter

import (
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim/wire"
)

// everything allows every attribute and operator.
var everything = Rules{Negation: true, Allows: func(string, string) bool { return true }}

const filterEvent = `{
	"eventType": "user.session.start", "severity": "WARN",
	"actor": {"id": "00u1", "alternateId": "a \"b\" \\ é", "detailEntry": null},
	"target": [{"id": "00uA", "type": "User"}, {"id": "0oaB", "type": "AppInstance", "detailEntry": {"k": "v"}}],
	"securityContext": {"asNumber": 4294967295, "isProxy": true, "isp": ""},
	"debugContext": {"debugData": {"a.b": "dots", "when": "2026-01-02T03:04:05.000Z", "deep": {"x": "y"}}},
	"client": {"geographicalContext": {"geolocation": {"lat": -12.5}}}
}`

func TestFilterMatches(t *testing.T) {
	doc := wire.Doc{}
	if err := wire.DecodeObject([]byte(filterEvent), &doc); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]bool{
		`eventType eq "user.session.start"`:                                      true,
		`eventType EQ "user.session.start"`:                                      true,
		`eventType eq "User.session.start"`:                                      false,
		`eventType ne "x"`:                                                       true,
		`eventType sw "user." and eventType ew ".start" and eventType co "essi"`: true,
		`eventType gt "user.a" and eventType le "user.session.start"`:            true,
		`actor.alternateId eq "a \"b\" \\ \u00e9"`:                               true,
		`actor.detailEntry pr`:                                                   false,
		`actor.id pr and not (securityContext.isp pr)`:                           true,
		`target.id eq "00uA" and target.id eq "0oaB"`:                            true,
		`target.id ne "00uA"`:                                                    false,
		`target.type ne "UserGroup"`:                                             true,
		`target.detailEntry.k eq "v"`:                                            true,
		`target pr`:                                                              true,
		`device pr`:                                                              false,
		`device.id ne "x"`:                                                       true,
		`securityContext.asNumber eq 4294967295`:                                 true,
		`securityContext.asNumber eq "4294967295"`:                               false,
		`securityContext.asNumber gt 4.2e9 and securityContext.asNumber lt 5e9`:  true,
		`securityContext.isProxy eq true`:                                        true,
		`securityContext.isProxy eq false`:                                       false,
		`securityContext.isProxy gt true`:                                        false,
		`client.geographicalContext.geolocation.lat lt -12`:                      true,
		`debugContext.debugData.a.b eq "dots"`:                                   true,
		`debugContext.debugData.deep.x eq "y"`:                                   true,
		`debugContext.debugData.when ge "2026-01-02T03:04:05Z"`:                  true,
		`debugContext.debugData.when lt "2026-01-02T04:04:05+01:00"`:             false,
		`severity eq "INFO" or severity eq "WARN" and eventType eq "no"`:         false,
		`severity eq "WARN" or severity eq "INFO" and eventType eq "no"`:         true,
		`(severity eq "WARN" or severity eq "INFO") and eventType eq "no"`:       false,
		`NOT(severity eq "INFO")AND(eventType PR)`:                               true,
		"\t(\n( ( severity eq \"WARN\" ) ) )\r":                                  true,
	} {
		x, err := Parse(filter, everything)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := x.Match(doc); got != want {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for in, want := range map[string]string{
		``:                        "End of input at position 0. Expected: an attribute",
		`a`:                       "End of input at position 1. Expected: an attribute operator",
		`a eq`:                    "End of input at position 4. Expected: a value",
		`a eq "`:                  "End of input in a string that begins at position 5",
		`a eq "\"`:                "End of input in a string that begins at position 5",
		`a eq "\q"`:               `Invalid comparison value '"\q"' at position 5`,
		`a eq x`:                  "Invalid comparison value 'x' at position 5",
		`a eq null`:               "Invalid comparison value 'null' at position 5",
		`a eq 01`:                 "Invalid comparison value '01' at position 5",
		`a eq 1]`:                 "Invalid comparison value '1]' at position 5",
		`a eq ('x')`:              "Invalid comparison value '(' at position 5",
		`a eq 'x'`:                "Invalid comparison value ''x'' at position 5",
		`a eqq "x"`:               "Unrecognized attribute operator 'eqq' at position 2. Expected: eq,co,sw,pr,gt,ge,lt,le",
		`a eq "x" b`:              "Unexpected characters 'b' at position 9",
		`a eq "x")`:               "Unexpected characters ')' at position 8",
		`(a eq "x"`:               "End of input at position 9. Expected: ')'",
		`a eq "x" and`:            "End of input at position 12. Expected: an attribute",
		`and a eq "x"`:            "Unrecognized attribute operator 'a' at position 4. Expected: eq,co,sw,pr,gt,ge,lt,le",
		`not a eq "x"`:            "Unexpected characters 'a' at position 4. Expected: '('",
		`()`:                      "Unexpected characters ')' at position 1. Expected: an attribute",
		`"a" eq "x"`:              `Unexpected characters '"a"' at position 0. Expected: an attribute`,
		`a..b eq "x"`:             "Invalid attribute name 'a..b' at position 0",
		`1a eq "x"`:               "Invalid attribute name '1a' at position 0",
		`a[b eq "x"]`:             "Invalid attribute name 'a[b' at position 0",
		"a eq \"\xff\"":           "The filter is not valid UTF-8",
		strings.Repeat("(", 1000): "Too many nested parentheses at position 64",
	} {
		if _, err := new(parser).parse(in); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`eventType eq "user.session.start" and outcome.result eq "FAILURE"`,
		`not (target.id eq "00u") or (actor.id ne "x" and securityContext.isProxy eq true)`,
		`securityContext.asNumber gt 1e3 or published ge "2026-01-01T00:00:00.000Z"`,
		`a pr`, `a eq "\"\\\u00e9"`, `(((a pr)))`, `not not`, `a eq -0`, `a eq 1E+400`, "", "(", `"`, `a eq "`, "a\x00b eq 1",
		`a eq "\ud800"`, `a co "x" or b co "y" or c co "z" and d pr`,
	} {
		f.Add(seed)
	}
	doc := wire.Doc{}
	if err := wire.DecodeObject([]byte(filterEvent), &doc); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		e, err := Parse(in, everything)
		if err != nil {
			return
		}
		inverse, err := Parse("not ("+in+")", everything)
		if err != nil {
			return // one parenthesis too many
		}
		if e.Match(doc) == inverse.Match(doc) {
			t.Fatalf("%q and its negation have the same result", in)
		}
	})
}
