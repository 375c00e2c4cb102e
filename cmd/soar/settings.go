package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"soar.example/okta/internal/origin"
	"soar.example/okta/sdk"
)

// The environment variables that settings come from.
const (
	envOrgURL     = "OKTA_ORG_URL"
	envToken      = "OKTA_API_TOKEN"
	envClientID   = "OKTA_CLIENT_ID"
	envPrivateKey = "OKTA_PRIVATE_KEY"
	envKeyID      = "OKTA_KEY_ID"
	envScopes     = "OKTA_SCOPES"
	envDPoP       = "OKTA_DPOP"
)

// login are the settings that log in, by the variable that each comes from.
var login = map[string]string{
	envToken: "token", envClientID: "client_id", envPrivateKey: "private_key", envKeyID: "key_id", envScopes: "scopes", envDPoP: "dpop",
}

const defaultConfig = "soar.yaml"

// settings gathers the connection's settings from the environment and soar.yaml;
// the environment wins. A token is sent only to the org that it was written down
// with: taking the address from one place and the token from another would hand
// one org's token to another host.
func (a *app) settings() (json.RawMessage, error) {
	file, name, err := a.readConfig()
	if err != nil {
		return nil, err
	}
	org := os.Getenv(envOrgURL)
	fileOrg, _ := file["org_url"].(string)
	fromEnv := os.Getenv(envToken) != "" || os.Getenv(envPrivateKey) != ""
	if secret := file["token"] != nil || file["private_key"] != nil; org != "" && secret && !fromEnv && !sameOrg(org, fileOrg) {
		return nil, sdk.Invalid(fmt.Sprintf("%s is %s, but the login in %s belongs to %s: a token is not sent to another org; set %s as well", envOrgURL, org, name, fileOrg, envToken))
	}
	if fromEnv {
		// One login, not half of each.
		for _, setting := range login {
			delete(file, setting)
		}
		delete(file, "algorithm")
	}
	if org != "" {
		file["org_url"] = org
	}
	for variable, setting := range login {
		v := os.Getenv(variable)
		switch {
		case v == "":
		case variable == envScopes:
			file[setting] = strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
		case variable == envPrivateKey:
			if file[setting], err = keyFrom(v); err != nil {
				return nil, err
			}
		default:
			file[setting] = v
		}
	}
	var missing []string
	if file["org_url"] == nil {
		missing = append(missing, "the org's address ("+envOrgURL+", or org_url in "+name+")")
	}
	if file["token"] == nil && file["private_key"] == nil {
		missing = append(missing, "a login ("+envToken+"; or "+envClientID+" and "+envPrivateKey+"; or the same in "+name+")")
	}
	if len(missing) > 0 && a.plugin == "" {
		return nil, sdk.Invalid("not connected to an org: needs " + strings.Join(missing, " and ") + "; to try soar without one, type: soar demo")
	}
	return json.Marshal(file)
}

// keyFrom is the private key that a variable holds, or the file holds that it names:
// keys have many lines, and some places where variables are set have one.
func keyFrom(v string) (string, error) {
	const most = 64 << 10
	text := strings.TrimSpace(v)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN") {
		return strings.ReplaceAll(text, `\n`, "\n"), nil
	}
	// What is no file's name may be a key after all, and is not repeated.
	bad := func(what string) (string, error) {
		return "", sdk.Invalid(envPrivateKey + " is neither a key, as PEM or as a JWK, nor the name of a file with one: " + what)
	}
	info, err := os.Stat(text)
	switch {
	case err != nil:
		return bad("there is no such file, or it cannot be read")
	case !info.Mode().IsRegular() || info.Size() > most:
		return bad("it is no file, or too large")
	}
	key, err := os.ReadFile(text)
	if err != nil {
		return bad("the file cannot be read")
	}
	return string(key), nil
}

func sameOrg(a, b string) bool {
	return a == b || origin.Same(a, b)
}

// readConfig reads the settings file: an empty map if none was named and there is
// none.
func (a *app) readConfig() (map[string]any, string, error) {
	name := a.config
	if name == "" {
		name = defaultConfig
	}
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && a.config == "" {
		return map[string]any{}, name, nil
	}
	if err != nil {
		return nil, name, sdk.Invalid("cannot read the settings: " + err.Error())
	}
	settings := map[string]any{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return settings, name, nil
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw)).Decode(&settings); err != nil {
		// The parser's own message would repeat lines of the file, the token's too.
		return nil, name, sdk.Invalid(name + " is not a YAML file of settings such as org_url and token" + position(err))
	}
	if info, err := os.Stat(name); err == nil && (settings["token"] != nil || settings["private_key"] != nil) && info.Mode().Perm()&0o077 != 0 {
		a.logger.Warn("the settings file holds a secret and others on this machine may read it; chmod 600 mends that", "file", name, "mode", info.Mode().Perm().String())
	}
	return settings, name, nil
}

func position(err error) string {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		p := at.GetToken().Position
		return fmt.Sprintf(" (line %d, column %d)", p.Line, p.Column)
	}
	return ""
}
