package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// An account is a user as the embedded org tells it over HTTP.
type account struct {
	ID                string   `json:"id"`
	Login             string   `json:"login"`
	Status            string   `json:"status"`
	Sessions          []string `json:"sessions"`
	OAuthTokens       int      `json:"oauth_tokens"`
	RememberedDevices int      `json:"remembered_devices"`
	Groups            []struct {
		Name string `json:"name"`
	} `json:"groups"`
}

func (a *account) groups() []string {
	names := []string{}
	for _, g := range a.Groups {
		names = append(names, g.Name)
	}
	return names
}

// line is the account in the demo's JSON.
func (a *account) line() map[string]any {
	return map[string]any{"login": a.Login, "status": a.Status, "sessions": len(a.Sessions), "oauth_tokens": a.OAuthTokens, "remembered_devices": a.RememberedDevices, "groups": a.groups()}
}

// account asks the org how a user is now.
func (s *orgServer) account(ctx context.Context, login string) (*account, error) {
	a := new(account)
	return a, s.order(ctx, http.MethodGet, "/_org/state?user="+url.QueryEscape(login), nil, a)
}

// attack plays, over a few seconds, what an account takeover looks like in the
// log: pushes that the user denies, a sign-in from a country where she never was,
// and her report that it was not her.
func (s *orgServer) attack(ctx context.Context, victim *account) error {
	actor := map[string]any{"id": victim.ID, "type": "User", "alternateId": victim.Login, "displayName": "Alice Moreau"}
	from := func(ip, city, country string) map[string]any {
		return map[string]any{
			"ipAddress": ip, "device": "Computer", "zone": "null",
			"userAgent":           map[string]any{"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64)", "os": "Linux", "browser": "FIREFOX"},
			"geographicalContext": map[string]any{"city": city, "country": country},
		}
	}
	attacker, home := from("198.51.100.77", "Caracas", "Venezuela"), from("203.0.113.24", "Lyon", "France")
	event := func(kind, severity, message, result string, reason any, client map[string]any) map[string]any {
		return map[string]any{
			"eventType": kind, "severity": severity, "displayMessage": message, "actor": actor, "client": client,
			"outcome": map[string]any{"result": result, "reason": reason}, "target": []any{actor},
		}
	}
	deny := event("user.mfa.okta_verify.deny_push", "INFO", "User rejected Okta push verify", "SUCCESS", nil, attacker)
	signIn := event("user.session.start", "INFO", "User login to Okta", "SUCCESS", nil, attacker)
	signIn["debugContext"] = map[string]any{"debugData": map[string]any{"behaviors": "{New Country=POSITIVE, New IP=POSITIVE, New Device=POSITIVE}"}}
	if len(victim.Sessions) > 0 {
		signIn["authenticationContext"] = map[string]any{"authenticationStep": 0, "externalSessionId": victim.Sessions[0]}
	}
	report := event("user.account.report_suspicious_activity_by_enduser", "WARN", "User report suspicious activity", "SUCCESS", nil, home)
	for _, e := range []map[string]any{deny, deny, deny, signIn, report} {
		if err := s.order(ctx, http.MethodPost, "/_org/events", map[string]any{"events": []any{e}}, nil); err != nil {
			return err
		}
		if err := pause(ctx, 400*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// pause lets a person read along.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// order sends one order to the org, and reads its answer into answer if that is
// not nil.
func (s *orgServer) order(ctx context.Context, method, path string, body, answer any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, r)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: the org answered %d: %s", method, path, resp.StatusCode, b)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(b, answer)
}
