package settings

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"reflect"
	"strings"
	"unicode/utf8"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// maxSecret is the size in bytes of the largest file with a secret.
const maxSecret = 64 << 10

// A secretFile is a file with the value of a setting.
type secretFile struct {
	property schema.Property
	path     string
	hidden   bool   // the path may be a secret that was given in place of the name of a file
	origin   Origin // of the path
}

// read returns the value, and warnings of users who can read or change the file.
func (f *secretFile) read() (any, []Warning, error) {
	what := f.property.Name + " from the file " + f.path + " (" + f.origin.Name + ")"
	raw, err := inputfile.Read(f.path, maxSecret)
	if err != nil {
		if f.hidden {
			why := "it is no file, or too large"
			if e := (*fs.PathError)(nil); errors.As(err, &e) {
				why = "there is no such file, or it cannot be read"
			}
			return nil, nil, errors.New(f.origin.Name + " is neither a key, as PEM or as a JWK, nor the name of a file with one: " + why)
		}
		return nil, nil, errors.New("cannot read " + what + ": " + err.Error())
	}
	warnings, err := exposure(f.path, "secret file", true)
	if err != nil {
		return nil, nil, err
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	switch {
	case !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0:
		return nil, nil, errors.New("cannot use " + what + ": the file is not UTF-8 text")
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, nil, errors.New("cannot use " + what + ": the file is empty")
	}
	value, err := parseText(f.property.Node, strings.TrimRight(string(raw), "\r\n"))
	if err != nil {
		return nil, nil, errors.New("cannot use " + what + ": the content " + err.Error())
	}
	if found := findReference(value); found != "" {
		return nil, nil, errors.New("cannot use " + what + ": it contains a reference to a variable, and variables are not expanded. Write the value itself")
	}
	return value, warnings, nil
}

// HasSecretFiles reports whether the connection has secrets in files, which [Connection.Reread] reads again.
func (c *Connection) HasSecretFiles() bool { return len(c.secrets) > 0 }

// Reread reads the files with secrets again. It returns the connection with the new values, or nil if no value has
// changed. A value that the schema rejects is an error.
func (c *Connection) Reread() (*Connection, error) {
	changed := *c
	changed.Values = maps.Clone(c.Values)
	for i := range c.secrets {
		value, _, err := c.secrets[i].read()
		if err != nil {
			return nil, sdk.Invalid(err.Error())
		}
		changed.Values[c.secrets[i].property.Name] = value
	}
	if reflect.DeepEqual(changed.Values, c.Values) {
		return nil, nil
	}
	known, err := schema.Parse(json.RawMessage(c.Manifest.Settings))
	if err != nil {
		return nil, err
	}
	r := resolution{Connection: &changed, report: &report{file: c.config.name}, known: known}
	r.checkValues()
	return &changed, r.err()
}

// CurrentJSON returns the values with the current content of the files with secrets.
func (c *Connection) CurrentJSON() (json.RawMessage, error) {
	now, err := c.Reread()
	if err != nil {
		return nil, err
	}
	return cmp.Or(now, c).JSON()
}

// looksLikeKey reports whether a text is a private key, as PEM or as a JWK.
func looksLikeKey(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN")
}

// parseText returns the value of a variable or of a secret file as the type that the schema declares.
func parseText(n *schema.Node, text string) (value any, err error) {
	trimmed := strings.TrimSpace(text)
	switch {
	case n.Is("array") && strings.HasPrefix(trimmed, "["), n.Is("array") && strings.HasPrefix(trimmed, "- "):
		members, err := playbook.Document("", []byte("list:\n  "+strings.ReplaceAll(trimmed, "\n", "\n  ")))
		if err != nil || len(members) != 1 {
			return nil, errors.New("is not a list in YAML")
		}
		return members[0].Value, nil
	case n.Is("array"):
		items := []any{}
		for _, item := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \r\n", r) }) {
			items = append(items, item)
		}
		return items, nil
	case n.Is("object"):
		members, err := playbook.Document("", []byte(text))
		if err != nil {
			return nil, errors.New("is not a mapping in YAML")
		}
		values := map[string]any{}
		for _, m := range members {
			values[m.Name] = m.Value
		}
		return values, nil
	case n.Is("boolean"), n.Is("integer"), n.Is("number"):
		if json.Unmarshal([]byte(trimmed), &value) != nil {
			return nil, errors.New("is not a number, true or false")
		}
		return value, nil
	}
	return text, nil
}
