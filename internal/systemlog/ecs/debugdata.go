package ecs

import (
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// debugData is what responders search for most in debugContext.debugData.
type debugData struct {
	authnRequestID, clientSecret, deviceFingerprint, dtHash, factor, grantType, grantedScopes lit
	requestID, requestURI, requestedScopes, threatSuspected, url                              lit
	risk, behaviors, logOnly                                                                  lit
}

// debugData finds those values. It takes them out of the members, which become
// flattened, but for risk, behaviors and logOnlySecurityData: only parts of these have
// fields.
func (e *event) debugData() *debugData {
	d := &e.named
	*d = debugData{}
	all := e.span(e.debug)
	for i := range all {
		m := &all[i]
		var field *lit
		switch m.name {
		case "authnRequestId":
			field = &d.authnRequestID
		case "clientSecret":
			field = &d.clientSecret
		case "deviceFingerprint":
			field = &d.deviceFingerprint
		case "dtHash":
			field = &d.dtHash
		case "factor":
			field = &d.factor
		case "grantType":
			field = &d.grantType
		case "grantedScopes":
			field = &d.grantedScopes
		case "requestId":
			field = &d.requestID
		case "requestUri":
			field = &d.requestURI
		case "requestedScopes":
			field = &d.requestedScopes
		case "threatSuspected":
			field = &d.threatSuspected
		case "url":
			field = &d.url
		case "risk":
			d.risk = word(m.raw)
		case "behaviors":
			d.behaviors = word(m.raw)
		case "logOnlySecurityData":
			d.logOnly = word(m.raw)
		}
		if field == nil {
			continue
		}
		if l := word(m.raw); l != "" {
			*field, m.raw = l, ""
		}
	}
	return d
}

// word returns a scalar as a string, and "" for an object or a list.
func word(raw string) lit {
	switch raw[0] {
	case '"':
		return lit(raw)
	case '{', '[':
		return ""
	}
	return lit(`"` + raw + `"`)
}

func (w *writer) debug(e *event, d *debugData) {
	w.lit(`"authnRequestId":`, d.authnRequestID)
	w.lit(`"client_secret":`, d.clientSecret)
	w.lit(`"device_fingerprint":`, d.deviceFingerprint)
	w.lit(`"dt_hash":`, d.dtHash)
	w.lit(`"factor":`, d.factor)
	w.lit(`"grant_type":`, d.grantType)
	w.lit(`"granted_scopes":`, d.grantedScopes)
	w.lit(`"request_id":`, d.requestID)
	w.lit(`"request_uri":`, d.requestURI)
	w.lit(`"requested_scopes":`, d.requestedScopes)
	w.risk(d)
	w.lit(`"threat_suspected":`, d.threatSuspected)
	w.lit(`"url":`, d.url)
	w.flattened(`"flattened":`, e.span(e.debug))
}

// risk writes the risk that Okta found, from risk and behaviors, else from
// logOnlySecurityData.
func (w *writer) risk(d *debugData) {
	var room [12]string
	positive, reasons, level := room[:0:8], room[8:8], ""
	for name, value, rest := cutPair(d.behaviors.text()); name != ""; name, value, rest = cutPair(rest) {
		if value == "POSITIVE" {
			positive = append(positive, name)
		}
	}
	for name, value, rest := cutPair(d.risk.text()); name != ""; name, value, rest = cutPair(rest) {
		switch name {
		case "level":
			level = value
		case "reasons":
			reasons = split(reasons, value)
		}
	}
	if d.logOnly != "" && (level == "" || d.behaviors == "" || len(reasons) == 0) {
		r := readLogOnly(d.logOnly.text())
		if level == "" {
			level = r.level
		}
		if len(reasons) == 0 {
			reasons = r.reasons
		}
		if d.behaviors == "" {
			positive = r.positive
		}
	}
	w.texts(`"risk_behaviors":`, positive)
	w.text(`"risk_level":`, level)
	w.texts(`"risk_reasons":`, reasons)
}

func (w *writer) texts(quoted string, all []string) {
	if len(all) == 0 {
		return
	}
	w.name(quoted)
	for i, s := range all {
		w.b = jsonscan.AppendQuoted(append(w.b, "[,"[min(i, 1)]), s)
	}
	w.b = append(w.b, ']')
}

// cutPair returns the first pair of the text of a Java map, such as "{level=LOW,
// reasons=A, B}", and the text behind it. A part without an equals sign belongs to the
// value before it. name is "" at the end.
func cutPair(text string) (name, value, rest string) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	name, rest, found := strings.Cut(text, "=")
	if !found {
		return "", "", ""
	}
	for from := 0; ; {
		comma := strings.Index(rest[from:], ", ")
		if comma < 0 {
			return name, rest, ""
		}
		comma += from
		from = comma + len(", ")
		next, _, _ := strings.Cut(rest[from:], ", ")
		if strings.Contains(next, "=") {
			return name, rest[:comma], rest[from:]
		}
	}
}

// split appends the parts of a list with commas.
func split(parts []string, list string) []string {
	for list != "" {
		part, rest, _ := strings.Cut(list, ",")
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
		list = rest
	}
	return parts
}

type logOnly struct {
	level             string
	reasons, positive []string
}

// readLogOnly reads the JSON in debugData.logOnlySecurityData.
func readLogOnly(text string) (r logOnly) {
	p := jsonscan.New(text)
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "risk":
			if !p.Enter('{') {
				continue
			}
			for name, ok := p.Key(); ok; name, ok = p.Key() {
				switch name {
				case "level":
					r.level = p.Text()
				case "reasons":
					r.reasons = split(nil, p.Text())
				default:
					p.Skip()
				}
			}
		case "behaviors":
			if !p.Enter('{') {
				continue
			}
			for name, ok := p.Key(); ok; name, ok = p.Key() {
				if p.Text() == "POSITIVE" && name != "" {
					r.positive = append(r.positive, name)
				}
			}
		default:
			p.Skip()
		}
	}
	if p.Err() != nil {
		return logOnly{}
	}
	return r
}
