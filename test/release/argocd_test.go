//go:build release

package release

import (
	"encoding/json"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func TestArgoCDIsToldWhatTheReadyConditionSays(t *testing.T) {
	script := string(read(t, root, "config/argocd/health.lua"))
	ready := func(status, reason string) string {
		return `{"metadata":{"generation":2},"status":{"observedGeneration":2,"conditions":[` +
			`{"type":"PlanResolved","status":"False","reason":"PlanNotFound","message":"no"},` +
			`{"type":"Ready","status":"` + status + `","reason":"` + reason + `","message":"said"}]}}`
	}
	for name, tc := range map[string]struct{ object, status, message string }{
		"new":              {`{"metadata":{"generation":1}}`, "Progressing", "the operator has not seen it yet"},
		"ready":            {ready("True", v1alpha1.ReasonReady), "Healthy", "said"},
		"broken":           {ready("False", v1alpha1.ReasonPlanNotFound), "Degraded", "said"},
		"starting":         {ready("False", v1alpha1.ReasonGatewayProgressing), "Progressing", "said"},
		"at the upstream":  {ready("False", v1alpha1.ReasonInReview), "Progressing", "said"},
		"unknown":          {ready("Unknown", v1alpha1.ReasonReportUnavailable), "Progressing", "said"},
		"paused":           {ready("False", v1alpha1.ReasonPaused), "Suspended", "said"},
		"for the approver": {ready("False", v1alpha1.ReasonAwaitingApproval), "Suspended", "said"},
		"of another generation": {
			`{"metadata":{"generation":3},"status":{"observedGeneration":2,"conditions":[` +
				`{"type":"Ready","status":"True","reason":"Ready","message":"said"}]}}`,
			"Progressing", "the operator has not seen it yet",
		},
		"without conditions": {
			`{"metadata":{"generation":1},"status":{"observedGeneration":1}}`, "Progressing", "the operator has not seen it yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var object any
			if err := json.Unmarshal([]byte(tc.object), &object); err != nil {
				t.Fatal(err)
			}
			state := lua.NewState()
			defer state.Close()
			state.SetGlobal("obj", toLua(state, object))
			if err := state.DoString(script); err != nil {
				t.Fatal(err)
			}
			health, ok := state.Get(-1).(*lua.LTable)
			if !ok {
				t.Fatalf("the script returned %s", state.Get(-1).Type())
			}
			status, message := health.RawGetString("status").String(), health.RawGetString("message").String()
			if status != tc.status || message != tc.message {
				t.Errorf("got %s (%s), want %s (%s)", status, message, tc.status, tc.message)
			}
		})
	}
}

// toLua is a JSON value as Argo CD gives it to a script.
func toLua(state *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, element := range v {
			table.RawSetString(key, toLua(state, element))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, element := range v {
			table.Append(toLua(state, element))
		}
		return table
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	default:
		return lua.LNil
	}
}
