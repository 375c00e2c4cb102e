package ecs

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/internal/systemlog"
)

// slow is AppendJSON as encoding/json does it.
func slow(t testing.TB, d *Document) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// sameAsSekoia holds that the full profile has every value of Sekoia's, and another
// category and type at most.
func sameAsSekoia(t testing.TB, raw []byte) {
	t.Helper()
	sekoia, err := FromRaw(raw, Options{Profile: Sekoia})
	if err != nil {
		return
	}
	full, err := FromRaw(raw, Options{})
	if err != nil {
		t.Fatal(err)
	}
	full.Event.Category, full.Event.Type = sekoia.Event.Category, sekoia.Event.Type
	theirs, ours := tree(t, &sekoia), tree(t, &full)
	if !reflect.DeepEqual(theirs, common(theirs, ours)) {
		t.Fatalf("%s is not all in\n%s", slow(t, &sekoia), slow(t, &full))
	}
}

func tree(t testing.TB, d *Document) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(slow(t, d)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// isEvent is what may be an event, by encoding/json's word.
func isEvent(raw []byte) bool {
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(raw)
}

// hold is what must be true of any bytes at all.
func hold(t testing.TB, raw []byte) {
	t.Helper()
	before := bytes.Clone(raw)
	sameAsSekoia(t, raw)
	for profile, o := range profiles {
		d, err := FromRaw(raw, o)
		if (err == nil) != isEvent(raw) {
			t.Fatalf("error is %v, and encoding/json thinks otherwise: %q", err, raw)
		}
		doc, appendErr := AppendRaw([]byte("kept"), raw, o)
		if err != nil {
			if !errors.Is(err, ErrNotEvent) || !errors.Is(appendErr, ErrNotEvent) || string(doc) != "kept" {
				t.Fatalf("%v, %v, %q", err, appendErr, doc)
			}
			continue
		}
		if appendErr != nil {
			t.Fatal(appendErr)
		}
		want := slow(t, &d)
		if got := string(d.AppendJSON(nil)); got != want || string(doc) != "kept"+want {
			t.Fatalf("three ways, three documents:\n%s\n%s\n%s", want, got, doc)
		}
		wrong := conform([]byte(want))
		if profile == "sekoia" {
			// Some of their types are none that ECS foresees for the category.
			wrong = slices.DeleteFunc(wrong, func(w string) bool { return strings.HasPrefix(w, "event.type") })
		}
		if len(wrong) > 0 {
			t.Fatalf("%s: %v\nof %s", profile, wrong, raw)
		}
	}
	if !bytes.Equal(raw, before) {
		t.Fatal("the event was written to")
	}
}

var hostile = []string{
	``, ` `, `null`, `[]`, `"{}"`, `7`, `{`, `}`, `{}`, ` {} `, `{}x`, `{}{}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`,
	`{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":+1}`, `{"a":.5}`, `{"a":-0.0e-0}`, `{"a":1E+9}`,
	`{"a":NaN}`, `{"a":nul}`, `{"a":nulll}`, `{"a":true,"b":false}`, `{a:1}`, `{'a':1}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12G4"}`, "{\"a\":\"\n\"}", "{\"a\":\"\x7f\"}",
	`{"uuid":"\ud800"}`, `{"uuid":"\udc00\ud800"}`, `{"uuid":"\ud83d\ude00"}`, `{"uuid":"\ud83d\u0041"}`, "{\"uuid\":\"\xff\xfe\"}", "{\"uuid\":\"\xf0\x9f\x98\"}", `{"uuid":"\u2028\u0000\b\f\/"}`,
	`{"uuid":"a","uuid":"b"}`, `{"uuid":"a","uuid":null}`, `{"uuid":"a","uuid":{}}`, `{"\u0075uid":"escaped name"}`, `{"actor":{"id":"1"},"actor":{"type":"User"}}`,
	`{"published":"9999-12-31T23:59:59-23:59"}`, `{"published":"0000-01-01T00:00:00+23:59"}`, `{"published":"2026-01-01T00:00:00.0000001Z"}`, `{"published":"2026-02-30T00:00:00Z"}`,
	`{"client":{"geographicalContext":{"geolocation":{"lat":1e400,"lon":1}}}}`, `{"client":{"geographicalContext":{"geolocation":{"lat":1e-400,"lon":-0}}}}`, `{"client":{"geographicalContext":{"geolocation":{"lat":0.00000012,"lon":1e-10}}}}`,
	`{"client":{"ipAddress":"fe80::1%eth0"}}`, `{"client":{"ipAddress":"01.2.3.4"}}`, `{"client":{"ipAddress":" 1.2.3.4"}}`,
	`{"securityContext":{"asNumber":-1}}`, `{"securityContext":{"asNumber":4294967296}}`, `{"securityContext":{"asNumber":"0x10"}}`, `{"securityContext":{"domain":"..","isProxy":"true"}}`, `{"securityContext":{"domain":".a.b"}}`, `{"securityContext":{"domain":"例。jp"}}`, `{"securityContext":{"domain":"a..co.uk"}}`,
	`{"transaction":{"detail":{"a":"1","a":null,"b":"","c":[{}]}}}`, `{"target":[{},[],null,"x",{"type":"User"}]}`, `{"target":[{"type":"User","alternateId":""}]}`,
	`{"client":{"userAgent":{"browser":"É","rawUserAgent":""}}}`, `{"client":{"userAgent":{"browser":"unknown"}}}`, "{\"client\":{\"userAgent\":{\"rawUserAgent\":\"\xff\"}}}",
	`{"eventType":""}`, `{"eventType":"."}`, `{"eventType":"..."}`, `{"eventType":"*"}`, `{"eventType":"user.*"}`, `{"eventType":"user.session.impersonation.grant"}`,
}

func TestHostile(t *testing.T) {
	for _, raw := range hostile {
		hold(t, []byte(raw))
	}
	long := strings.Repeat("é日本 ", 5000)
	hold(t, []byte(`{"uuid":"`+long+`","eventType":"`+long+`","client":{"userAgent":{"rawUserAgent":"`+long+`"}},"securityContext":{"domain":"`+long+`"}}`))
	for _, depth := range []int{jsonscan.MaxDepth - 1, jsonscan.MaxDepth, jsonscan.MaxDepth + 1} {
		hold(t, []byte(`{"a":`+strings.Repeat("[", depth-1)+strings.Repeat("]", depth-1)+`}`))
		hold(t, []byte(strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)))
	}
	hold(t, []byte(strings.Repeat(`{"target":[`, 200_000)))
}

// An event that is cut off anywhere is no event, and one that is whole is one.
func TestCutOff(t *testing.T) {
	raw := bytes.TrimSpace([]byte(systemlog.Example))
	for n := range raw {
		if _, err := FromRaw(raw[:n], Options{}); !errors.Is(err, ErrNotEvent) {
			t.Fatalf("cut off after %d bytes: %v", n, err)
		}
	}
	hold(t, raw)
}

// The document keeps nothing of the bytes that it came from.
func TestKeepsNothing(t *testing.T) {
	raw := bytes.Clone(systemlog.Example)
	d, err := FromRaw(raw, Options{Original: true})
	if err != nil {
		t.Fatal(err)
	}
	before := slow(t, &d)
	for i := range raw {
		raw[i] = 'x'
	}
	if _, err := FromRaw(pageEvent(t), Options{}); err != nil {
		t.Fatal(err)
	}
	if after := slow(t, &d); after != before {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
}

// What a caller does to a document is nothing to the next one.
func TestDocumentIsTheCallers(t *testing.T) {
	raw := []byte(`{"eventType":"user.session.start"}`)
	d, err := FromRaw(raw, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.Event.Category[0], d.Event.Type[0] = "mine", "mine"
	next, err := FromRaw(raw, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if next.Event.Category[0] != "session" || next.Event.Type[0] != "start" {
		t.Errorf("%+v", next.Event)
	}
}

// Documents made by hand are written as encoding/json writes them too.
func TestAppendJSONOfAnything(t *testing.T) {
	var d Document
	if got := string(d.AppendJSON(nil)); got != slow(t, &d) {
		t.Errorf("empty: %s", got)
	}
	fillIn(reflect.ValueOf(&d).Elem())
	if got, want := string(d.AppendJSON(nil)), slow(t, &d); got != want {
		t.Errorf("full:\n%s\n%s", got, want)
	}
	for _, f := range []float64{0, 1e-7, -1e-7, 1.5e-10, 1e-100, 1e20, 1e21, 1e300, 48.856944} {
		d := Document{Source: Endpoint{Geo: Geo{Location: &Point{Lat: f, Lon: -f}}}}
		if got, want := string(d.AppendJSON(nil)), slow(t, &d); got != want {
			t.Errorf("%v:\n%s\n%s", f, got, want)
		}
	}
}

// fillIn gives every field a value that is hard to write.
func fillIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("\"\\/\b\f\n\r\t\x00\x1f\x7f<>&é\u2028\u2029\xff😀")
	case reflect.Int64:
		v.SetInt(-1 << 63)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(-12.25)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillIn(v.Index(0))
		fillIn(v.Index(1))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"b\n": "2", "a": "1", "é": ""}))
	case reflect.Struct:
		for i := range v.NumField() {
			fillIn(v.Field(i))
		}
	}
}

// FuzzFromRaw holds for any bytes: an error exactly where encoding/json has one,
// no panic, three ways to one document, and never a document that breaks ECS.
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
	f.Fuzz(func(t *testing.T, raw []byte) { hold(t, raw) })
}

// FuzzText reads strings as encoding/json does, and doubles as it does into a map.
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
		got := map[string]string{"uuid": e.uuid, "eventType": e.eventType, "published": e.published, "severity": e.severity, "displayMessage": e.displayMessage}
		for _, name := range slices.Sorted(maps.Keys(got)) {
			var want string
			if m := members[name]; len(m) > 0 && m[0] == '"' {
				if err := json.Unmarshal(m, &want); err != nil {
					t.Fatal(err)
				}
			}
			if got[name] != want {
				t.Errorf("%s is %q, want %q", name, got[name], want)
			}
		}
	})
}
