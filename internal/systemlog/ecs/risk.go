package ecs

import (
	"strings"

	"soar.example/okta/internal/jsonscan"
)

// risk writes Okta's risk assessment, from risk and behaviors, else from logOnlySecurityData.
func (w *writer) risk(e *event) {
	behaviors, logged := e.get(atBehaviors), e.get(atLogOnly)
	var buffer [12]string
	positive, reasons, level := buffer[:0:8], buffer[8:8], ""
	for name, value, rest := cutPair(behaviors.text()); name != ""; name, value, rest = cutPair(rest) {
		if value == "POSITIVE" {
			positive = append(positive, name)
		}
	}
	for name, value, rest := cutPair(e.get(atRisk).text()); name != ""; name, value, rest = cutPair(rest) {
		switch name {
		case "level":
			level = value
		case "reasons":
			reasons = split(reasons, value)
		}
	}
	if logged != "" && (level == "" || behaviors == "" || len(reasons) == 0) {
		r := readLogOnly(logged.text())
		if level == "" {
			level = r.level
		}
		if len(reasons) == 0 {
			reasons = r.reasons
		}
		if behaviors == "" {
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

// cutPair returns the first pair of a Java map in text form, such as "{level=LOW, reasons=A, B}",
// and the text after it. A part without an equals sign belongs to the previous value. At the end
// of the text, name is "".
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

// split appends the items of a list with commas.
func split(parts []string, list string) []string {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
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
	for name := range p.Members() {
		switch name {
		case "risk":
			for name := range p.Members() {
				switch name {
				case "level":
					r.level = p.Text()
				case "reasons":
					r.reasons = split(nil, p.Text())
				}
			}
		case "behaviors":
			for name := range p.Members() {
				if p.Text() == "POSITIVE" && name != "" {
					r.positive = append(r.positive, name)
				}
			}
		}
	}
	if p.Err() != nil {
		return logOnly{}
	}
	return r
}
