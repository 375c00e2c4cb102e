package oktatest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

// risk is how endangered an administrator says that a user is.
type risk struct{ level, reason string }

var riskLevels = []string{"HIGH", "MEDIUM", "LOW"}

var riskReason = regexp.MustCompile(`^[a-zA-Z0-9\s\-,.]*$`)

// maxRiskReason is the greatest length of a reason, and usualRiskReason what Okta shows where none was given.
const (
	maxRiskReason   = 500
	usualRiskReason = "Admin override risk"
)

// SetRisk sets the risk of a user, named by id or login, without a trace in the log. Level is HIGH, MEDIUM or LOW. It
// panics when there is no such user or level.
func (o *Org) SetRisk(userID, level, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	must(struct{}{}, o.placeRisk(userID, level, reason))
}

func (o *Org) placeRisk(userID, level, reason string) error {
	u, err := o.findUser(userID)
	if err != nil {
		return fmt.Errorf("risk: %w", err)
	}
	if !slices.Contains(riskLevels, level) {
		return fmt.Errorf("risk: there is no level %q", level)
	}
	u.risk = &risk{level, orElse(reason, usualRiskReason)}
	return nil
}

// riskDoc writes the level NONE and no reason for a user whose risk nobody has set.
func (c *call) riskDoc(u *user) map[string]any {
	owner := c.url("/api/v1/users/" + u.id)
	doc := map[string]any{
		"riskLevel": "NONE",
		"_links":    map[string]any{"self": hinted(owner+"/risk", "GET", "PUT"), "user": hinted(owner, "GET")},
	}
	if u.risk != nil {
		doc["riskLevel"], doc["reason"] = u.risk.level, u.risk.reason
	}
	return doc
}

func (o *Org) getRisk(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.riskDoc(u)), nil
}

// setRisk answers 201 the first time and 200 from then on.
func (o *Org) setRisk(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	var body struct {
		Level  string `json:"riskLevel"`
		Reason string `json:"riskReason"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(riskLevels, body.Level):
		return nil, invalid("riskLevel", "riskLevel: The value must be one of HIGH, MEDIUM, LOW")
	case utf8.RuneCountInString(body.Reason) > maxRiskReason:
		return nil, invalid("riskReason", "riskReason: String is too long")
	case !riskReason.MatchString(body.Reason):
		return nil, invalid("riskReason", "riskReason: Does not match required pattern")
	}
	status, before := http.StatusOK, "NONE"
	if u.risk == nil {
		status = http.StatusCreated
	} else {
		before = u.risk.level
	}
	u.risk = &risk{body.Level, orElse(body.Reason, usualRiskReason)}
	o.recordDetail(c, "user.risk.change",
		detail{reason: u.risk.reason, debug: map[string]any{"previousRiskLevel": before, "riskLevel": body.Level}}, userTarget(u))
	return jsonReply(status, c.riskDoc(u)), nil
}
