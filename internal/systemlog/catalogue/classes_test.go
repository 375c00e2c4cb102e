package catalogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/sdk"
)

// TestClassesOfEveryType checks that every type has classes in both schemas and suggested actions.
func TestClassesOfEveryType(t *testing.T) {
	for typ := range catalogue.All() {
		if len(typ.ECS.Category) == 0 || len(typ.ECS.Type) == 0 || typ.EMM.Category.Code == "" || typ.EMM.EventType.Key == "" || len(typ.Actions) == 0 {
			t.Errorf("%s has no class or no actions: %+v", typ.Name, typ)
		}
		if (typ.Watch == "") != (typ.Watched == "") || typ.Watched != "" && !sdk.MatchType(typ.Watched, typ.Name) && typ.Watched != typ.Name+".*" {
			t.Errorf("%s is watched as %q: %q", typ.Name, typ.Watched, typ.Watch)
		}
		if diff := cmp.Diff(ecs.Classify(typ.Name), typ.ECS, cmpopts.EquateEmpty()); diff != "" || typ.EMM != emm.Classify(typ.Name) {
			t.Errorf("%s: %s", typ.Name, diff)
		}
	}
}
