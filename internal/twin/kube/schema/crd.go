// Package schema knows the kinds of a Kubernetes API server: the built-in ones
// by Kubernetes' own Go types and schemas, the others by the
// CustomResourceDefinitions that were applied, enforced with the API server's
// own libraries.
package schema

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// Custom is one served version of a CustomResourceDefinition.
type Custom struct {
	GVK        schema.GroupVersionKind
	Resource   string
	Namespaced bool
	Status     bool // has the status subresource

	once       sync.Once // compiles the parts below when the first object of the kind arrives
	schema     *apiextensions.JSONSchemaProps
	err        error
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
	types      managedfields.TypeConverter
}

var (
	compiledMu sync.Mutex
	compiled   = map[[sha256.Size]byte][]*Custom{}
)

// Parse reads a CustomResourceDefinition that an API server accepted. Two
// definitions with the same spec share what is compiled of them, in the whole
// process: the CEL rules of one Gateway API kind take a second to compile.
func Parse(crd map[string]any) ([]*Custom, error) {
	text, err := json.Marshal(crd["spec"])
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	compiledMu.Lock()
	defer compiledMu.Unlock()
	if have, ok := compiled[key]; ok {
		return have, nil
	}
	var specV1 apiextensionsv1.CustomResourceDefinitionSpec
	if err := json.Unmarshal(text, &specV1); err != nil {
		return nil, err
	}
	var list []*Custom
	for _, v := range specV1.Versions {
		if !v.Served {
			continue
		}
		c := &Custom{
			GVK:      schema.GroupVersionKind{Group: specV1.Group, Version: v.Name, Kind: specV1.Names.Kind},
			Resource: specV1.Names.Plural, Namespaced: specV1.Scope == apiextensionsv1.NamespaceScoped,
			Status: v.Subresources != nil && v.Subresources.Status != nil,
		}
		if v.Schema != nil && v.Schema.OpenAPIV3Schema != nil {
			c.schema = &apiextensions.JSONSchemaProps{}
			if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, c.schema,
				nil); err != nil {
				return nil, err
			}
			s, err := structuralschema.NewStructural(c.schema)
			if err != nil {
				return nil, err
			}
			if errs := structuralschema.ValidateStructural(field.NewPath("spec", "versions").Key(v.Name).Child("schema", "openAPIV3Schema"),
				s); len(errs) > 0 {
				return nil, errs.ToAggregate()
			}
			c.structural = s
		}
		list = append(list, c)
	}
	compiled[key] = list
	return list, nil
}

// compile creates the validators as NewStrategy of the API server's registry
// for custom resources does.
func (c *Custom) compile() {
	if c.schema == nil {
		return
	}
	c.validator, _, c.err = validation.NewSchemaValidator(c.schema)
	if c.err != nil {
		return
	}
	c.rules = cel.NewValidator(c.structural, true, celconfig.PerCallLimit)
	root := c.structural.ToKubeOpenAPI()
	anything := spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"object"}}}
	anything.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	for _, p := range []string{"metadata"} {
		root.Properties[p] = anything
	}
	for _, p := range []string{"apiVersion", "kind"} {
		root.Properties[p] = spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"string"}}}
	}
	root.AddExtension("x-kubernetes-group-version-kind", []any{map[string]any{
		"group": c.GVK.Group, "version": c.GVK.Version, "kind": c.GVK.Kind,
	}})
	c.types, c.err = managedfields.NewTypeConverter(map[string]*spec.Schema{"root": root}, false)
}

// Types is the kind's schema for server-side apply.
func (c *Custom) Types() (managedfields.TypeConverter, error) {
	c.once.Do(c.compile)
	if c.types == nil && c.err == nil {
		return managedfields.NewDeducedTypeConverter(), nil
	}
	return c.types, c.err
}

// Complete prunes what the schema does not know and fills in its defaults.
func (c *Custom) Complete(content map[string]any) {
	if c.structural == nil {
		return
	}
	pruning.Prune(content, c.structural, true)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, c.structural)
	defaulting.Default(content, c.structural)
}

// blocking are the errors that keep the API server from checking CEL rules:
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go
var blocking = []field.ErrorType{
	field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid,
}

// Validate checks a new object, or old's successor, by the schema and the CEL
// rules, in the order of the API server's own strategy:
// https://github.com/kubernetes/apiextensions-apiserver/blob/v0.35.0/pkg/registry/customresource/strategy.go
func (c *Custom) Validate(content, old map[string]any) (field.ErrorList, error) {
	c.once.Do(c.compile)
	if c.err != nil {
		return nil, fmt.Errorf("compiling the schema of %s: %w", c.GVK, c.err)
	}
	if c.schema == nil {
		return nil, nil
	}
	var errs field.ErrorList
	var oldValue any
	if old == nil {
		errs = validation.ValidateCustomResource(nil, content, c.validator)
	} else {
		errs = validation.ValidateCustomResourceUpdate(nil, content, old, c.validator)
		oldValue = old
	}
	errs = append(errs, schemaobjectmeta.Validate(nil, content, c.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, c.structural, content)...)
	if c.rules == nil {
		return errs, nil
	}
	for _, e := range errs {
		if slices.Contains(blocking, e.Type) {
			return append(errs, field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the "+
				"existing errors to complete validation")), nil
		}
	}
	broken, _ := c.rules.Validate(context.Background(), nil, c.structural, content, oldValue, celconfig.RuntimeCELCostBudget)
	return append(errs, broken...), nil
}
