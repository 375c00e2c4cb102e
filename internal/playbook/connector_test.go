package playbook

import (
	"context"
	"sync"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// The small connector of the tests' playbooks. It has the same form as Okta's.

type client struct{}

type noSettings struct{}

type person struct {
	ID          string         `json:"id" jsonschema_description:"Id."`
	Type        string         `json:"type" jsonschema_description:"Type."`
	AlternateID string         `json:"alternateId" jsonschema_description:"Login."`
	DisplayName string         `json:"displayName,omitempty" jsonschema_description:"Name."`
	DetailEntry map[string]any `json:"detailEntry,omitempty" jsonschema_description:"Details."`
}

type logEvent struct {
	UUID      string    `json:"uuid" jsonschema_description:"Id."`
	Published time.Time `json:"published" jsonschema_description:"When."`
	EventType string    `json:"eventType" jsonschema_description:"What."`
	Severity  string    `json:"severity" jsonschema_description:"How bad."`
	Actor     person    `json:"actor" jsonschema_description:"Who."`
	Client    struct {
		IPAddress string `json:"ipAddress,omitempty" jsonschema_description:"Address."`
		UserAgent *struct {
			RawUserAgent string `json:"rawUserAgent,omitempty" jsonschema_description:"As sent."`
			OS           string `json:"os,omitempty" jsonschema_description:"System."`
			Browser      string `json:"browser,omitempty" jsonschema_description:"Browser."`
		} `json:"userAgent,omitempty" jsonschema_description:"With what."`
		GeographicalContext *struct {
			City        string `json:"city,omitempty" jsonschema_description:"City."`
			Country     string `json:"country,omitempty" jsonschema_description:"Country."`
			Geolocation *struct {
				Lat float64 `json:"lat,omitempty" jsonschema_description:"Latitude."`
				Lon float64 `json:"lon,omitempty" jsonschema_description:"Longitude."`
			} `json:"geolocation,omitempty" jsonschema_description:"Coordinates."`
		} `json:"geographicalContext,omitempty" jsonschema_description:"Where."`
	} `json:"client" jsonschema_description:"From where."`
	Outcome struct {
		Result string `json:"result,omitempty" jsonschema_description:"Result."`
		Reason string `json:"reason,omitempty" jsonschema_description:"Reason."`
	} `json:"outcome" jsonschema_description:"With what result."`
	Target       []person `json:"target,omitempty" jsonschema_description:"On whom."`
	DebugContext struct {
		DebugData map[string]any `json:"debugData,omitempty" jsonschema_description:"More."`
	} `json:"debugContext" jsonschema_description:"More."`
	Transaction struct {
		ID     string         `json:"id,omitempty" jsonschema_description:"Id."`
		Type   string         `json:"type,omitempty" jsonschema_description:"Type."`
		Detail map[string]any `json:"detail,omitempty" jsonschema_description:"Details."`
	} `json:"transaction" jsonschema_description:"In what transaction."`
	AuthenticationContext struct {
		ExternalSessionID  string `json:"externalSessionId,omitempty" jsonschema_description:"Session."`
		AuthenticationStep int    `json:"authenticationStep" jsonschema_description:"Step."`
	} `json:"authenticationContext" jsonschema_description:"In what session."`
}

type logParams struct {
	EventTypes []string     `json:"event_types,omitempty" jsonschema:"title=Event types,minItems=1,maxItems=5" jsonschema_description:"Event types."`
	LookBack   sdk.Duration `json:"look_back,omitempty" jsonschema:"title=Look back,default=5m" jsonschema_description:"How far back to begin."`
	Limit      int          `json:"limit,omitempty" jsonschema:"title=Limit,minimum=1,maximum=1000" jsonschema_description:"Page size."`
}

type tickParams struct {
	Every string `json:"every" jsonschema:"title=Every" jsonschema_description:"How often."`
}

type tick struct {
	N int `json:"n" jsonschema_description:"Number."`
}

type userInput struct {
	User string `json:"user" jsonschema:"title=User,minLength=1,maxLength=100" jsonschema_description:"Login or id."`
}

type groupInput struct {
	User  string `json:"user" jsonschema:"title=User,minLength=1" jsonschema_description:"Login or id."`
	Group string `json:"group" jsonschema:"title=Group,minLength=1" jsonschema_description:"Name or id."`
	Note  string `json:"note,omitempty" jsonschema:"title=Note" jsonschema_extras:"x-truncate=1000" jsonschema_description:"Why."`
}

type ticketInput struct {
	Summary  string         `json:"summary" jsonschema:"title=Summary" jsonschema_description:"In a sentence."`
	Severity string         `json:"severity,omitempty" jsonschema:"title=Severity,enum=low,enum=high,default=low" jsonschema_description:"How bad."`
	Score    float64        `json:"score,omitempty" jsonschema:"title=Score,minimum=0,maximum=10" jsonschema_description:"How bad, as a number."`
	Count    int            `json:"count,omitempty" jsonschema:"title=Count,minimum=1" jsonschema_description:"How many."`
	Urgent   bool           `json:"urgent,omitempty" jsonschema:"title=Urgent" jsonschema_description:"Now?"`
	Labels   []string       `json:"labels,omitempty" jsonschema:"title=Labels,maxItems=5,uniqueItems=true" jsonschema_description:"Labels."`
	Due      time.Time      `json:"due,omitzero" jsonschema:"title=Due" jsonschema_description:"By when."`
	Contact  *contact       `json:"contact,omitempty" jsonschema:"title=Contact" jsonschema_description:"Whom to ask."`
	Details  map[string]any `json:"details,omitempty" jsonschema:"title=Details" jsonschema_description:"Anything else."`
}

type contact struct {
	Name  string `json:"name" jsonschema:"title=Name" jsonschema_description:"Name."`
	Email string `json:"email,omitempty" jsonschema:"title=Email,format=email" jsonschema_description:"Address."`
}

type stateOutput struct {
	Outcome sdk.Outcome `json:"outcome" jsonschema_description:"What changed."`
	Before  string      `json:"before" jsonschema_description:"State before."`
	After   string      `json:"after" jsonschema_description:"State after."`
}

type userOutput struct {
	ID      string   `json:"id" jsonschema_description:"Id."`
	Status  string   `json:"status" jsonschema_description:"State."`
	Login   string   `json:"login,omitempty" jsonschema_description:"Login."`
	Factors int      `json:"factors" jsonschema_description:"How many factors."`
	Groups  []string `json:"groups,omitempty" jsonschema_description:"Names of groups."`
}

type ticketOutput struct {
	Outcome sdk.Outcome `json:"outcome" jsonschema_description:"What changed."`
	Before  string      `json:"before" jsonschema_description:"State before."`
	After   string      `json:"after" jsonschema_description:"State after."`
	Number  int         `json:"number" jsonschema_description:"Number."`
}

func action[In, Out any](name string, effect sdk.Effect, in In, out Out) sdk.Action[client, In, Out] {
	return sdk.Action[client, In, Out]{
		Name: name, Title: name, Summary: name + ".", Docs: "https://example.com/docs", Effect: effect,
		Example: sdk.Example[In, Out]{Input: in, Output: out},
		Run:     func(context.Context, client, In) (Out, error) { return out, nil },
	}
}

func trigger[P, E any](name string, example E) sdk.Trigger[client, P, struct{}, E] {
	return sdk.Trigger[client, P, struct{}, E]{
		Name: name, Title: name, Summary: name + ".", Docs: "https://example.com/docs", Every: time.Minute,
		Example: example,
		Poll: func(context.Context, client, P, struct{}) (sdk.Page[struct{}, E], error) {
			return sdk.Page[struct{}, E]{}, nil
		},
	}
}

var compiled = sync.OnceValues(func() (*sdk.Manifest, error) {
	backend, err := sdk.Connector[noSettings, client]{
		Name: "small", Title: "Small", Summary: "A small connector.", Docs: "https://example.com/docs", Version: "1.0.0",
		Open:  func(context.Context, noSettings) (client, error) { return client{}, nil },
		Check: func(context.Context, client) (sdk.Health, error) { return sdk.Health{}, nil },
		Actions: []sdk.AnyAction[client]{
			action("suspend_user", sdk.Writes, userInput{"ann"}, stateOutput{sdk.Changed, "ACTIVE", "SUSPENDED"}),
			action("add_user_to_group", sdk.Writes, groupInput{"ann", "Quarantine", ""}, stateOutput{sdk.Changed, "out", "in"}),
			action("get_user", sdk.Reads, userInput{"ann"}, userOutput{ID: "00u1", Status: "ACTIVE"}),
			action("open_ticket", sdk.Writes, ticketInput{Summary: "Look", Severity: "high", Score: 1, Count: 1}, ticketOutput{Outcome: sdk.Changed, Number: 1}),
		},
		Triggers: []sdk.AnyTrigger[client]{
			trigger[logParams]("system_log", logEvent{}),
			trigger[tickParams]("clock", tick{1}),
		},
	}.Compile()
	if err != nil {
		return nil, err
	}
	return backend.Manifest(context.Background())
})

func manifest(t testing.TB) *sdk.Manifest {
	t.Helper()
	m, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (userInput) IsDryRun() bool   { return false }
func (groupInput) IsDryRun() bool  { return false }
func (ticketInput) IsDryRun() bool { return false }
