package schema_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"soar.example/okta/schema"
)

// canaries are texts with a secret in each position in which events, inputs and errors had one.
// CANARY must not remain.
var canaries = []string{
	`/login/step-up/redirect?stateToken=00CANARYONE&fromURI=%2Fx`,
	`stateToken=CANARYONE&a=b`,
	`a=b&stateToken=CANARYONE`,
	`https://o.example/a?x=1&sessionToken=CANARY#token=CANARY`,
	`https://o.example/cb#access_token=CANARY&token_type=Bearer&id_token=CANARY`,
	`https://o.example/cb?code=CANARY&state=xyz`,
	`https://o.example/cb?TOKEN=CANARY`,
	`https://o.example/a?user[password]=CANARY`,
	`https://o.example/a?a=1&amp;stateToken=CANARY`,
	`https://user:CANARY@o.example/`,
	`https://o.example/welcome/drpLRKmCANARYF5KkpB`,
	`https://o.example/signin/reset-password/XE6wE17zCANARYUcZ9`,
	`/login?fromURI=%2Fapp%3FstateToken%3DCANARY%26x%3D1&y=2`,
	`/login?fromURI=%2Fapp%3FstateToken%3DCANARY`,
	`/login?fromURI=%252Fapp%253FstateToken%253DCANARY`,
	`/login?fromURI=%25252Fapp%25253FstateToken%25253DCANARY`,
	`/login?state%54oken=CANARY`,
	`/login?recovery%5Ftoken=CANARY`,
	`/login?recovery%5ftoken%3dCANARY`,
	`?token=ab%26CANARY&x=1`,
	`?token=%43ANARY%00CANARY`,
	`%7B%22stateToken%22%3A%22CANARY%22%7D`,
	`SSWS CANARYTWO`,
	`Authorization: SSWS 00CANARY`,
	`authorization: ssws CANARY`,
	`Authorization: Bearer CANARYTHREE`,
	`bearer CANARY4`,
	`Bearer%20CANARYFIVE`,
	`Bearer+CANARYFIVE`,
	`DPoP CANARY.five`,
	`Authorization: Basic CANARYCANARY`,
	`Basic Q0FOQVJZOkNBTkFSWQ==CANARY1`,
	`"Authorization": "Custom CANARY"`,
	`eyJCANARYIJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARY-sig_nature`,
	`got token eyJCANARYIJSUzI1NiJ9.CANARY`,
	`eyJCANARYiOiJkaXIiLCJlbmMi..CANARY.CANARY.CANARY`,
	`sent 00CANARYdBddsuU1VnDsa7-qqIOi7g51YLNQEen1hi to Okta`,
	`02.id.CANARYAbc~d.efg_h`,
	"-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----",
	`{"stateToken":"CANARY","risk":"LOW"}`,
	`{"risk":{"level":"LOW","sessionToken":"CANARY"}}`,
	`{"stateToken":"CANARY", cut off`,
	`{"stateToken":"CANARY`,
	`{\"stateToken\":\"CANARY\"}`,
	`{\\\"stateToken\\\":\\\"CANARY\\\"}`,
	`{"a":"{\"b\":\"{\\\"recovery_token\\\":\\\"CANARY\\\"}\"}"}`,
	`{"url":"/x?stateToken\u003dCANARY"}`,
	`risk {"password":"ab\"CANARY"} and more`,
	`risk {"password":{"value":"CANARY"`,
	`risk {"tokens":1,"passCode":  CANARY }`,
	`{'stateToken': 'CANARY'}`,
	`{stateToken=CANARY, risk=LOW}`,
	`stateToken : CANARY`,
	`stateToken: CANARY`,
	`recovery_token = CANARY`,
	`password: CANARY7x`,
	`password=CANARY`,
	`client_secret=CANARY; next`,
	`Cookie: sid=CANARY; DT=CANARY`,
	`Set-Cookie: idx=CANARY; Path=/`,
	`X-Api-Key: CANARY`,
	`code_verifier=CANARY`,
	`<input name=x token="CANARY">`,
	`"client_assertion":"CANARY"`,
	`SAMLResponse=CANARY%3D%3D`,
	`"CANARY" is no secret, and "token=CANARY" is`[26:],
}

func TestMaskTextHides(t *testing.T) {
	for _, text := range canaries {
		within, _ := json.Marshal(map[string]any{"debugData": map[string]any{"logOnlySecurityData": text}})
		twice, _ := json.Marshal(map[string]any{"message": string(within)})
		for name, got := range map[string]string{
			"alone":            schema.MaskText(text),
			"in a sentence":    schema.MaskText("It said: " + text),
			"percent-encoded":  schema.MaskText(url.QueryEscape(text)),
			"in a query":       schema.MaskText("/a?fromURI=" + url.QueryEscape(text) + "&b=1"),
			"in JSON":          string(schema.MaskNamed(within)),
			"in JSON in JSON":  string(schema.MaskNamed(twice)),
			"in JSON cut off":  schema.MaskText(string(within[:len(within)-3])),
			"in JSON's escape": schema.MaskText(string(twice[:len(twice)-1])),
		} {
			if strings.Contains(got, "CANARY") || strings.Contains(got, "ANARY") {
				t.Errorf("%s, %s\n got %s", text, name, got)
			}
			if !strings.Contains(got, schema.Masked) {
				t.Errorf("%s, %s: the result has no mask: %s", text, name, got)
			}
		}
	}
}

// TestMaskTextKeeps checks that texts without secrets stay unchanged, byte for byte.
func TestMaskTextKeeps(t *testing.T) {
	for _, text := range []string{
		`102T-tYLhBFSSGDbbA9SGSY7A`, `trsbbTyXBCQSPqHcUNgpf3Mxw`, `YxGDNqYZrAqCcVXoYm1aPQAACPE`, `idxBager62CSveUkTxvgRtonA`,
		`00u1qqxqgZTVMPl2i8b9`, `00uabcdefghijklmnopq`, `0oa1gjh63g214q0Hq0g4`, `00o1n8sbwArJ7OQRw406`,
		`6dbe7cb6-5cd7-4c38-a0c1-a9a1bd1d3e47`, `33333333-aaaa-bbbb-cccc-000000000001`,
		`9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`, `00f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0`,
		`da39a3ee5e6b4b0d3255bfef95601890afd80709`, `d41d8cd98f00b204e9800998ecf8427e`,
		`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7; rv:109.0) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15`,
		`okta-sdk-golang/4.1.2 golang/go1.26 linux/amd64`, `python-requests/2.31.0`, `curl/8.5.0`,
		`jean.dupont+test@corp.example`, `token.ring@corp.example`, `O=Example, CN=secret.service, C=FR`,
		`203.0.113.7`, `2001:db8::ff00:42:8329`, `2026-11-30T14:43:40.123Z`, `fe80::1%eth0`, `100%`, `50%25`,
		`Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft`,
		`INVALID_CREDENTIALS`, `VERIFICATION_ERROR`, `Max sign in attempts exceeded`, `Failed to reset password: account locked`,
		`Invalid token: expired`, `Invalid cookie: session expired`, `The answer: no`, `Password: changed`, `password reset`,
		`Basic authentication`, `Basic Authentication failed`, `Bearer token`, `Bearer tokens are rejected`, `bearer authentication`, `Bearer authorization.`,
		`Basic information about users`, `DPoP proof`, `SSWS token`, `eyJ is how they begin`,
		`/api/v1/authn/factors/opf3hkfocI4JTLAju0g4/verify`, `/api/v1/users/00u1qqxqgZTVMPl2i8b9/lifecycle/reset_password`,
		`/api/v1/users/00u1qqxqgZTVMPl2i8b9/lifecycle/reset_password?sendEmail=false`, `/welcome/home`, `/api/v1/authn/recovery/password`,
		`https://o.example:8443/oauth2/v1/authorize?client_id=0oa1gjh63g214q0Hq0g4&scope=openid%20email&response_type=code&state=abc`,
		`/signin?errorCode=E0000004&fromURI=%2Fapp%2Foffice365%3Fa%3Db`, `?tokenId=00T1&token_type=Bearer`, `?password_expired=true&passwordChanged=2026-03-14`,
		`{"level":"LOW","reasons":"Anomalous Location","passwordChanged":null}`, `{New Geo-Location=POSITIVE, New Device=NEGATIVE, Velocity=NEGATIVE}`,
		`{"externalSessionId":"102T-tYLhBFSSGDbbA9SGSY7A","transaction":{"id":"trsbbTyXBCQSPqHcUNgpf3Mxw"}}`,
		`debugContext.debugData.stateToken == null`, `"password": null`, `"token":false`, `token=`, `?stateToken=&x=1`,
		"tab\there", `\u0041`, `C:\users\password`, `%`, `%zz`, `\`, ``, `=`, `:`, `ünï=cödé`,
	} {
		if got := schema.MaskText(text); got != text {
			t.Errorf("%s\n got %s", text, got)
		}
		doc, _ := json.Marshal(map[string]any{"a": []any{text}})
		if got := string(schema.MaskNamed(doc)); got != string(doc) {
			t.Errorf("%s\n got %s", doc, got)
		}
	}
}

// TestMaskTextKeepsTheRest checks that every byte around a secret keeps its encoding.
func TestMaskTextKeepsTheRest(t *testing.T) {
	for text, want := range map[string]string{
		`/a?stateToken=00SECRETONE&fromURI=%2Fx`:             `/a?stateToken=********&fromURI=%2Fx`,
		`/a?fromURI=%2Fapp%3FstateToken%3D00S%26x%3D1&y=%2F`: `/a?fromURI=%2Fapp%3FstateToken%3D********%26x%3D1&y=%2F`,
		`{\"stateToken\":\"x\",\"b\":\"\u0041\"}`:            `{\"stateToken\":\"********\",\"b\":\"\u0041\"}`,
		`GET /x Authorization: Bearer abcdef123 ok`:          `GET /x Authorization: Bearer ******** ok`,
		`{stateToken=00abc, risk=LOW}`:                       `{stateToken=********, risk=LOW}`,
		`?password=&token=abc`:                               `?password=&token=********`,
	} {
		if got := schema.MaskText(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	doc := `{"b":1,"a":"{\"z\":1,\"stateToken\":\"x\",\"url\":\"/a?b=1&c=2\"}"}`
	if got, want := string(schema.MaskNamed(json.RawMessage(doc))), `{"a":"{\"stateToken\":\"********\",\"url\":\"/a?b=1&c=2\",\"z\":1}","b":1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Attackers write the texts of events. TestMaskTextIsFast checks that no text takes more than
// linear time.
func TestMaskTextIsFast(t *testing.T) {
	for name, part := range map[string]string{
		"values": "token=", "unfinished": "token:", "quoted": `"token":"`, "brackets": `"token":{`, "percent": "%25", "escapes": `\\`, "names": "a=",
		"schemes": "Bearer ", "links": "/welcome/", "users": "://a:", "keys": "-----BEGIN PRIVATE KEY-----", "signed": "eyJaaaaaaaa.",
		"cookies": "cookie:", "spaces": "token : ",
	} {
		text := strings.Repeat(part, 1<<20/len(part))
		began := time.Now()
		schema.MaskText(text)
		t.Log(name, time.Since(began))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: 1 MiB took %s", name, took)
		}
	}
}

func FuzzMaskText(f *testing.F) {
	for _, text := range canaries {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := schema.MaskText(text)
		if again := schema.MaskText(got); again != got {
			t.Errorf("%q masked is %q, and masked twice %q", text, got, again)
		}
	})
}

const plainEvent = `{"uuid":"6dbe7cb6-5cd7-4c38-a0c1-a9a1bd1d3e47","published":"2026-11-30T14:43:40.123Z","eventType":"user.session.start","severity":"INFO",
"actor":{"id":"00u1qqxqgZTVMPl2i8b9","type":"User","alternateId":"jean.dupont@corp.example","displayName":"Jean Dupont"},
"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15","os":"Mac OS X"},
"ipAddress":"203.0.113.7"},
"authenticationContext":{"externalSessionId":"102T-tYLhBFSSGDbbA9SGSY7A","rootSessionId":"102T-tYLhBFSSGDbbA9SGSY7A"},
"transaction":{"type":"WEB","id":"YxGDNqYZrAqCcVXoYm1aPQAACPE"},
"debugContext":{"debugData":{"requestUri":"/api/v1/authn","url":"/api/v1/authn?","dtHash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
"behaviors":"{New Geo-Location=NEGATIVE, New Device=NEGATIVE}",
"logOnlySecurityData":"{\"risk\":{\"level\":\"LOW\"},\"behaviors\":{\"New Device\":\"NEGATIVE\"}}"}}}`

func BenchmarkMaskEvent(b *testing.B) {
	doc := json.RawMessage(plainEvent)
	if got := schema.MaskNamed(doc); string(got) != plainEvent {
		b.Fatalf("got %s", got)
	}
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		schema.MaskNamed(doc)
	}
}
