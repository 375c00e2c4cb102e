package oktatest

import "strings"

// universalLogout ends every session of a user and revokes all their tokens. Who is meant is said by id, or by the
// issuer, which is this org, and the id or login.
func (o *Org) universalLogout(c *call) (*reply, error) {
	var body struct {
		Subject struct {
			Format  string `json:"format"`
			ID      string `json:"id"`
			Issuer  string `json:"iss"`
			Subject string `json:"sub"`
		} `json:"sub_id"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	var u *user
	switch s := body.Subject; s.Format {
	case "opaque":
		u = o.userByID(s.ID)
	case "iss_sub":
		if strings.TrimSuffix(s.Issuer, "/") != c.base {
			return nil, invalid("sub_id", "sub_id: The issuer is unknown")
		}
		if u = o.userByID(s.Subject); u == nil {
			u = o.userByLogin(s.Subject)
		}
	default:
		return nil, invalid("sub_id", "sub_id: The format must be opaque or iss_sub")
	}
	if u == nil {
		return nil, invalid("sub_id", "sub_id: The subject is unknown")
	}
	o.endSessionsOf(u)
	o.revokeTokens(u)
	o.record(c, "user.authentication.universal_logout", userTarget(u))
	return noContent(), nil
}
