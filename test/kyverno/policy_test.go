package kyverno

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"eks-lattice/internal/sidecar"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/policies/mpol"
	"github.com/kyverno/kyverno/pkg/cel/policies/mpol/autogen"
	"sigs.k8s.io/controller-runtime/pkg/log"
	kjson "sigs.k8s.io/json"
)

// usual is what the program renders with when nothing is configured.
var usual = sidecar.Args{Region: "ap-northeast-2"}

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// manifest returns the policy as the program applies it: through JSON, so that
// its numbers and lists have the types that an API server sees.
func manifest(tb testing.TB, args sidecar.Args) map[string]any {
	tb.Helper()
	rendered, err := sidecar.MutatingPolicy(args)
	if err != nil {
		tb.Fatal(err)
	}
	var m map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(marshal(tb, rendered), &m); err != nil {
		tb.Fatal(err)
	}
	return m
}

// policy returns the manifest, changed if there is something to change, as
// Kyverno reads it back. Kyverno's clients ask for v1beta1, which is the stored
// version; the conversion of a CRD without a conversion webhook changes
// apiVersion only.
func policy(tb testing.TB, args sidecar.Args, changes ...func(spec map[string]any)) *policiesv1beta1.MutatingPolicy {
	tb.Helper()
	api, err := newPolicyAPI("v1")
	if err != nil {
		tb.Fatal(err)
	}
	m := manifest(tb, args)
	for _, change := range changes {
		change(m["spec"].(map[string]any))
	}
	stored, err := api.store(m)
	if err != nil {
		tb.Fatal(err)
	}
	stored["apiVersion"] = "policies.kyverno.io/v1beta1"
	p := &policiesv1beta1.MutatingPolicy{}
	decode(tb, marshal(tb, stored), p)
	return p
}

// decode reads JSON strictly: unknown, misspelt and duplicate fields fail.
func decode(tb testing.TB, raw []byte, into any) {
	tb.Helper()
	strict, err := kjson.UnmarshalStrict(raw, into)
	if err := errors.Join(append(strict, err)...); err != nil {
		tb.Fatalf("decoding into %T: %v\n%s", into, err, raw)
	}
}

// wantError wants an error that says want, or none if want is empty.
func wantError(tb testing.TB, err error, want string) {
	tb.Helper()
	switch {
	case want == "" && err != nil:
		tb.Errorf("got error %v, want none", err)
	case want != "" && err == nil:
		tb.Errorf("got no error, want one that says %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		tb.Errorf("got error %q, want one that says %q", err, want)
	}
}

func wantEqual(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("%s: -want +got\n%s", what, diff)
	}
}

func marshal(tb testing.TB, object any) []byte {
	tb.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestKyvernoAcceptsThePolicy(t *testing.T) {
	t.Parallel()
	warnings, err := mpol.Validate(policy(t, usual))
	wantError(t, err, "")
	if len(warnings) > 0 {
		t.Errorf("Kyverno warns: %q", warnings)
	}
}

func TestKyvernoRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(spec map[string]any)
		want   string
	}{
		{"an expression that is no CEL", func(s map[string]any) {
			jsonPatch(s)["expression"] = "[JSONPatch{"
		}, "Syntax error"},
		{"an expression of another type", func(s map[string]any) {
			jsonPatch(s)["expression"] = `[{"op": "add"}]`
		}, "output is expected to be of type list"},
		{"a condition that is not true or false", func(s map[string]any) {
			s["matchConditions"].([]any)[0].(map[string]any)["expression"] = "object.metadata.name + 'x'"
		}, "spec.matchConditions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mpol.Validate(policy(t, usual, c.change))
			wantError(t, err, c.want)
		})
	}
}

func jsonPatch(spec map[string]any) map[string]any {
	return spec["mutations"].([]any)[0].(map[string]any)["jsonPatch"].(map[string]any)
}

// A policy for pods becomes one for Deployments, Jobs and so on unless it says
// otherwise. An empty list says so, and it must survive storage: absent, it
// means all of them.
func TestNothingIsGenerated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(spec map[string]any)
		want   int
	}{
		{"as rendered", func(map[string]any) {}, 0},
		{"without the autogen settings", func(s map[string]any) { delete(s, "autogen") }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy(t, usual, c.change)
			generated, err := autogen.Autogen(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(generated) != c.want {
				t.Errorf("Kyverno generates %d policies for pod controllers, want %d: %v", len(generated), c.want, generated)
			}
			if p.Spec.GenerateMutatingAdmissionPolicyEnabled() {
				t.Error("Kyverno makes the API server mutate by itself")
			}
		})
	}
}

// Existing pods cannot be mutated: a pod's containers are immutable.
func TestPolicyWorksAtAdmissionOnly(t *testing.T) {
	t.Parallel()
	spec := policy(t, usual).Spec
	for name, got := range map[string][2]bool{
		"admission":      {spec.AdmissionEnabled(), true},
		"background":     {spec.BackgroundEnabled(), false},
		"mutateExisting": {spec.MutateExistingEnabled(), false},
	} {
		if got[0] != got[1] {
			t.Errorf("evaluation %s: enabled is %t, want %t", name, got[0], got[1])
		}
	}
}
