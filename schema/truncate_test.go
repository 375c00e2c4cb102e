package schema

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

type informed struct {
	Reason string `json:"reason,omitempty" jsonschema:"title=Reason" jsonschema_extras:"x-truncate=40,x-group=advanced" jsonschema_description:"Reason."`
	Steps  []struct {
		Note string `json:"note,omitempty" jsonschema:"title=Note" jsonschema_extras:"x-truncate=40" jsonschema_description:"Note."`
	} `json:"steps,omitempty" jsonschema:"title=Steps" jsonschema_description:"Steps."`
	User string `json:"user,omitempty" jsonschema:"title=User,maxLength=10" jsonschema_description:"User."`
}

// TestTruncate checks that an informational text with any bytes never makes Check reject a
// document.
func TestTruncate(t *testing.T) {
	s, err := Input[informed]()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Root().Property("reason"); n.Truncate != 40 || !strings.Contains(string(s.JSON()), `"x-truncate":40`) {
		t.Fatalf("the schema does not mark the reason: %s", s.JSON())
	}
	long := strings.Repeat("x", 1001)
	for name, test := range map[string]struct{ doc, want string }{
		"short":              {`{"reason":"a & b", "user":"u"}`, `{"reason":"a & b", "user":"u"}`},
		"as long as allowed": {`{"reason":"` + long[:40] + `"}`, `{"reason":"` + long[:40] + `"}`},
		"one too long":       {`{"reason":"` + long[:41] + `"}`, `{"reason":"` + long[:23] + `… (41 characters)"}`},
		"1,001 characters":   {`{ "reason" : "` + long + `" }`, `{ "reason" : "` + long[:20] + `… (1,001 characters)" }`},
		"1 MB":               {`{"reason":"` + strings.Repeat("x", 1e6) + `"}`, `{"reason":"` + long[:16] + `… (1,000,000 characters)"}`},
		"wide characters":    {`{"reason":"` + strings.Repeat("漢", 41) + `"}`, `{"reason":"` + strings.Repeat("漢", 23) + `… (41 characters)"}`},
		"escaped":            {`{"reason":"` + strings.Repeat(`\u0000`, 41) + `"}`, `{"reason":"` + strings.Repeat(`\u0000`, 23) + `… (41 characters)"}`},
		"empty":              {`{"reason":""}`, `{"reason":""}`},
		"control characters": {`{"reason":"\u0000\u001b[2J\u202e\n"}`, `{"reason":"\u0000\u001b[2J\u202e\n"}`},
		"half a surrogate":   {`{"reason":"\ud800"}`, `{"reason":"\ud800"}`},
		"not UTF-8":          {"{\"reason\":\"a\xffb\"}", "{\"reason\":\"a\ufffdb\"}"},
		"null":               {`{"reason":null}`, `{"reason":""}`},
		"a number":           {`{"reason":1e999999 ,"user":"u"}`, `{"reason":"1e999999" ,"user":"u"}`},
		"a boolean":          {`{"reason":true}`, `{"reason":"true"}`},
		"an object":          {`{"reason":{"a": ["<b>"]}}`, `{"reason":"{\"a\":[\"<b>\"]}"}`},
		"not UTF-8, nested":  {"{\"reason\":[\"\xff\"]}", "{\"reason\":\"[\\\"\ufffd\\\"]\"}"},
		"nested very deep": {`{"reason":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`,
			`{"reason":"` + strings.Repeat("[", 20) + `… (4,000 characters)"}`},
		"inside lists": {`{"steps":[{"note":"` + long + `"}, {"note":null}]}`,
			`{"steps":[{"note":"` + long[:20] + `… (1,001 characters)"}, {"note":""}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.Truncate(json.RawMessage(test.doc))
			if string(got) != test.want {
				t.Errorf("got %.300s\nwant %.300s", got, test.want)
			}
			if wrong := s.Check(got); wrong != nil {
				t.Errorf("rejected: %v", wrong)
			}
			if again := s.Truncate(got); string(again) != string(got) {
				t.Errorf("truncated again: %.300s", again)
			}
		})
	}
	// All other errors are still reported, with the same messages.
	for _, doc := range []string{
		``, `[]`, `"reason"`, `{"reason":`, `{"reason":"a","reason":"b"}`, `{"user":"` + long + `"}`, "{\"user\":\"\xff\"}",
		`{"reason":"a"} {}`, `{"reason":"a",}`, `{"steps":{"note":"a"}}`, `{"reson":"a"}`,
	} {
		before, after := s.Check(json.RawMessage(doc)), s.Check(s.Truncate(json.RawMessage(doc)))
		if len(before) == 0 || len(before) != len(after) || before[0] != after[0] {
			t.Errorf("%.60q: Check says %v, and after Truncate %v", doc, before, after)
		}
	}
}

func FuzzTruncate(f *testing.F) {
	s, err := Input[informed]()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("a", `{"a":1}`)
	f.Fuzz(func(t *testing.T, text, value string) {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range []string{string(quoted), `"` + text + `"`, value} {
			doc := `{"user":"u","reason":` + reason + `,"steps":[{"note":` + reason + `}]}`
			if !json.Valid([]byte(doc)) || strings.Contains(reason, "reason") || strings.Contains(reason, "}") {
				continue
			}
			got := s.Truncate(json.RawMessage(doc))
			if wrong := s.Check(got); wrong != nil {
				t.Errorf("%q: rejected: %v", got, wrong)
			}
			var in informed
			if err := json.Unmarshal(got, &in); err != nil || in.User != "u" || utf8.RuneCountInString(in.Reason) > 40 {
				t.Errorf("%q reads as %+v, %v", got, in, err)
			}
		}
	})
}

type (
	limited struct {
		Reason string `json:"reason" jsonschema:"title=Reason,maxLength=5" jsonschema_extras:"x-truncate=40" jsonschema_description:"Reason."`
	}
	counted struct {
		Reason int `json:"reason" jsonschema:"title=Reason" jsonschema_extras:"x-truncate=40" jsonschema_description:"Reason."`
	}
	tooShort struct {
		Reason string `json:"reason" jsonschema:"title=Reason" jsonschema_extras:"x-truncate=29" jsonschema_description:"Reason."`
	}
)

// TestTruncateLint checks that lint rejects a keyword that could reject an informational text.
func TestTruncateLint(t *testing.T) {
	_, withLimit := Input[limited]()
	_, ofNumber := Input[counted]()
	_, short := Input[tooShort]()
	for want, err := range map[string]error{
		`"maxLength" cannot be combined with`: withLimit, "applies only to a text": ofNumber, "not a number of at least 30": short,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
