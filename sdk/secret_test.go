package sdk_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	_ "soar.example/okta/internal/fixedseed"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const topSecret = "hunter2-0042"

// keeper has a secret where fmt reaches by reflection alone.
type keeper struct {
	hidden sdk.Secret
	Shown  sdk.Secret
	list   []sdk.Secret
	named  map[string]sdk.Secret
	far    *keeper
	any    any
}

func kept() keeper {
	s := sdk.NewSecret(topSecret)
	k := keeper{hidden: s, Shown: s, list: []sdk.Secret{s}, named: map[string]sdk.Secret{"a": s}, any: s}
	k.far = &keeper{hidden: s, any: &s}
	return k
}

// leaks reports whether out has the secret, in one of the forms a verb gives it.
func leaks(out string) bool {
	out = strings.ToLower(out)
	for _, form := range []string{topSecret, fmt.Sprintf("%x", topSecret), fmt.Sprintf("% x", topSecret), fmt.Sprint([]byte(topSecret))} {
		if strings.Contains(out, form) {
			return true
		}
	}
	return false
}

func TestSecretIsNotFormatted(t *testing.T) {
	s := sdk.NewSecret(topSecret)
	values := map[string]any{
		"secret": s, "pointer": &s, "list": []sdk.Secret{s}, "map": map[string]sdk.Secret{"a": s}, "as key": map[sdk.Secret]int{s: 1},
		"struct": kept(), "pointer to struct": new(keeper), "settings": settings{Token: s}, "client": &client{token: s},
	}
	k := kept()
	values["pointer to struct"] = &k
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%c", "%U", "%e", "%p", "%T", "%20.3s", "%-5v", "%z"} {
			if out := fmt.Sprintf(verb, v); leaks(out) {
				t.Errorf("%s of %s: %s", verb, name, out)
			}
		}
		for _, out := range []string{fmt.Sprint(v), fmt.Sprintln(v), fmt.Errorf("x: %v", v).Error(), fmt.Sprintf("%d", v), fmt.Sprintf("%s", []any{v})} {
			if leaks(out) {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, s); got != schema.Masked {
			t.Errorf("%s: got %s", verb, got)
		}
	}
	if got := fmt.Sprintf("%v%s", sdk.Secret{}, sdk.NewSecret("")); got != "" {
		t.Errorf("no secret shows as %q", got)
	}
}

func TestSecretIsNotEncoded(t *testing.T) {
	s := sdk.NewSecret(topSecret)
	values := []any{s, &s, []sdk.Secret{s}, map[string]any{"a": s}, map[sdk.Secret]int{s: 1}, kept(), settings{Token: s}}
	for _, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if leaks(string(raw)) {
			t.Errorf("JSON: %s", raw)
		}
		if raw, err = xml.Marshal(v); leaks(string(raw)) || err != nil && leaks(err.Error()) {
			t.Errorf("XML: %s, %v", raw, err)
		}
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(v); leaks(b.String()) || err != nil && leaks(err.Error()) {
			t.Errorf("gob: %q, %v", b.String(), err)
		}
	}
	if raw, err := json.Marshal(struct{ S sdk.Secret }{s}); err != nil || string(raw) != `{"S":"********"}` {
		t.Errorf("got %s, %v", raw, err)
	}
	if raw, err := json.Marshal(struct {
		S sdk.Secret `json:"s,omitzero"`
	}{}); err != nil || string(raw) != `{}` {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestSecretIsNotLogged(t *testing.T) {
	s, k := sdk.NewSecret(topSecret), kept()
	values := []any{s, &s, k, &k, []sdk.Secret{s}, map[string]sdk.Secret{"a": s}, &client{token: s}, fmt.Errorf("x: %v", k)}
	var b bytes.Buffer
	text, structured := slog.New(slog.NewTextHandler(&b, nil)), slog.New(slog.NewJSONHandler(&b, nil))
	plain := hclog.New(&hclog.LoggerOptions{Output: &b})
	packed := hclog.New(&hclog.LoggerOptions{Output: &b, JSONFormat: true})
	old := log.New(&b, "", 0)
	for _, v := range values {
		text.Info("m", "v", v)
		structured.Info("m", "v", v)
		text.With("v", v).WithGroup("g").Info("m", slog.Any("v", v))
		plain.Info("m", "v", v, "f", hclog.Fmt("%+v %x", v, v))
		packed.Info("m", "v", v, "f", hclog.Fmt("%+v %x", v, v))
		plain.With("v", v).Warn("m")
		packed.With("v", v).Warn("m")
		old.Print(v)
	}
	if leaks(b.String()) {
		t.Errorf("the log has it: %s", b.String())
	}
	if strings.Count(b.String(), schema.Masked) == 0 {
		t.Errorf("nothing shows that something was there: %s", b.String())
	}
}

func TestSecretIsDecoded(t *testing.T) {
	var v struct {
		S sdk.Secret `json:"s"`
	}
	if err := json.Unmarshal([]byte(`{"s":"hunter2-0042"}`), &v); err != nil || v.S.Reveal() != topSecret || v.S.IsZero() {
		t.Errorf("got %q, %v", v.S.Reveal(), err)
	}
	for _, none := range []string{`{"s":""}`, `{"s":null}`, `{}`} {
		var v struct {
			S sdk.Secret `json:"s"`
		}
		if err := json.Unmarshal([]byte(none), &v); err != nil || !v.S.IsZero() || v.S.Reveal() != "" {
			t.Errorf("%s: got %q, %v", none, v.S.Reveal(), err)
		}
	}
	for _, bad := range []string{`{"s":42}`, `{"s":["hunter2-0042"]}`, `{"s":{"hunter2-0042":1}}`, `{"s":true}`} {
		err := json.Unmarshal([]byte(bad), &v)
		if err == nil || leaks(err.Error()) || strings.Contains(err.Error(), "42") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSecretsCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		one, other := sdk.NewSecret(a), sdk.NewSecret(b)
		if one.Reveal() != a || (one == other) != (a == b) || reflect.DeepEqual(one, other) != (a == b) || one.IsZero() != (a == "") {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestSecretSchema(t *testing.T) {
	s, err := schema.Input[settings]()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Root().Property("token"); !n.WriteOnly || n.Format != "password" || !n.Is("string") {
		t.Errorf("got %+v", n)
	}
	if got := string(s.Mask(json.RawMessage(`{"token":"hunter2"}`))); got != `{"token":"********"}` {
		t.Errorf("got %s", got)
	}
}

func TestDuration(t *testing.T) {
	s, err := schema.Input[setInput]()
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) bool {
		raw, err := json.Marshal(map[string]string{"name": "a", "wait": text})
		if err != nil {
			t.Fatal(err)
		}
		return s.Check(raw) == nil
	}
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "0s": 0, "100ms": 100 * time.Millisecond,
		"1µs": time.Microsecond, "1us": time.Microsecond, "2160h": 2160 * time.Hour, "1ns": 1,
		"7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour,
	} {
		var d sdk.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Std() != want || !check(text) {
			t.Errorf("%s: got %s, %v, the schema says %v", text, d, err, check(text))
		}
	}
	for _, text := range []string{"", "90", "-1s", "+1s", "1 s", "s", "d", "1w", "7dd", "1h 30m", " 1s", "1s\n", "Infinity", "1e3s", "1.s"} {
		if check(text) {
			t.Errorf("the schema takes %q", text)
		}
	}
	for _, text := range []string{"", "90", "-1s", "-1d", "d", "7dd", "99999999999h", "999999999d", "x"} {
		d := sdk.Duration(7)
		if err := d.UnmarshalText([]byte(text)); err == nil || d != 7 {
			t.Errorf("%q: got %s, %v", text, d, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := sdk.Duration(rapid.Int64Min(0).Draw(t, "d"))
		b, err := d.MarshalText()
		if err != nil || !check(string(b)) {
			t.Fatalf("%s breaks its own schema, %v", b, err)
		}
		var back sdk.Duration
		if err := back.UnmarshalText(b); err != nil || back != d {
			t.Fatalf("%s came back as %s, %v", d, back, err)
		}
	})
}
