package api

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/schema"
)

func validateCRD(key Key, content obj.Map) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec")
	if want := obj.Str(content, "spec", "names", "plural") + "." + obj.Str(content, "spec", "group"); key.Name != want {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), key.Name, `must be spec.names.plural+"."+spec.group`))
	}
	storage := 0
	for i, v := range obj.Maps(content, "spec", "versions") {
		if obj.Bool(v, "storage") {
			storage++
		}
		if obj.At(v, "schema", "openAPIV3Schema") == nil {
			errs = append(errs, field.Required(path.Child("versions").Index(i).Child("schema", "openAPIV3Schema"), "schemas are required"))
		}
	}
	if storage != 1 {
		errs = append(errs, field.Invalid(path.Child("versions"), storage, "must have exactly one version marked as storage version"))
	}
	if len(errs) == 0 {
		if _, err := schema.Parse(content); err != nil {
			errs = append(errs, field.Invalid(path, "", err.Error()))
		}
	}
	// CRDs of the *.k8s.io groups need an approval:
	// https://github.com/kubernetes/enhancements/pull/1111
	if group := obj.Str(content, "spec", "group"); (strings.HasSuffix(group, ".k8s.io") || strings.HasSuffix(group, ".kubernetes.io")) &&
		obj.Str(content, "metadata", "annotations", "api-approved.kubernetes.io") == "" {
		errs = append(errs, field.Required(field.NewPath("metadata", "annotations").Key("api-approved.kubernetes.io"),
			"protected groups must have approval annotation \"api-approved.kubernetes.io\", see "+
				"https://github.com/kubernetes/enhancements/pull/1111"))
	}
	return errs
}
