package emm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/schema"
)

// TestHostile checks that only input other than one JSON object is rejected.
func TestHostile(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 9998) + "1" + strings.Repeat("}", 9998)
	tooDeep := strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001)
	for name, raw := range map[string]string{
		"empty": "", "space": " \n", "null": "null", "list": "[]", "text": `"{}"`, "number": "7", "two": "{}{}", "tail": `{} x`,
		"open": "{", "cut off": `{"eventType":"user.session.st`, "no colon": `{"a" 1}`, "no comma": `{"a":1 "b":2}`, "last comma": `{"a":1,}`,
		"bare key": `{a:1}`, "control": "{\"a\":\"\x01\"}", "bad escape": `{"a":"\x"}`, "short escape": `{"a":"\u12"}`, "bad number": `{"a":01}`,
		"bad word": `{"a":nul}`, "mixed": `{"a":[}`, "too deep": tooDeep, "BOM": "\ufeff{}", "zeros": "\x00\x00",
	} {
		if row, err := emm.Normalize([]byte(raw)); !errors.Is(err, emm.ErrNotAnEvent) {
			t.Errorf("%s: %+v, %v", name, row, err)
		}
	}
	for name, raw := range map[string]string{
		"no member": " {} ", "deep": deep, "huge": `{"eventType":"` + strings.Repeat("a.", 1<<20) + `","target":[` + strings.Repeat("{},", 1<<17) + `{}]}`,
		"all null": `{"uuid":null,"published":null,"eventType":null,"actor":null,"client":null,"outcome":null,` +
			`"target":null,"debugContext":null,"authenticationContext":null}`,
		"all wrong": `{"uuid":7,"published":{},"eventType":[],"actor":"x","client":[1],"outcome":true,` +
			`"target":{"id":1},"debugContext":"{}","authenticationContext":0}`,
		"wrong deeper": `{"eventType":"user.authentication.auth_via_mfa","actor":{"id":1,"alternateId":[]},` +
			`"client":{"ipAddress":{},"geographicalContext":"Lyon","userAgent":[1]},"debugContext":{"debugData":"x"},"target":[1,null,"a",[{}]]}`,
		"members twice":   `{"eventType":"zone.update","eventType":"user.session.start"}`,
		"not UTF-8":       "{\"eventType\":\"\xff.\xfe\",\"uuid\":\"\xc3\",\"debugContext\":{\"debugData\":{\"zoneData\":\"\xff\"}}}",
		"lone surrogates": `{"eventType":"\ud800","uuid":"\udfff\ud800x"}`,
	} {
		row, err := emm.Normalize([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check(t, row)
	}
	row, _ := emm.Normalize([]byte(`{"eventType":"zone.update","eventType":"user.session.start","outcome":{"result":"DENY"}}`))
	if row.EventType.Code != "ET0001" || row.Result != emm.Failure || row.Basis != emm.ByRule {
		t.Errorf("the last of two members with one name must count: %+v", row)
	}
}

// check verifies properties that every row must have.
func check(t *testing.T, row emm.Row) {
	t.Helper()
	if row.Category.Code == "" || row.EventType.Code == "" || row.Result == "" || row.Basis == "" {
		t.Errorf("a row without a class: %+v", row)
	}
	doc, err := json.Marshal(row)
	if err != nil || !utf8.Valid(doc) {
		t.Fatalf("%.300s: %v", doc, err)
	}
	var again emm.Row
	if err := json.Unmarshal(doc, &again); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(again)
	if err != nil || !bytes.Equal(doc, back) {
		t.Errorf("decoding a row returns another row: %v\n%s\n%s", err, doc, back)
	}
}

func TestResultAndFlag(t *testing.T) {
	for outcome, want := range map[string]emm.Result{
		`"SUCCESS"`: emm.Success, `"ALLOW"`: emm.Success, `"FAILURE"`: emm.Failure, `"DENY"`: emm.Failure,
		`"CHALLENGE"`: emm.Unknown, `"SKIPPED"`: emm.Unknown, `"success"`: emm.Unknown, `null`: emm.Unknown, `7`: emm.Unknown,
	} {
		if row, _ := emm.Normalize([]byte(`{"outcome":{"result":` + outcome + `}}`)); row.Result != want {
			t.Errorf("%s: %s", outcome, row.Result)
		}
	}
	for event, want := range map[string]bool{
		`{"eventType":"user.mfa.okta_verify.deny_push"}`:                                                                      true,
		`{"eventType":"user.account.report_suspicious_activity_by_enduser"}`:                                                  true,
		`{"eventType":"user.authentication.auth_via_mfa","debugContext":{"debugData":{"threatSuspected":"true"}}}`:            true,
		`{"eventType":"user.authentication.auth_via_mfa","debugContext":{"debugData":{"risk":"{reasons=x, level=HIGH}"}}}`:    true,
		`{"eventType":"user.authentication.auth_via_mfa","debugContext":{"debugData":{"threatSuspected":"false","risk":""}}}`: false,
		`{"eventType":"user.authentication.auth_via_mfa"}`:                                                                    false,
		`{"eventType":"user.session.start","debugContext":{"debugData":{"threatSuspected":"true"}}}`:                          false,
	} {
		if row, _ := emm.Normalize([]byte(event)); row.Flagged != want {
			t.Errorf("%s: flagged %v", event, row.Flagged)
		}
	}
}

// TestPlaceholders checks that Okta's placeholders for an absent value are omitted.
func TestPlaceholders(t *testing.T) {
	row, err := emm.Normalize([]byte(`{"eventType":"group.privilege.grant","client":{"ipAddress":"null"},"actor":{"alternateId":"unknown"},
		"target":[{"type":"UserGroup","alternateId":"unknown","displayName":"Developers"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := row.Attributes
	if a.IPAddress != "" || a.TargetResource != "Developers" || a.Username != "unknown" {
		t.Errorf("%+v", a)
	}
}

// TestNoSharedMemory checks that a row does not reference the bytes of its event.
func TestNoSharedMemory(t *testing.T) {
	raw := full("user.authentication.auth_via_mfa")
	row, err := emm.Normalize(raw)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(row)
	clear(raw)
	if after, _ := json.Marshal(row); !bytes.Equal(before, after) {
		t.Error("the row changed with the bytes")
	}
}

func TestSchema(t *testing.T) {
	s, err := schema.Output[emm.Row]()
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range [][]byte{systemlog.Example, full("zone.update"), full("group.application_assignment.add"), []byte("{}")} {
		row, err := emm.Normalize(raw)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Check(doc) {
			t.Errorf("%s\n%s", v, doc)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add([]byte(systemlog.Example))
	for _, r := range rowsOf {
		f.Add(full(r.okta))
	}
	for _, raw := range []string{"", "{", `{"target":[{}]}`, "{\"a\":\"\xff\"}", `{"\u0065ventType":"\u0078"}`, `{"client":{"userAgent":{"a":[1.5e-7,-0]}}}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		row, err := emm.Normalize(raw)
		isObject := json.Valid(raw) && bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
		if (err == nil) != isObject {
			t.Fatalf("%q: %v, but encoding/json reports an object: %v", raw, err, isObject)
		}
		if err == nil {
			check(t, row)
		}
	})
}
