// Package pages generates pages of System Log events for benchmarks. The events vary like those of a real org. Every
// run generates the same events.
package pages

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"
)

// A Size is the approximate size of an event.
type Size int

const (
	// Usual events have 2.1 KB.
	Usual Size = iota
	// Long events have 2.4 KB, with the risk data of sign-ins in debugData.
	Long
)

// Full is the number of events of a full page.
const Full = 1000

// UUID returns the uuid of the event with number i.
func UUID(i int) string {
	h := fnv.New64a()
	fmt.Fprint(h, i)
	a := h.Sum64()
	return fmt.Sprintf("%08x-%04x-11f0-%04x-%012x", uint32(i), uint16(a), uint16(a>>16)|0x8000, a>>16)
}

// Page returns a page of n events. from is the number of the first event.
func Page(from, n int, size Size) []byte {
	page := append(make([]byte, 0, 2600*n+2), '[')
	for i := range n {
		if i > 0 {
			page = append(page, ',')
		}
		page = Append(page, from+i, size)
	}
	return append(page, ']')
}

// Append appends the event with number i, in Okta's order of members.
func Append(dst []byte, i int, size Size) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	k := &kinds[r.IntN(len(kinds))]
	who, whom, at := person(r), person(r), &places[r.IntN(len(places))]
	agent := &agents[r.IntN(len(agents))]
	ip := fmt.Sprintf("%d.%d.%d.%d", 11+r.IntN(200), r.IntN(256), r.IntN(256), 1+r.IntN(254))
	published := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 37 * time.Millisecond)
	geo := fmt.Sprintf(`{"city":%q,"state":%s,"country":%q,"postalCode":%q,"geolocation":{"lat":%.4f,"lon":%.4f}}`,
		at.city, at.state, at.country, strconv.Itoa(10000+r.IntN(89999)), at.lat+r.Float64(), at.lon+r.Float64())
	session, request := id(r, "102", 22), id(r, "Z", 26)
	dst = fmt.Appendf(dst, `{"actor":{"id":"%s","type":"User","alternateId":"%s","displayName":"%s","detailEntry":null},`, who.id, who.login, who.name)
	dst = fmt.Appendf(dst, `"client":{"userAgent":{"rawUserAgent":"%s","os":"%s","browser":"%s"},`+
		`"zone":"%s","device":"Computer","id":null,"ipAddress":"%s","geographicalContext":%s},`,
		agent.raw, agent.os, agent.browser, zones[r.IntN(len(zones))], ip, geo)
	dst = fmt.Appendf(dst, `"device":null,"authenticationContext":{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,`+
		`"issuer":null,"interface":null,"authenticationStep":%d,"rootSessionId":"%s","externalSessionId":"%s"},`,
		r.IntN(3), session, session)
	dst = fmt.Appendf(dst, `"displayMessage":"%s","eventType":"%s","outcome":{"result":"%s","reason":%s},"published":"%s",`,
		k.message, k.eventType, k.result, k.reason, published.Format("2006-01-02T15:04:05.000Z"))
	dst = fmt.Appendf(dst, `"securityContext":{"asNumber":%d,"asOrg":"%s","isp":"%s","domain":"%s","isProxy":false},"severity":"%s",`,
		1000+r.IntN(60000), at.isp, at.isp, at.domain, k.severity)
	dst = fmt.Appendf(dst, `"debugContext":{"debugData":{"requestId":"%s","dtHash":"%s","requestUri":"%s","url":"%s?","threatSuspected":"false",`,
		request, hash(r), k.uri, k.uri)
	dst = fmt.Appendf(dst, `"risk":"{level=%s}","behaviors":"{New Geo-Location=%s, New Device=%s, New IP=%s, New State=%s, New City=%s}"`,
		levels[r.IntN(len(levels))], sign(r), sign(r), sign(r), sign(r), sign(r))
	if size == Long {
		dst = fmt.Appendf(dst, `,"logOnlySecurityData":"{\"risk\":{\"level\":\"%s\",\"reasons\":\"Anomalous Location\"},`+
			`\"behaviors\":{\"New Geo-Location\":\"%s\",\"New Device\":\"%s\",\"New IP\":\"%s\",\"New State\":\"%s\",`+
			`\"New Country\":\"NEGATIVE\",\"Velocity\":\"NEGATIVE\",\"New City\":\"%s\"}}"`,
			levels[r.IntN(len(levels))], sign(r), sign(r), sign(r), sign(r), sign(r))
	}
	dst = fmt.Appendf(dst, `}},"legacyEventType":"core.%s","transaction":{"type":"WEB","id":"%s","detail":{}},"uuid":"%s","version":"0",`,
		k.eventType, request, UUID(i))
	dst = fmt.Appendf(dst, `"request":{"ipChain":[{"ip":"%s","geographicalContext":%s,"version":"V4","source":null}]},`, ip, geo)
	dst = fmt.Appendf(dst, `"target":[{"id":"%s","type":"User","alternateId":"%s","displayName":"%s","detailEntry":null}`, whom.id, whom.login, whom.name)
	if k.app != "" {
		dst = fmt.Appendf(dst, `,{"id":"%s","type":"AppInstance","alternateId":"%s","displayName":"%s","detailEntry":{"signOnModeType":"SAML_2_0"}}`,
			id(r, "0oa", 17), k.app, k.app)
	}
	return append(dst, "]}"...)
}

type someone struct{ id, login, name string }

func person(r *rand.Rand) someone {
	first, last := firsts[r.IntN(len(firsts))], lasts[r.IntN(len(lasts))]
	return someone{id(r, "00u", 17), first.ascii + "." + last + "@corp.example", first.name + " " + last}
}

func id(r *rand.Rand, prefix string, n int) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := []byte(prefix)
	for range n {
		b = append(b, letters[r.IntN(len(letters))])
	}
	return string(b)
}

func hash(r *rand.Rand) string {
	return fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
}

func sign(r *rand.Rand) string {
	if r.IntN(4) == 0 {
		return "POSITIVE"
	}
	return "NEGATIVE"
}

var kinds = []struct{ eventType, message, result, reason, severity, uri, app string }{
	{"user.session.start", "User login to Okta", "SUCCESS", "null", "INFO", "/idp/idx/identify", ""},
	{"user.session.start", "User login to Okta", "FAILURE", `"INVALID_CREDENTIALS"`, "INFO", "/api/v1/authn", ""},
	{"user.session.end", "User logout from Okta", "SUCCESS", "null", "INFO", "/login/signout", ""},
	{"user.authentication.sso", "User single sign on to app", "SUCCESS", "null", "INFO", "/app/salesforce/exk1a2b3c4d5/sso/saml", "Salesforce.com"},
	{"user.authentication.auth_via_mfa", "Authentication of user via MFA", "SUCCESS", "null", "INFO", "/idp/idx/challenge/answer", "Okta Verify"},
	{"user.mfa.okta_verify.deny_push", "User rejected Okta push verify", "FAILURE", `"INVALID_CREDENTIALS"`, "WARN", "/api/v1/authn/factors/verify", ""},
	{"policy.evaluate_sign_on", "Evaluation of sign-on policy", "CHALLENGE",
		`"Sign-on policy evaluation resulted in CHALLENGE"`, "INFO", "/idp/idx/identify", "Okta Dashboard"},
	{"user.account.update_profile", "Update user profile for Okta", "SUCCESS", "null", "INFO", "/api/v1/users/me", ""},
	{"group.user_membership.add", "Add user to group membership", "SUCCESS", "null", "INFO", "/api/v1/groups/00g1a2b3c4d5e6f7/users", ""},
	{"application.user_membership.add", "Add user to application membership", "SUCCESS", "null", "INFO",
		"/api/v1/apps/0oa1a2b3c4d5e6f7/users", "GitHub Enterprise"},
	{"app.oauth2.token.grant.access_token", "OAuth2 access token is granted", "SUCCESS", "null", "INFO", "/oauth2/v1/token", "Internal portal"},
	{"security.request.blocked", "Request from suspicious actor", "DENY", `"Blocked by a network zone"`, "WARN", "/api/v1/authn", ""},
}

var firsts = []struct{ ascii, name string }{
	{"alice", "Alice"}, {"jose", "José"}, {"soren", "Søren"}, {"mei", "Mei"}, {"bob", "Bob"},
	{"zoe", "Zoë"}, {"tom", "Tom"}, {"anna", "Anna"}, {"ivan", "Ivan"}, {"kim", "Kim"},
}

var lasts = []string{"moreau", "garcia", "lindqvist", "chen", "okafor", "smith", "novak", "rossi", "kowalski", "dubois", "tanaka", "weber"}

var places = []struct {
	city, state, country, isp, domain string
	lat, lon                          float64
}{
	{"Lyon", "null", "France", "orange s.a.", "wanadoo.fr", 45.7, 4.8},
	{"Ashburn", `"Virginia"`, "United States", "amazon.com inc.", "amazonaws.com", 39.0, -77.5},
	{"Málaga", `"Andalusia"`, "Spain", "telefonica de espana", "rima-tde.net", 36.7, -4.4},
	{"Osaka", "null", "Japan", "ntt communications corporation", "ocn.ne.jp", 34.6, 135.5},
	{"Caracas", `"Distrito Capital"`, "Venezuela", "cantv servicios", "cantv.net", 10.4, -66.9},
	{"Leeds", `"England"`, "United Kingdom", "virgin media limited", "virginm.net", 53.8, -1.5},
}

var agents = []struct{ raw, os, browser string }{
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Windows 10", "CHROME"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "Mac OS X", "SAFARI"},
	{"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Linux", "FIREFOX"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
		"iOS 17", "SAFARI"},
	{"okta-sdk-golang/4.1.2 golang/go1.26 linux/amd64", "Unknown", "UNKNOWN"},
}

var zones = []string{"null", "LegacyIpZone", "Headquarters", "BlockedIpZone"}

var levels = []string{"LOW", "MEDIUM", "HIGH"}
