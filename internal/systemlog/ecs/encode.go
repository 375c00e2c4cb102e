package ecs

import (
	"maps"
	"slices"
	"strconv"
)

// AppendJSON appends the document as JSON to dst and returns it. It is what
// [encoding/json] makes of the document, without the escapes for HTML, in a fraction
// of the time.
func (d *Document) AppendJSON(dst []byte) []byte {
	w := writer{append(dst, '{')}
	w.text(`"@timestamp":`, d.Timestamp)
	at := w.open(`"ecs":`)
	w.text(`"version":`, d.ECS.Version)
	w.close(at)
	w.event(&d.Event)
	w.name(`"observer":`)
	w.b = append(appendQuoted(append(w.b, `{"vendor":`...), d.Observer.Vendor), '}')
	w.endpoint(`"source":`, &d.Source)
	w.endpoint(`"client":`, &d.Client)
	at = w.open(`"user":`)
	w.user(&d.User.User)
	target := w.open(`"target":`)
	w.user(&d.User.Target)
	w.close(target)
	w.close(at)
	w.userAgent(&d.UserAgent)
	at = w.open(`"okta":`)
	w.system(&d.Okta.System)
	w.close(at)
	at = w.open(`"related":`)
	w.list(`"hosts":`, d.Related.Hosts)
	w.list(`"ip":`, d.Related.IP)
	w.list(`"user":`, d.Related.User)
	w.close(at)
	return append(w.b, '}')
}

func (w *writer) event(e *Event) {
	at := w.open(`"event":`)
	w.text(`"id":`, e.ID)
	w.name(`"kind":`)
	w.b = appendQuoted(w.b, e.Kind)
	w.name(`"dataset":`)
	w.b = appendQuoted(w.b, e.Dataset)
	w.text(`"action":`, e.Action)
	w.text(`"reason":`, e.Reason)
	w.list(`"category":`, e.Category)
	w.list(`"type":`, e.Type)
	w.text(`"outcome":`, e.Outcome)
	w.text(`"original":`, e.Original)
	w.close(at)
}

func (w *writer) endpoint(quoted string, e *Endpoint) {
	at := w.open(quoted)
	w.text(`"ip":`, e.IP)
	w.text(`"address":`, e.Address)
	w.text(`"domain":`, e.Domain)
	w.text(`"registered_domain":`, e.RegisteredDomain)
	w.text(`"subdomain":`, e.Subdomain)
	w.text(`"top_level_domain":`, e.TopLevelDomain)
	as := w.open(`"as":`)
	if e.AS.Number != nil {
		w.name(`"number":`)
		w.b = strconv.AppendInt(w.b, *e.AS.Number, 10)
	}
	organization := w.open(`"organization":`)
	w.text(`"name":`, e.AS.Organization.Name)
	w.close(organization)
	w.close(as)
	geo := w.open(`"geo":`)
	w.text(`"city_name":`, e.Geo.CityName)
	w.text(`"region_name":`, e.Geo.RegionName)
	w.text(`"country_name":`, e.Geo.CountryName)
	w.text(`"postal_code":`, e.Geo.PostalCode)
	if point := e.Geo.Location; point != nil {
		location := w.open(`"location":`)
		w.float(`"lat":`, point.Lat)
		w.float(`"lon":`, point.Lon)
		w.close(location)
	}
	w.close(geo)
	user := w.open(`"user":`)
	w.text(`"id":`, e.User.ID)
	w.close(user)
	w.close(at)
}

func (w *writer) user(u *User) {
	w.text(`"id":`, u.ID)
	w.text(`"name":`, u.Name)
	w.text(`"email":`, u.Email)
	w.text(`"full_name":`, u.FullName)
}

func (w *writer) userAgent(a *UserAgent) {
	at := w.open(`"user_agent":`)
	w.text(`"original":`, a.Original)
	w.text(`"name":`, a.Name)
	w.text(`"version":`, a.Version)
	device := w.open(`"device":`)
	w.text(`"name":`, a.Device.Name)
	w.close(device)
	os := w.open(`"os":`)
	w.text(`"name":`, a.OS.Name)
	w.text(`"version":`, a.OS.Version)
	w.close(os)
	w.close(at)
}

func (w *writer) system(s *System) {
	at := w.open(`"system":`)
	w.text(`"severity":`, s.Severity)
	actor := w.open(`"actor":`)
	w.party(&s.Actor)
	w.close(actor)
	if len(s.Target) > 0 {
		w.name(`"target":`)
		for i := range s.Target {
			w.b = append(w.b, "[,"[min(i, 1)], '{')
			w.party(&s.Target[i])
			w.b = append(w.b, '}')
		}
		w.b = append(w.b, ']')
	}
	w.transaction(&s.Transaction)
	request := w.open(`"request":`)
	w.list(`"ip_chain":`, s.Request.IPChain)
	w.close(request)
	security := w.open(`"security_context":`)
	w.text(`"isp":`, s.SecurityContext.ISP)
	if s.SecurityContext.IsProxy != nil {
		w.name(`"is_proxy":`)
		w.b = strconv.AppendBool(w.b, *s.SecurityContext.IsProxy)
	}
	w.close(security)
	w.authentication(&s.AuthenticationContext)
	outcome := w.open(`"outcome":`)
	w.text(`"result":`, s.Outcome.Result)
	w.text(`"reason":`, s.Outcome.Reason)
	w.close(outcome)
	w.close(at)
}

func (w *writer) party(p *Party) {
	w.text(`"id":`, p.ID)
	w.text(`"type":`, p.Type)
	w.text(`"alternate_id":`, p.AlternateID)
	w.text(`"display_name":`, p.DisplayName)
}

func (w *writer) transaction(t *Transaction) {
	at := w.open(`"transaction":`)
	w.text(`"id":`, t.ID)
	w.text(`"type":`, t.Type)
	if len(t.Detail) > 0 {
		detail := w.open(`"detail":`)
		for _, name := range slices.Sorted(maps.Keys(t.Detail)) {
			w.name("")
			w.b = append(appendQuoted(w.b, name), ':')
			w.b = appendQuoted(w.b, t.Detail[name])
		}
		w.close(detail)
	}
	w.close(at)
}

func (w *writer) authentication(a *AuthenticationContext) {
	at := w.open(`"authentication_context":`)
	w.text(`"interface":`, a.Interface)
	authentication := w.open(`"authentication":`)
	w.text(`"provider":`, a.Authentication.Provider)
	w.close(authentication)
	credential := w.open(`"credential":`)
	w.text(`"provider":`, a.Credential.Provider)
	w.text(`"type":`, a.Credential.Type)
	w.close(credential)
	w.text(`"external_session_id":`, a.ExternalSessionID)
	issuer := w.open(`"issuer":`)
	w.text(`"id":`, a.Issuer.ID)
	w.text(`"type":`, a.Issuer.Type)
	w.close(issuer)
	w.close(at)
}
