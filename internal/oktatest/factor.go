package oktatest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// NewFactor describes a factor that a user has enrolled. User, an id or login, and Type are required.
type NewFactor struct {
	ID   string `json:"id,omitempty"`
	User string `json:"user"`
	// Type is Okta's factorType, such as push, signed_nonce, token:software:totp, sms or webauthn.
	Type string `json:"type"`
	// Provider is OKTA by default, FIDO for webauthn.
	Provider string `json:"provider,omitempty"`
	// Status is ACTIVE by default.
	Status string `json:"status,omitempty"`
	// Profile takes the place of the profile that the type has by default.
	Profile map[string]any `json:"profile,omitempty"`
	// Device is the id of the device that holds the factor's keys; the factor goes when that is deactivated.
	Device string `json:"device,omitempty"`
}

// FactorState is one enrolled factor.
type FactorState struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Provider string `json:"provider"`
	Status   string `json:"status"`
}

// factor is one enrolment of a user.
type factor struct {
	id       string
	user     *user
	kind     string
	provider string
	status   string
	profile  map[string]any
	device   *device

	created, lastUpdated time.Time
}

// factorStore holds all factors, in order of enrolment, and the pushes sent to them.
type factorStore struct {
	all    []*factor
	pushes []*pushTransaction
	plans  map[*factor]Push
}

// factorKinds are the types of factor with the prefixes of their ids and the names that the log has for them.
var factorKinds = map[string]struct{ prefix, logged string }{
	"push":                {"opf", "OKTA_VERIFY_PUSH"},
	"signed_nonce":        {"fpr", "SIGNED_NONCE"},
	"token:software:totp": {"ost", "OKTA_SOFT_TOKEN"},
	"token:hotp":          {"chf", "CUSTOM_HOTP"},
	"token:hardware":      {"ykf", "YUBIKEY_TOKEN"},
	"token":               {"rsf", "RSA_TOKEN"},
	"sms":                 {"mbl", "SMS_FACTOR"},
	"call":                {"clf", "CALL_FACTOR"},
	"email":               {"emf", "EMAIL_FACTOR"},
	"question":            {"ufs", "SECURITY_QUESTION"},
	"webauthn":            {"fwf", "FIDO_WEBAUTHN"},
	"u2f":                 {"fuf", "FIDO_U2F"},
	"web":                 {"duf", "DUO_SECURITY"},
}

var factorStatuses = []string{"ACTIVE", "PENDING_ACTIVATION", "INACTIVE", "ENROLLED", "NOT_SETUP", "DISABLED", "EXPIRED"}

// AddFactor enrols a factor without a trace in the log. It panics when the user or device is unknown, the id is
// taken, or type or status does not exist.
func (o *Org) AddFactor(n NewFactor) FactorState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeFactor(n, o.clock()))
}

func (o *Org) placeFactor(n NewFactor, now time.Time) (FactorState, error) {
	u, err := o.findUser(n.User)
	if err != nil {
		return FactorState{}, fmt.Errorf("factor: %w", err)
	}
	kind, ok := factorKinds[n.Type]
	n.Status = orElse(n.Status, "ACTIVE")
	profile, err := plainProfile(n.Profile)
	taken := slices.ContainsFunc(o.factors.all, func(f *factor) bool { return f.id == n.ID })
	switch {
	case err != nil:
		return FactorState{}, err
	case !ok:
		return FactorState{}, fmt.Errorf("factor: there is no type %q", n.Type)
	case !slices.Contains(factorStatuses, n.Status):
		return FactorState{}, fmt.Errorf("factor: there is no status %q", n.Status)
	case n.ID != "" && taken:
		return FactorState{}, fmt.Errorf("factor: the id %s is taken", n.ID)
	}
	f := &factor{
		id: n.ID, user: u, kind: n.Type, provider: n.Provider, status: n.Status, profile: profile,
		created: now, lastUpdated: now,
	}
	if n.Device != "" {
		if f.device, err = o.findDevice(n.Device); err != nil {
			return FactorState{}, fmt.Errorf("factor: %w", err)
		}
	}
	if f.id == "" {
		f.id = o.stable.object(kind.prefix)
	}
	if f.provider == "" {
		f.provider = "OKTA"
		if f.kind == "webauthn" || f.kind == "u2f" {
			f.provider = "FIDO"
		}
	}
	if n.Profile == nil {
		f.profile = usualProfile(f)
	}
	o.factors.all = append(o.factors.all, f)
	return f.state(), nil
}

// usualProfile is what a factor of that type tells about itself.
func usualProfile(f *factor) map[string]any {
	login := f.user.login()
	switch f.kind {
	case "push", "signed_nonce":
		name := "Phone of " + f.user.name()
		if f.device != nil {
			name = text(f.device.profile, "displayName")
		}
		return map[string]any{"credentialId": login, "deviceType": "SmartPhone_IPhone", "name": name, "platform": "IOS", "version": "18.5"}
	case "sms", "call":
		number := 0
		for _, letter := range f.id {
			number = (10*number + int(letter)) % 10_000
		}
		return map[string]any{"phoneNumber": fmt.Sprintf("+1555010%04d", number)}
	case "email":
		return map[string]any{"email": text(f.user.profile, "email")}
	case "question":
		return map[string]any{"question": "favorite_art_piece", "questionText": "What is your favorite piece of art?"}
	case "webauthn", "u2f":
		return map[string]any{"credentialId": login, "authenticatorName": "Security key"}
	}
	return map[string]any{"credentialId": login}
}

func (f *factor) state() FactorState {
	return FactorState{ID: f.id, Type: f.kind, Provider: f.provider, Status: f.status}
}

// isOktaVerify tells whether the factor lives in the Okta Verify app, where factors come and go together.
func (f *factor) isOktaVerify() bool {
	return f.provider == "OKTA" && slices.Contains([]string{"push", "signed_nonce", "token:software:totp"}, f.kind)
}

// of returns a user's factors in the order of enrolment.
func (s *factorStore) of(u *user) []*factor {
	var out []*factor
	for _, f := range s.all {
		if f.user == u {
			out = append(out, f)
		}
	}
	return out
}

// remove takes away the factors that gone chooses, with their pushes, and returns them.
func (s *factorStore) remove(gone func(*factor) bool) []*factor {
	var out []*factor
	s.all = slices.DeleteFunc(s.all, func(f *factor) bool {
		if !gone(f) {
			return false
		}
		out = append(out, f)
		return true
	})
	s.pushes = slices.DeleteFunc(s.pushes, func(p *pushTransaction) bool { return slices.Contains(out, p.factor) })
	maps.DeleteFunc(s.plans, func(f *factor, _ Push) bool { return slices.Contains(out, f) })
	return out
}

// findFactor finds a factor of that user only.
func (o *Org) findFactor(u *user, id string) (*factor, error) {
	for _, f := range o.factors.all {
		if f.user == u && f.id == id {
			return f, nil
		}
	}
	return nil, notFound(id, "UserFactor")
}
