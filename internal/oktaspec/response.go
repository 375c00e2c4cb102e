package oktaspec

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"soar.example/okta/internal/oktasim"
)

func (s *Spec) checkResponse(op *openapi3.Operation, e oktasim.Exchange) []string {
	if e.Status >= http.StatusBadRequest {
		return checkError(e)
	}
	status := e.Status
	if op.OperationID == "assignRoleToGroup" && status == http.StatusCreated {
		// The description lists the body under 200. Okta sends it with 201.
		status = http.StatusOK
	}
	response := op.Responses.Value(strconv.Itoa(status))
	if response == nil {
		return []string{fmt.Sprintf("the response has status %d, which is not described", e.Status)}
	}
	media := response.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		if len(e.Response) > 0 && string(e.Response) != "{}" {
			return []string{"the response has a body where none is described: " + short(e.Response)}
		}
		return nil
	}
	var v any
	if err := json.Unmarshal(e.Response, &v); err != nil {
		return []string{"the response is not JSON: " + short(e.Response)}
	}
	var problems []string
	for _, err := range s.visit(media.Schema.Value, v, openapi3.VisitAsResponse()) {
		problems = append(problems, "the response: "+describe(err))
	}
	return problems
}

// checkError checks an error response. Its body has the format of Okta's errors
// (https://developer.okta.com/docs/reference/error-codes/) or of OAuth. The rejection of an access token may
// have no body.
func checkError(e oktasim.Exchange) []string {
	if len(e.Response) == 0 && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusBadRequest) {
		return nil
	}
	var body struct {
		Code    string `json:"errorCode"`
		Summary string `json:"errorSummary"`
		Link    string `json:"errorLink"`
		ID      string `json:"errorId"`
		Causes  *[]struct {
			Summary string `json:"errorSummary"`
		} `json:"errorCauses"`
		OAuth string `json:"error"`
	}
	if err := json.Unmarshal(e.Response, &body); err != nil {
		return []string{"the error is not JSON: " + short(e.Response)}
	}
	whole := body.Code != "" && body.Summary != "" && body.Link == body.Code && body.ID != "" && body.Causes != nil
	if !whole && body.OAuth == "" {
		return []string{"the error body has neither Okta's form nor OAuth's: " + short(e.Response)}
	}
	return nil
}

func short(b []byte) string {
	if len(b) > 300 {
		b = b[:300]
	}
	return string(b)
}
