package api

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"eks-lattice/internal/twin/kube/obj"
)

func validateService(content, old obj.Map) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec")
	ports := obj.Maps(content, "spec", "ports")
	if len(ports) == 0 && obj.Str(content, "spec", "clusterIP") != "None" && obj.Str(content, "spec", "type") != "ExternalName" {
		errs = append(errs, field.Required(path.Child("ports"), ""))
	}
	for i, p := range ports {
		errs = append(errs, validatePort(p["port"], path.Child("ports").Index(i).Child("port"))...)
		if len(ports) > 1 && obj.Str(p, "name") == "" {
			errs = append(errs, field.Required(path.Child("ports").Index(i).Child("name"), ""))
		}
	}
	if old != nil && obj.Str(old, "spec", "clusterIP") != obj.Str(content, "spec", "clusterIP") {
		errs = append(errs, field.Invalid(path.Child("clusterIPs").Index(0), obj.Str(content, "spec", "clusterIP"), "may not change once set"))
	}
	return errs
}
