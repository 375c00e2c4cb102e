package ecs

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/internal/systemlog"
)

// isEvent reports whether encoding/json accepts raw as one object.
func isEvent(raw []byte) bool {
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(raw)
}

// checkAnyBytes checks the conversion of any bytes. It fails exactly if encoding/json fails. The
// document is valid ECS and has, in the full profile, every value of the event.
func checkAnyBytes(t testing.TB, raw []byte) {
	t.Helper()
	before := bytes.Clone(raw)
	for profile, o := range profiles {
		doc, err := AppendRaw([]byte("kept"), raw, o)
		if (err == nil) != isEvent(raw) {
			t.Fatalf("error %v, but encoding/json has another result: %q", err, raw)
		}
		if err != nil {
			if !errors.Is(err, ErrNotEvent) || string(doc) != "kept" {
				t.Fatalf("%v, %q", err, doc)
			}
			continue
		}
		doc = doc[len("kept"):]
		if wrong := conform(profile, doc); len(wrong) > 0 {
			t.Fatalf("%s: %v\nof %s\nfrom %s", profile, wrong, doc, raw)
		}
		if profile == "full" {
			for _, wrong := range lost(raw, doc) {
				t.Fatalf("%s is lost in %s\nfrom %s", wrong, doc, raw)
			}
		}
	}
	if !bytes.Equal(raw, before) {
		t.Fatal("the event was overwritten")
	}
}

var hostile = []string{
	``, ` `, `null`, `[]`, `"{}"`, `7`, `{`, `}`, `{}`, ` {} `, `{}x`, `{}{}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`,
	`{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":+1}`, `{"a":.5}`, `{"a":-0.0e-0}`, `{"a":1E+9}`,
	`{"a":NaN}`, `{"a":nul}`, `{"a":nulll}`, `{"a":true,"b":false}`, `{a:1}`, `{'a':1}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12G4"}`, "{\"a\":\"\n\"}",
	"{\"a\":\"\x7f\"}",
	`{"uuid":"\ud800"}`, `{"uuid":"\udc00\ud800"}`, `{"uuid":"\ud83d\ude00"}`, `{"uuid":"\ud83d\u0041"}`, "{\"uuid\":\"\xff\xfe\"}",
	"{\"uuid\":\"\xf0\x9f\x98\"}", `{"uuid":"\u2028\u0000\b\f\/"}`,
	`{"uuid":"a","uuid":"b"}`, `{"uuid":"a","uuid":null}`, `{"uuid":"a","uuid":{}}`, `{"\u0075uid":"escaped name"}`,
	`{"actor":{"id":"1"},"actor":{"type":"User"}}`,
	`{"published":"9999-12-31T23:59:59-23:59"}`, `{"published":"0000-01-01T00:00:00+23:59"}`, `{"published":"2026-01-01T00:00:00.0000001Z"}`,
	`{"published":"2026-02-30T00:00:00Z"}`,
	`{"client":{"geographicalContext":{"geolocation":{"lat":1e400,"lon":1}}}}`, `{"client":{"geographicalContext":{"geolocation":{"lat":1e-400,"lon":-0}}}}`,
	`{"client":{"geographicalContext":{"geolocation":{"lat":0.00000012,"lon":1e-10}}}}`,
	`{"client":{"ipAddress":"fe80::1%eth0"}}`, `{"client":{"ipAddress":"01.2.3.4"}}`, `{"client":{"ipAddress":" 1.2.3.4"}}`,
	`{"securityContext":{"asNumber":-1}}`, `{"securityContext":{"asNumber":4294967296}}`, `{"securityContext":{"asNumber":"0x10"}}`,
	`{"securityContext":{"domain":"..","isProxy":"true"}}`, `{"securityContext":{"domain":".a.b"}}`, `{"securityContext":{"domain":"例。jp"}}`,
	`{"securityContext":{"domain":"a..co.uk"}}`,
	`{"actor":{"id":"1","changeDetails":{"from":{"a":"1"},"to":{"a":"2"}}}}`,
	`{"device":{"x":1},"device":{"y":2},"issuer":{},"request":{"ipChain":[{"x":1}],"ipChain":[{"y":2}]}}`,
	`{"transaction":{"detail":{"a":"1","a":null,"b":"","c":[{}]}}}`, `{"target":[{},[],null,"x",{"type":"User"}]}`,
	`{"target":[{"type":"User","alternateId":""}]}`,
	`{"client":{"userAgent":{"browser":"É","rawUserAgent":""}}}`, `{"client":{"userAgent":{"browser":"unknown"}}}`,
	"{\"client\":{\"userAgent\":{\"rawUserAgent\":\"\xff\"}}}",
	`{"eventType":""}`, `{"eventType":"."}`, `{"eventType":"..."}`, `{"eventType":"*"}`, `{"eventType":"user.*"}`,
	`{"eventType":"user.session.impersonation.grant"}`,
}

func TestHostile(t *testing.T) {
	for _, raw := range hostile {
		checkAnyBytes(t, []byte(raw))
	}
	long := strings.Repeat("é日本 ", 5000)
	checkAnyBytes(t, []byte(`{"uuid":"`+long+`","eventType":"`+long+`",`+
		`"client":{"userAgent":{"rawUserAgent":"`+long+`"}},"securityContext":{"domain":"`+long+`"}}`))
	for _, depth := range []int{jsonscan.MaxDepth - 1, jsonscan.MaxDepth, jsonscan.MaxDepth + 1} {
		checkAnyBytes(t, []byte(`{"a":`+strings.Repeat("[", depth-1)+strings.Repeat("]", depth-1)+`}`))
		checkAnyBytes(t, []byte(strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)))
	}
	checkAnyBytes(t, []byte(strings.Repeat(`{"target":[`, 200_000)))
}

// TestIncompleteEvent checks that every proper prefix of an event is an error.
func TestIncompleteEvent(t *testing.T) {
	raw := bytes.TrimSpace([]byte(systemlog.Example))
	for n := range raw {
		if _, err := AppendRaw(nil, raw[:n], Options{}); !errors.Is(err, ErrNotEvent) {
			t.Fatalf("cut off after %d bytes: %v", n, err)
		}
	}
	checkAnyBytes(t, raw)
}

// FuzzFromRaw checks the conversion of any bytes.
func FuzzFromRaw(f *testing.F) {
	for _, raw := range hostile {
		f.Add([]byte(raw))
	}
	f.Add([]byte(systemlog.Example))
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkAnyBytes(t, raw) })
}

// FuzzText compares the strings of an event, and repeated members, with the result of
// encoding/json.
func FuzzText(f *testing.F) {
	for _, raw := range hostile {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !isEvent(raw) {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Skip("not an object of members: ", err)
		}
		e := new(event)
		if err := e.read(string(raw)); err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]lit{
			"uuid": e.get(atUUID), "eventType": e.get(atEventType), "published": e.get(atPublished),
			"severity": e.get(atSeverity), "displayMessage": e.get(atMessage),
		} {
			var want string
			if m := members[name]; len(m) > 0 && m[0] == '"' {
				if err := json.Unmarshal(m, &want); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.text(); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}
