package okta

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// inputSecrets lists the secrets of the inputs below.
var inputSecrets = []string{
	"a-long-first-password", "CANARY-password", "CANARY-answer", "CANARY-hash", "CANARY-salt", "CANARY-private", "CANARY-secret",
	"CANARY-token", "CANARY-scheme", "CANARY-query", "CANARY-otp", "918273",
}

// secretInputs lists inputs with secrets in members that no schema marks.
var secretInputs = map[string][]string{
	"custom_request": {
		`{"method":"POST","path":"/api/v1/users","body":{"profile":{"login":"c1@corp.example","email":"c1@corp.example","firstName":"C","lastName":"One"},
			"credentials":{"password":{"value":"CANARY-password"},"recovery_question":{"question":"Pet?","answer":"CANARY-answer"}}}}`,
		`{"method":"POST","path":"/api/v1/users","query":{"activate":"false","sessionToken":"CANARY-query"},
			"body":{"profile":{"login":"c2@corp.example","email":"c2@corp.example","firstName":"C","lastName":"Two"},
			"credentials":{"password":{"hash":{"algorithm":"SHA-256","salt":"CANARY-salt","value":"CANARY-hash"}}}}}`,
		`{"method":"POST","path":"/api/v1/eventHooks","body":{"channel":{"config":{"authScheme":{"type":"HEADER","value":"CANARY-scheme"}}},
			"jwk":{"kty":"EC","d":"CANARY-private"},"clientSecret":"CANARY-secret","stateToken":"CANARY-token","otp":"CANARY-otp","passCode":918273}}`,
	},
	"update_user":     {`{"user":"` + victim + `","profile":{"backupPassword":"CANARY-password"}}`},
	"expire_password": {`{"user":"` + victim + `","temporary_password":true}`},
	"reset_password":  {`{"user":"` + victim + `","send_email":false}`},
}

// handedOut returns the secrets of an output, which are the values that its schema masks.
func handedOut(t *testing.T, info sdk.ActionInfo, output json.RawMessage) []string {
	t.Helper()
	s, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		t.Fatal(err)
	}
	var plain, masked map[string]any
	if json.Unmarshal(output, &plain) != nil || json.Unmarshal(s.Mask(output), &masked) != nil {
		t.Fatalf("got %s", output)
	}
	var secrets []string
	for name, v := range plain {
		if text, ok := v.(string); ok && text != masked[name] {
			secrets = append(secrets, text)
		}
	}
	return secrets
}

// TestSecretsAreNotStored checks that the store, the log and the plans contain no secret
// after calls and dry runs of all writes.
func TestSecretsAreNotStored(t *testing.T) {
	backend, m := compiled(t)
	file := filepath.Join(t.TempDir(), "soar.db")
	store, err := embedded.OpenStore(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var log bytes.Buffer
	ctx := hclog.WithContext(t.Context(), hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: &log}))
	secrets := append([]string{oktasim.DefaultToken}, inputSecrets...)
	var plans []byte
	perform := func(info sdk.ActionInfo, input func(service) json.RawMessage) {
		for _, dry := range []bool{true, false} {
			s := newService(t)
			s.AllowUnknown()
			in := input(s)
			if dry {
				in = append(in[:len(in)-1:len(in)-1], `,"dry_run":true}`...)
			}
			session, err := backend.Open(ctx, s.Settings())
			if err != nil {
				t.Fatal(err)
			}
			result, err := store.Perform(ctx, session, &info, in, embedded.Caller{})
			// The embedded org does not have the endpoint of every custom request.
			noEndpoint := err != nil && sdk.AsError(err).Upstream != nil && sdk.AsError(err).Upstream.Code == "E0000008"
			if err != nil && !noEndpoint && sdk.AsError(err).Code != sdk.NotFound && sdk.AsError(err).Code != sdk.InvalidInput {
				t.Errorf("%s: %v", info.Name, err)
			}
			if err == nil && !dry {
				secrets = append(secrets, handedOut(t, info, result.Output)...)
			}
			if dry {
				plans = append(plans, result.Output...)
			}
			if err := session.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	cases := allCases()
	for _, info := range m.Actions {
		if info.Effect == sdk.Reads || cases[info.Name].Input == nil {
			continue
		}
		perform(info, func(s service) json.RawMessage { return cases[info.Name].Input(s) })
		for _, input := range secretInputs[info.Name] {
			perform(info, func(service) json.RawMessage { return json.RawMessage(input) })
		}
	}
	if len(secrets) < len(inputSecrets)+3 {
		t.Errorf("only %d secrets: no temporary password, reset link or activation link was handed out", len(secrets))
	}
	kept := map[string][]byte{"log": log.Bytes(), "plans": plans}
	for _, name := range []string{file, file + "-wal"} {
		if kept[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for where, b := range kept {
		for _, secret := range secrets {
			if i := bytes.Index(b, []byte(secret)); i >= 0 {
				t.Errorf("%s has %s: …%s…", where, secret, b[max(i-150, 0):min(i+50, len(b))])
			}
		}
	}
	// Other values are readable.
	for _, shown := range []string{"gateways", "203.0.113.7"} {
		if !bytes.Contains(plans, []byte(shown)) {
			t.Errorf("the plans hide %s", shown)
		}
	}
}
