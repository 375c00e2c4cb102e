package oktasim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// NewFactor describes a factor that a user has enrolled. User, an ID or login, and Type are required.
type NewFactor struct {
	ID   string `json:"id,omitempty"`
	User string `json:"user"`
	// Type is Okta's factorType, such as push, signed_nonce, token:software:totp, sms or webauthn.
	Type string `json:"type"`
	// Provider is OKTA by default, FIDO for webauthn.
	Provider string `json:"provider,omitempty"`
	// Status is ACTIVE by default.
	Status string `json:"status,omitempty"`
	// Profile replaces the default profile of the type.
	Profile map[string]any `json:"profile,omitempty"`
	// Device is the ID of the device that holds the factor's keys. Deactivating the device removes the factor.
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
	object
	user     *user
	kind     string
	provider string
	profile  doc
	device   *device
}

// factorStore holds all factors, in order of enrolment, and the pushes to them.
type factorStore struct {
	all    []*factor
	pushes []*pushTransaction
	plans  map[*factor]Push
}

// factorKinds are the types of factor with the prefixes of their IDs and their names in the log.
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

var factorStatuses = []string{statusActive, "PENDING_ACTIVATION", statusInactive, "ENROLLED", "NOT_SETUP", "DISABLED", "EXPIRED"}

// AddFactor enrols a factor without a log event. It panics if the ID is taken, or the user, device, type or status is
// unknown.
func (o *Org) AddFactor(n NewFactor) FactorState { return add(o, n, (*Org).insertFactor) }

func (o *Org) insertFactor(n NewFactor, now time.Time) (FactorState, error) {
	n.Status = cmp.Or(n.Status, statusActive)
	n.Provider = cmp.Or(n.Provider, map[string]string{"webauthn": "FIDO", "u2f": "FIDO"}[n.Type], "OKTA")
	u, errUser := o.findUser(n.User)
	d, errDevice := find(o.devices, n.Device, "UDDevice")
	if n.Device == "" {
		errDevice = nil
	}
	profile, err := wire.Plain(n.Profile)
	kind := factorKinds[n.Type]
	if err := invalid("factor",
		errUser, errDevice, err, unknown("type", n.Type, slices.Collect(maps.Keys(factorKinds))...),
		unknown("status", n.Status, factorStatuses...), taken(o.factors.all, n.ID),
	); err != nil {
		return FactorState{}, err
	}
	f := &factor{object: o.newObject(n.ID, kind.prefix, n.Status, now), user: u, kind: n.Type, provider: n.Provider, profile: profile, device: d}
	if n.Profile == nil {
		f.profile = usualProfile(f)
	}
	o.factors.all = append(o.factors.all, f)
	return f.state(), nil
}

// usualProfile is the profile of a factor of that type.
func usualProfile(f *factor) doc {
	login := f.user.login()
	switch f.kind {
	case "push", "signed_nonce":
		name := "Phone of " + f.user.name()
		if f.device != nil {
			name = text(f.device.profile, "displayName")
		}
		return doc{"credentialId": login, "deviceType": "SmartPhone_IPhone", "name": name, "platform": "IOS", "version": "18.5"}
	case "sms", "call":
		number := 0
		for _, letter := range f.id {
			number = (10*number + int(letter)) % 10_000
		}
		return doc{"phoneNumber": fmt.Sprintf("+1555010%04d", number)}
	case "email":
		return doc{"email": text(f.user.profile, "email")}
	case "question":
		return doc{"question": "favorite_art_piece", "questionText": "What is your favorite piece of art?"}
	case "webauthn", "u2f":
		return doc{"credentialId": login, "authenticatorName": "Security key"}
	}
	return doc{"credentialId": login}
}

func (f *factor) state() FactorState {
	return FactorState{ID: f.id, Type: f.kind, Provider: f.provider, Status: f.status}
}

// isOktaVerify reports whether the factor is in the Okta Verify app, where factors are enrolled and reset together.
func (f *factor) isOktaVerify() bool {
	return f.provider == "OKTA" && slices.Contains([]string{"push", "signed_nonce", "token:software:totp"}, f.kind)
}

// of returns a user's factors in order of enrolment.
func (s *factorStore) of(u *user) []*factor {
	return where(s.all, func(f *factor) bool { return f.user == u })
}

// remove removes the factors for which gone is true, with their pushes, and returns them.
func (s *factorStore) remove(gone func(*factor) bool) []*factor {
	out := where(s.all, gone)
	s.all = slices.DeleteFunc(s.all, gone)
	s.pushes = slices.DeleteFunc(s.pushes, func(p *pushTransaction) bool { return slices.Contains(out, p.factor) })
	maps.DeleteFunc(s.plans, func(f *factor, _ Push) bool { return slices.Contains(out, f) })
	return out
}

// pathFactor is the factor of the call's path, if it belongs to the path's user.
func (o *Org) pathFactor(c *call) (*factor, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return nil, err
	}
	return find(o.factors.of(u), c.Params[1], "UserFactor")
}

func (c *call) factorDoc(f *factor) doc {
	d := c.shape("factor", &f.object, doc{"type": f.kind, "provider": f.provider, "profile": f.profile, "user": f.user.id})
	links, owner := d["_links"].(doc), c.URL("/api/v1/users/"+f.user.id+"/factors/")
	switch {
	case f.kind == "question":
		links["questions"] = wire.Hinted(owner+"questions", "GET")
	case f.status == statusActive:
		links["verify"] = wire.Hinted(owner+f.id+"/verify", "POST")
	}
	return d
}

func (o *Org) listFactors(c *call, u *user) (any, error) {
	return each(o.factors.of(u), c.factorDoc), nil
}

// deleteFactor removes, with a push or signed_nonce factor, all factors of the user in Okta Verify.
func (o *Org) deleteFactor(c *call, f *factor) (any, error) {
	if f.user.status == StatusDeprovisioned {
		return nil, wire.Code("E0000038")
	}
	withOthers := f.isOktaVerify() && f.kind != "token:software:totp"
	o.removeFactors(c, func(other *factor) bool {
		return other == f || withOthers && other.user == f.user && other.isOktaVerify()
	})
	return nil, nil
}

// removeFactors removes factors and logs each.
func (o *Org) removeFactors(c *call, gone func(*factor) bool) {
	for _, f := range o.factors.remove(gone) {
		o.logDetail(c, "user.mfa.factor.deactivate", detail{reason: "User reset " + factorKinds[f.kind].logged + " factor"}, f.user.target())
	}
}
