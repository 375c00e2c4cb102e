package httpconnector

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"soar.example/okta/schema"
)

// plainHeaders often have values that are no secrets, and that responses contain.
var plainHeaders = []string{"Accept", "Accept-Language", "Content-Type", "User-Agent", "X-Requested-With"}

// secretsOf returns a replacer that masks the secrets of a connection, which a service may
// repeat in its responses: values of headers, and long parts of base_url.
func secretsOf(s Settings, b *base) *strings.Replacer {
	var all []string
	add := func(least int, values ...string) {
		for _, v := range values {
			if len(v) >= least {
				all = append(all, v)
			}
		}
	}
	for name, value := range s.Headers {
		if slices.Contains(plainHeaders, http.CanonicalHeaderKey(name)) {
			continue
		}
		text := value.Reveal()
		_, credentials, _ := strings.Cut(text, " ") // as in Bearer …
		add(6, text, credentials)
	}
	for segment := range strings.SplitSeq(b.path, "/") {
		plain, _ := url.PathUnescape(segment)
		add(16, segment, plain)
	}
	for parameter := range strings.SplitSeq(b.query, "&") {
		_, value, _ := strings.Cut(parameter, "=")
		plain, _ := url.QueryUnescape(value)
		add(8, value, plain, url.QueryEscape(plain))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) }) // the longest first
	var pairs []string
	for _, secret := range slices.Compact(all) {
		pairs = append(pairs, secret, schema.Masked)
	}
	return strings.NewReplacer(pairs...)
}

// conceal returns a body for an error: without the secrets of the connection, and without
// those that their names or forms show.
func (c *Client) conceal(body []byte) string {
	if json.Valid(body) {
		return string(schema.MaskNamed(c.concealJSON(bytes.TrimSpace(body))))
	}
	return schema.MaskText(c.secrets.Replace(string(body)))
}

// concealJSON masks the secrets of the connection in the texts of a document. A document
// without them stays as it is, byte for byte.
func (c *Client) concealJSON(doc []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var value any
	if dec.Decode(&value) != nil {
		return doc
	}
	changed := false
	value = c.maskTexts(value, &changed)
	if !changed {
		return doc
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) != nil {
		return []byte(`"` + schema.Masked + `"`)
	}
	return bytes.TrimSpace(b.Bytes())
}

func (c *Client) maskTexts(value any, changed *bool) any {
	switch value := value.(type) {
	case string:
		masked := c.secrets.Replace(value)
		*changed = *changed || masked != value
		return masked
	case []any:
		for i, v := range value {
			value[i] = c.maskTexts(v, changed)
		}
	case map[string]any:
		all := make(map[string]any, len(value))
		for name, v := range value {
			key, _ := c.maskTexts(name, changed).(string)
			all[key] = c.maskTexts(v, changed)
		}
		return all
	}
	return value
}
