package schema_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/schema"
)

// TestMaskNamed checks that secrets without a schema are masked, and that other values, such as
// addresses, are not.
func TestMaskNamed(t *testing.T) {
	for _, c := range [][2]string{
		{`{"credentials":{"password":{"value":"hunter2"}}}`, `{"credentials":{"password":{"value":"********"}}}`},
		{`{"credentials":{"password":{"hash":{"algorithm":"BCRYPT","salt":"rwh","value":"abc"}}}}`,
			`{"credentials":{"password":{"hash":{"algorithm":"BCRYPT","salt":"********","value":"********"}}}}`},
		{`{"credentials":{"recovery_question":{"question":"Pet?","answer":"Rex"}}}`,
			`{"credentials":{"recovery_question":{"answer":"********","question":"Pet?"}}}`},
		{`{"gateways":[{"type":"CIDR","value":"203.0.113.7/32"}]}`, `{"gateways":[{"type":"CIDR","value":"203.0.113.7/32"}]}`},
		{`{"channel":{"config":{"authScheme":{"type":"HEADER","key":"X","value":"s"},"headers":[{"key":"K","value":"v"}]}}}`,
			`{"channel":{"config":{"authScheme":{"key":"X","type":"HEADER","value":"********"},"headers":[{"key":"K","value":"********"}]}}}`},
		{`{"passCode":123456,"expire_password":true,"passwordChanged":"2026-03-14"}`,
			`{"expire_password":true,"passCode":"********","passwordChanged":"2026-03-14"}`},
		{`{"jwks":{"keys":[{"kty":"RSA","n":"x","e":"AQAB","d":"priv","p":"1"}]},"d":"open"}`,
			`{"d":"open","jwks":{"keys":[{"d":"********","e":"AQAB","kty":"RSA","n":"x","p":"********"}]}}`},
		{`{"settings":{"password":{"complexity":{"minLength":8}}}}`, `{"settings":{"password":{"complexity":{"minLength":8}}}}`},
		{`{"activationUrl":"https://o/welcome/X","resetPasswordUrl":"https://o/r/X","url":"https://o/h?token=X&a=1"}`,
			`{"activationUrl":"********","resetPasswordUrl":"********","url":"https://o/h?token=********&a=1"}`},
		{`{"tempPassword":"p","client_secret":"s","sharedSecret":"s","stateToken":"t","tokenType":"Bearer"}`,
			`{"client_secret":"********","sharedSecret":"********","stateToken":"********","tempPassword":"********","tokenType":"Bearer"}`},
		{`["Authorization: SSWS 00abcdefgh","eyJhbGciOiJSUzI1NiJ9.e30.c2ln"]`, `["Authorization: SSWS ********","********"]`},
		{`{"token":null,"secret":{"a":"b"}}`, `{"token":null,"secret":{"a":"b"}}`},
		{`{"tokens":["t"],"client_secret":["s",["s"],{"id":"x"},7,true]}`,
			`{"client_secret":["********",["********"],{"id":"x"},"********",true],"tokens":["t"]}`},
		{`{"cut":`, `"********"`},
		{``, `"********"`},
	} {
		doc, want := c[0], c[1]
		if got := schema.MaskNamed(json.RawMessage(doc)); string(got) != want {
			t.Errorf("%s\n got %s\nwant %s", doc, got, want)
		}
	}
}

func TestMaskNamedDeepNesting(t *testing.T) {
	deep := strings.Repeat(`[{"a":`, 4000) + `{"password":"hunter2"}` + strings.Repeat(`}]`, 4000)
	if got := schema.MaskNamed(json.RawMessage(deep)); bytes.Contains(got, []byte("hunter2")) {
		t.Error("a deeply nested password is not masked")
	}
}

func FuzzMaskNamed(f *testing.F) {
	f.Add(`{"a":1,"password":"x"}`)
	f.Add(`[{"kty":"EC","d":1e400}]`)
	f.Fuzz(func(t *testing.T, doc string) {
		got := schema.MaskNamed(json.RawMessage(doc))
		if !json.Valid(got) {
			t.Fatalf("%q became %q", doc, got)
		}
		if again := schema.MaskNamed(got); !bytes.Equal(again, got) {
			t.Errorf("%q masked twice is %q", got, again)
		}
	})
}
