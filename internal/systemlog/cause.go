package systemlog

import "encoding/json"

// A Cause is what an event says of the request that it came of: the login that
// sent it can know its own by that. What the event does not say, or not as
// documented, is "".
type Cause struct {
	TokenID   string // transaction.detail.requestApiTokenId: the API token that was used
	RequestID string // transaction.id, which is the answer's X-Okta-Request-Id
	ClientID  string // client.id, which is that of an OAuth client
	ActorID   string
	Agent     string // client.userAgent.rawUserAgent
}

// Cause reads what the event says of the request that it came of.
func (h Head) Cause() Cause {
	var e struct {
		Transaction, Client, Actor json.RawMessage
	}
	if json.Unmarshal(h.Raw, &e) != nil {
		return Cause{}
	}
	var c Cause
	// Each by itself: one odd member must not hide the others.
	var transaction struct {
		ID     json.RawMessage `json:"id"`
		Detail struct {
			TokenID json.RawMessage `json:"requestApiTokenId"`
		} `json:"detail"`
	}
	_ = json.Unmarshal(e.Transaction, &transaction)
	c.RequestID, c.TokenID = text(transaction.ID), text(transaction.Detail.TokenID)
	var client struct {
		ID        json.RawMessage `json:"id"`
		UserAgent struct {
			Raw json.RawMessage `json:"rawUserAgent"`
		} `json:"userAgent"`
	}
	_ = json.Unmarshal(e.Client, &client)
	c.ClientID, c.Agent = text(client.ID), text(client.UserAgent.Raw)
	var actor struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(e.Actor, &actor)
	c.ActorID = text(actor.ID)
	return c
}

// text is the string that raw is, "" if it is none.
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}
