package kyverno

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemacel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// policyAPI is one served version of the MutatingPolicy API.
type policyAPI struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
}

func newPolicyAPI(version string) (*policyAPI, error) {
	crds, err := data.Crds()
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(crds, "policies.kyverno.io_mutatingpolicies.yaml")
	if err != nil {
		return nil, err
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return nil, err
	}
	for _, v := range crd.Spec.Versions {
		if v.Name != version || !v.Served {
			continue
		}
		var schema apiextensions.CustomResourceValidation
		err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, &schema, nil)
		if err != nil {
			return nil, err
		}
		api := &policyAPI{}
		if api.structural, err = structuralschema.NewStructural(schema.OpenAPIV3Schema); err != nil {
			return nil, err
		}
		api.validator, _, err = validation.NewSchemaValidator(schema.OpenAPIV3Schema)
		return api, err
	}
	return nil, fmt.Errorf("%s does not serve version %s", crd.Name, version)
}

// store returns the manifest as the API server stores it, with the schema's
// defaults. A field that the schema does not know is an error, as it is for
// clients that ask for strict validation.
func (api *policyAPI) store(manifest map[string]any) (map[string]any, error) {
	object := runtime.DeepCopyJSON(manifest)
	unknown := pruning.PruneWithOptions(object, api.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	var problems []error
	for _, path := range unknown {
		problems = append(problems, fmt.Errorf("unknown field %q", path))
	}
	defaulting.Default(object, api.structural)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	for _, message := range utilvalidation.IsDNS1123Subdomain(name) {
		problems = append(problems, fmt.Errorf("metadata.name: %s", message))
	}
	for _, e := range validation.ValidateCustomResource(nil, object, api.validator) {
		problems = append(problems, e)
	}
	for _, e := range listtype.ValidateListSetsAndMaps(nil, api.structural, object) {
		problems = append(problems, e)
	}
	// Nil when the schema has no rules, as it is in Kyverno 1.19.
	if cel := schemacel.NewValidator(api.structural, true, celconfig.PerCallLimit); cel != nil {
		errs, _ := cel.Validate(context.Background(), nil, api.structural, object, nil, celconfig.RuntimeCELCostBudget)
		for _, e := range errs {
			problems = append(problems, e)
		}
	}
	return object, errors.Join(problems...)
}

func TestPolicyIsValidAgainstTheCRD(t *testing.T) {
	t.Parallel()
	api, err := newPolicyAPI("v1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.store(manifest(t, usual)); err != nil {
		t.Errorf("the API server refuses the policy: %v", err)
	}
}

// The schema must be able to refuse, or the test above says nothing.
func TestCRDRefuses(t *testing.T) {
	t.Parallel()
	api, err := newPolicyAPI("v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(spec map[string]any)
		want   string
	}{
		{"a misspelt field", func(s map[string]any) { s["matchCondition"] = s["matchConditions"] }, `unknown field "spec.matchCondition"`},
		{"a wrong type", func(s map[string]any) { s["failurePolicy"] = true }, "spec.failurePolicy: Invalid value"},
		{"a condition without its expression", func(s map[string]any) {
			s["matchConditions"] = []any{map[string]any{"name": "x"}}
		}, "spec.matchConditions[0].expression: Required value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := manifest(t, usual)
			c.change(m["spec"].(map[string]any))
			_, err := api.store(m)
			wantError(t, err, c.want)
		})
	}
}
