package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"soar.example/okta/internal/inputfile"
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

// settings returns the connection's settings, from the environment and soar.yaml. A
// value of the environment replaces that of the file. A token is sent only to the org
// that it was configured with: an address from one place and a token from another
// would send one org's token to another host.
func (a *app) settings(ctx context.Context) (json.RawMessage, error) {
	used, err := a.gather(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(used.values)
}

// Settings are those in use, and where they come from.
type usedSettings struct {
	values map[string]any
	file   string // "" if there is none
}

func (a *app) gather(ctx context.Context) (*usedSettings, error) {
	file, name, err := a.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	used := &usedSettings{values: file}
	if file != nil {
		used.file = name
	} else {
		file = map[string]any{}
		used.values = file
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
	if err := literalValues("the settings", "", file); err != nil {
		return nil, err
	}
	return used, nil
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
	key, err := inputfile.Read(text, most)
	var there *fs.PathError
	switch {
	case errors.As(err, &there):
		return bad("there is no such file, or it cannot be read")
	case err != nil:
		return bad("it is no file, or too large")
	}
	return string(key), nil
}

func sameOrg(a, b string) bool {
	return a == b || origin.Same(a, b)
}
