// Package pages makes pages of System Log events to measure with: as varied and as
// large as an org's, the same ones every time.
package pages

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"
)

// A Size is about how large an event is.
type Size int

const (
	Usual Size = iota // 2.1 KB
	Long              // 2.4 KB: with the risk data that sign-ins have in their debugData
)

// Full is how many events a full page has.
const Full = 1000

// UUID is the uuid of the event with number i. Different events have different ones.
func UUID(i int) string {
	h := fnv.New64a()
	fmt.Fprint(h, i)
	a := h.Sum64()
	return fmt.Sprintf("%08x-%04x-11f0-%04x-%012x", uint32(i), uint16(a), uint16(a>>16)|0x8000, a>>16)
}

// Page is a page of n events, the first of which has number from.
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
	dst = fmt.Appendf(dst, `"client":{"userAgent":{"rawUserAgent":"%s","os":"%s","browser":"%s"},"zone":"%s","device":"Computer","id":null,"ipAddress":"%s","geographicalContext":%s},`,
		agent.raw, agent.os, agent.browser, zones[r.IntN(len(zones))], ip, geo)
	dst = fmt.Appendf(dst, `"device":null,"authenticationContext":{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,"issuer":null,"interface":null,"authenticationStep":%d,"rootSessionId":"%s","externalSessionId":"%s"},`,
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
		dst = fmt.Appendf(dst, `,"logOnlySecurityData":"{\"risk\":{\"level\":\"%s\",\"reasons\":\"Anomalous Location\"},\"behaviors\":{\"New Geo-Location\":\"%s\",\"New Device\":\"%s\",\"New IP\":\"%s\",\"New State\":\"%s\",\"New Country\":\"NEGATIVE\",\"Velocity\":\"NEGATIVE\",\"New City\":\"%s\"}}"`,
			levels[r.IntN(len(levels))], sign(r), sign(r), sign(r), sign(r), sign(r))
	}
	dst = fmt.Appendf(dst, `}},"legacyEventType":"core.%s","transaction":{"type":"WEB","id":"%s","detail":{}},"uuid":"%s","version":"0",`, k.eventType, request, UUID(i))
	dst = fmt.Appendf(dst, `"request":{"ipChain":[{"ip":"%s","geographicalContext":%s,"version":"V4","source":null}]},`, ip, geo)
	dst = fmt.Appendf(dst, `"target":[{"id":"%s","type":"User","alternateId":"%s","displayName":"%s","detailEntry":null}`, whom.id, whom.login, whom.name)
	if k.app != "" {
		dst = fmt.Appendf(dst, `,{"id":"%s","type":"AppInstance","alternateId":"%s","displayName":"%s","detailEntry":{"signOnModeType":"SAML_2_0"}}`, id(r, "0oa", 17), k.app, k.app)
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
