package playbook

import (
	"errors"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// ParamProblems returns what [sdk.Backend.Validate] found wrong with the playbook's Params,
// at its places in the file. Any other error is returned as it is.
func (p *Playbook) ParamProblems(err error) error {
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != sdk.InvalidInput || p.refused == nil {
		return err
	}
	if len(e.Violations) == 0 {
		return p.refused([]schema.Violation{{Message: e.Message}})
	}
	return p.refused(e.Violations)
}
