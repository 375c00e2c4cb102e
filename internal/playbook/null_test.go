package playbook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// absentOf has an absent value of each type of an event: members that the schema declares, members and items that only
// the data has, and members of a null.
var absentOf = map[string][]string{
	"text": {"event.outcome.reason", "event.client.userAgent.browser", "raw.no.such", "raw.nil", "raw.text.member",
		"event.debugContext.debugData.x", `raw.map["x"]`, "raw.list[7].id", `event.debugContext.debugData["x"]["y"]`},
	"number":  {"event.authenticationContext.authenticationStep", "raw.no", "raw.nil.n", "event.debugContext.debugData.score"},
	"boolean": {"raw.flag", "raw.nil.flag", `raw.map["flag"]`},
	"list":    {"event.target", "raw.none", "raw.nil.list"},
	"map":     {"event.debugContext.debugData", "raw.none", "raw.nil.map", "event.target[0].detailEntry"},
	"object":  {"event.client", "event.client.userAgent", "event.target[0]", "raw.none"},
}

// TestNullPropagates checks that an expression on an absent value is null, and so neither it nor its negation matches.
func TestNullPropagates(t *testing.T) {
	for kind, expressions := range map[string][]string{
		"text": {`X.startsWith("a")`, `X.endsWith("")`, `X.contains("")`, `X.matches(".*")`, `X.matches(string(vars.pattern))`, `X < "b"`, `"b" >= X`,
			`size(X) == size(X) && size(X) > 0`,
			`X == "a"`, `X != "a"`, `"a" == X`, `X in ["a"]`, `X in {"a": 1}`, `X == dyn(X)`, `X.lowerAscii() != "a"`, `X.lowerAscii().contains("a")`,
			`X.split(",").exists(x, true)`, `(X + "a").startsWith("a")`, `X.indexOf("a") < 9`, `int(X) > 0`, `timestamp(X) > timestamp("2026-01-01T00:00:00Z")`,
			`X in vars.none.list`, `[X].map(x, x.size())[0] > 0`, `X.replace("a", "b").size() > 0`, `X.startsWith("a") && true`, `true && X.startsWith("a")`,
			`false || X.startsWith("a")`, `X.startsWith("a") || X.endsWith("b")`},
		"number": {`X == 1`, `X != 1`, `X in [1]`, `X > 1`, `X <= 1`, `1 < X`, `X + 1 > 0`, `X * 2 > 0`, `-X < 0`, `X - 1 > 0`, `double(X) > 0.5`,
			`string(X).startsWith("1")`, `X % 2 > 0`, `vars.list[X] > 0`},
		"boolean": {`X == true`, `X != true`, `X == false`, `X && true`, `X || false`, `!(X || false)`, `!X && true`},
		"list": {`X == dyn([])`, `X != dyn([])`, `X.exists(t, true)`, `X.all(t, true)`, `X.exists_one(t, true)`,
			`X.filter(t, true).size() == 0 && X.size() == 0 && X.size() > 0`, `size(X) > 0`, `X[0].id.startsWith("a")`, `dyn("a") in dyn(X)`,
			`X.map(t, t.id).exists(i, true)`},
		"map":    {`X == dyn({})`, `"a" in X`, `X.a.startsWith("a")`, `X["a"] > 1`, `size(X) >= 0`, `X.exists(k, true)`, `X.all(k, true)`},
		"object": {`X == dyn(X)`, `dyn(X).id.startsWith("a")`, `dyn(X).id.name > 1`},
	} {
		for _, x := range absentOf[kind] {
			for _, expression := range expressions {
				expression = strings.ReplaceAll(expression, "X", x)
				t.Run(expression, func(t *testing.T) {
					matches(t, expression, false)
					matches(t, "!("+expression+")", false)
					matches(t, "("+expression+") == null", true)
				})
			}
		}
	}
}

// TestAbsence checks the expressions that say something about an absent value.
func TestAbsence(t *testing.T) {
	for kind, all := range absentOf {
		for _, x := range all {
			for expression, want := range map[string]bool{
				`X == null`: true, `null == X`: true, `X != null`: false, `null != X`: false, `!(X == null)`: false,
				`X == null && true`: true, `X == null || X.a.startsWith("b")`: true, `false && X.a == 1`: false, `true || X.a == 1`: true,
				`(X == null ? "none" : "some") == "none"`: true, `(dyn(X) == true ? 1 : 2) == 2`: true,
			} {
				if strings.Contains(expression, "X.a") && !strings.HasPrefix(x, "raw.") {
					continue // a declared text has no members
				}
				t.Run(kind+" "+strings.ReplaceAll(expression, "X", x), func(t *testing.T) {
					matches(t, strings.ReplaceAll(expression, "X", x), want)
				})
			}
		}
	}
	for condition, want := range map[string]bool{
		`has(event.client)`: false, `has(event.client.userAgent.browser)`: false, `has(raw.no.such)`: false, `has(raw.text)`: true, `has(raw.map.a)`: true,
		`event.?client.?userAgent.?browser.orValue("none") == "none"`: true, `raw.list.first().orValue(7) == 1`: true, `event.target.first().hasValue()`: false,
		`[1, 2].exists(i, i == 1 || event.outcome.reason.startsWith("a"))`: true, `[1, 2].all(i, i == 1 && event.outcome.reason.startsWith("a"))`: false,
		`dyn([1, 2].exists(i, event.outcome.reason.startsWith("a"))) == null`: true, `[1, 2].filter(i, event.outcome.reason.startsWith("a")) == []`: true,
		`[event.outcome.reason, "a"].exists(r, r.startsWith("a"))`: true, `[null, "a"].filter(r, r != null) == ["a"]`: true, `raw.text == "text"`: true,
		`{"a": event.outcome.reason}.a == null`: true, `[1, 2].map(i, event.outcome.reason) == [null, null]`: true, `type(raw.nil) == null_type`: true,
		`raw.flag ? false : true`: true, `(raw.list[0] > 0 ? raw.map : raw.none).a == "b"`: true, `(raw.flag ? raw.none : raw.map).a == "b"`: true,
	} {
		t.Run(condition, func(t *testing.T) { matches(t, condition, want) })
	}
}

func matches(t *testing.T, condition string, want bool) {
	t.Helper()
	p := load(t, fmt.Sprintf("name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\ncondition: %q\n"+
		"vars: {none: {}, list: [1, 2], pattern: '.*'}\nsteps: [{id: look, action: get_user, with: {user: ann}}]\n", condition))
	got, err := p.Match(sdk.RawEvent{Type: "a.b", Data: json.RawMessage(`{"nil": null, "text": "text", "map": {"a": "b"}, "list": [1]}`)})
	if err != nil || got != want {
		t.Errorf("%s: got %v, %v; want %v", condition, got, err, want)
	}
}

// TestFunctions checks the functions of CEL's extensions, and within.
func TestFunctions(t *testing.T) {
	for condition, want := range map[string]bool{
		`["a", "b", "a"].distinct() == ["a", "b"]`: true, `sets.intersects(["a"], ["b", "a"])`: true, `sets.contains(["a"], ["b"])`: false,
		`cidr("192.0.2.0/24").containsIP("192.0.2.7")`: true, `cidr("192.0.2.0/24").containsIP(event.client.ipAddress)`: false,
		`json.parse("{\"a\": {\"b c\": \"d\"}}").orValue({}).a["b c"] == "d"`: true, `json.parse("{").hasValue()`: false,
		`json.parse(event.outcome.reason).orValue({}).a == null`: true, `strings.quote("a\"b") == "\"a\\\"b\""`: true,
		`within("2026-03-02T08:30:00Z", "Mon-Fri 09:00-17:00", "Europe/Berlin")`: true, `within("2026-03-02T07:59:59Z", "Mon-Fri 09:00-17:00",
		"Europe/Berlin")`: false,
		`within("2026-07-06T07:00:00Z", "Mon-Fri 09:00-17:00", "Europe/Berlin")`: true, `within("2026-03-01T09:00:00Z", "Mon-Fri 09:00-17:00",
		"Europe/Berlin")`: false,
		`within("2026-03-03T02:00:00Z", "Mon 22:00-06:00", "UTC")`: true, `within("2026-03-02T02:00:00Z", "Mon 22:00-06:00", "UTC")`: false,
		`within("2026-03-01T23:59:59Z", "Sat-Mon 00:00-24:00", "UTC")`: true, `within("2026-03-03T00:00:00Z", "Sat-Mon 00:00-24:00", "UTC")`: false,
		`within(timestamp("2026-03-01T12:00:00Z"), "11:00-13:00", "UTC")`: true, `!within(event.published, "11:00-13:00", "UTC")`: false,
		`within("2026-03-01T12:00:00Z", "Mon 09:00-10:00, Sun 11:30-12:30", "UTC")`: true,
	} {
		t.Run(condition, func(t *testing.T) { matches(t, condition, want) })
	}
}

// TestOperatorHint checks the message on an operator of another language.
func TestOperatorHint(t *testing.T) {
	for expr, want := range map[string]string{
		`a == "b" and c == "d"`: "; write && instead of and", `a OR b`: "; write || instead of OR", `not a`: "; write ! instead of not",
		`a = "b"`: "; write == instead of =", `a == "and" &&`: "", `a >= 1 &&`: "", `a.and == 1 &&`: "", `"`: "",
	} {
		if got := operatorHint(expr); got != want {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}

// TestLiterals checks the literals that a value never has.
func TestLiterals(t *testing.T) {
	for condition, want := range map[string]string{
		`event.severity == "WRAN"`: `did you mean "WARN"`, `event.severity != "warn"`: "WARN", `event.severity in ["WARN", "EROR"]`: `did you mean "ERROR"`,
		`event.severity in vars.levels`: `did you mean "ERROR"`, `event.severity == vars.level`: `did you mean "INFO"`,
		`["WRAN"].exists(s, event.severity == s)`: "",
		`event.severity == "WARN"`:                "", `"WRAN" == event.?severity.orValue("")`: `did you mean "WARN"`,
		`events.exists(e, e.severity == "WRAN")`:                `did you mean "WARN"`,
		`within(event.published, "Mon-Fry 09:00-17:00", "UTC")`: "the days are", `within(event.published, "9-17", "UTC")`: "hours such as",
		`within(event.published, "09:00-17:00", "CEST")`:             "time zone",
		`events.filter(e, e.severity != null)[0].severity == "WRAN"`: `did you mean "WARN"`,
		`events.map(e, e.severity).exists(s, s == "WRAN")`:           `did you mean "WARN"`,
	} {
		t.Run(condition, func(t *testing.T) {
			source := fmt.Sprintf("name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\ncondition: %q\n"+
				"vars: {levels: [WARN, EROR], level: INFOR}\nsteps: [{id: look, action: get_user, with: {user: ann}}]\n", condition)
			m := manifest(t)
			m.Triggers[0].Event = sdk.JSON(strings.Replace(string(m.Triggers[0].Event), `"severity":{"type":"string"`,
				`"severity":{"x-known":["DEBUG","INFO","WARN","ERROR"],"type":"string"`, 1))
			_, err := Load("f.yaml", []byte(source), Connections{"test": m})
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
