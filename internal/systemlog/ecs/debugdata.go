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

func (e *event) debugData() *debugData {
	d := &e.named
	*d = debugData{}
	for _, m := range e.span(e.debug) {
		switch m.name {
		case "authnRequestId":
			d.authnRequestID = word(m.raw)
		case "clientSecret":
			d.clientSecret = word(m.raw)
		case "deviceFingerprint":
			d.deviceFingerprint = word(m.raw)
		case "dtHash":
			d.dtHash = word(m.raw)
		case "factor":
			d.factor = word(m.raw)
		case "grantType":
			d.grantType = word(m.raw)
		case "grantedScopes":
			d.grantedScopes = word(m.raw)
		case "requestId":
			d.requestID = word(m.raw)
		case "requestUri":
			d.requestURI = word(m.raw)
		case "requestedScopes":
			d.requestedScopes = word(m.raw)
		case "threatSuspected":
			d.threatSuspected = word(m.raw)
		case "url":
			d.url = word(m.raw)
		case "risk":
			d.risk = word(m.raw)
		case "behaviors":
			d.behaviors = word(m.raw)
		case "logOnlySecurityData":
			d.logOnly = word(m.raw)
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
