package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/labels"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"eks-lattice/internal/twin/kube/obj"
)

// validate refuses what the API server refuses. Custom kinds are checked in
// full by their CRD; of the built-in kinds, whose validation is part of the API
// server's own program and not of a library, the checks that a program of
// Deployments, Services and their company can run into.
func validate(k kind, key Key, content, old obj.Map) error {
	errs := validateMeta(key, content)
	if k.custom != nil {
		more, err := k.custom.Validate(content, old)
		if err != nil {
			return apierrors.NewInternalError(err)
		}
		errs = append(errs, more...)
	} else {
		if _, err := k.builtin.Decode(content); err != nil {
			return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %s", key.Kind, k.gvk.Version, key.Kind, err))
		}
		errs = append(errs, validateBuiltin(key, content, old)...)
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(k.gvk.GroupKind(), key.Name, errs)
	}
	return nil
}

func validateMeta(key Key, content obj.Map) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("metadata")
	if key.Name == "" {
		return append(errs, field.Required(path.Child("name"), "name or generateName is required"))
	}
	check := validation.NameIsDNSSubdomain
	switch key.Kind {
	case "Namespace":
		check = validation.NameIsDNSLabel
	case "Service":
		check = validation.NameIsDNS1035Label
	case "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding":
		check = func(string, bool) []string { return nil }
	}
	for _, message := range check(key.Name, false) {
		errs = append(errs, field.Invalid(path.Child("name"), key.Name, message))
	}
	for k, v := range obj.StringMap(content, "metadata", "labels") {
		for _, message := range utilvalidation.IsQualifiedName(k) {
			errs = append(errs, field.Invalid(path.Child("labels"), k, message))
		}
		for _, message := range utilvalidation.IsValidLabelValue(v) {
			errs = append(errs, field.Invalid(path.Child("labels"), v, message))
		}
	}
	return append(errs, validation.ValidateAnnotations(obj.StringMap(content, "metadata", "annotations"), path.Child("annotations"))...)
}

func validateBuiltin(key Key, content, old obj.Map) field.ErrorList {
	switch key.Kind {
	case "Deployment", "DaemonSet", "ReplicaSet":
		return validateWorkload(content, old)
	case "Pod":
		return validatePodSpec(obj.At(content, "spec"), field.NewPath("spec"))
	case "Service":
		return validateService(content, old)
	case "ConfigMap", "Secret":
		if obj.Bool(old, "immutable") && !reflect.DeepEqual(content["data"], old["data"]) {
			return field.ErrorList{field.Forbidden(field.NewPath("data"), "field is immutable when `immutable` is set")}
		}
	case "NetworkPolicy":
		return validateNetworkPolicy(content)
	case "CustomResourceDefinition":
		return validateCRD(key, content)
	}
	return nil
}

func validateWorkload(content, old obj.Map) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec")
	selector := obj.At(content, "spec", "selector")
	if len(selector) == 0 {
		errs = append(errs, field.Required(path.Child("selector"), ""))
	} else if match := obj.StringMap(selector, "matchLabels"); !labels.SelectorFromSet(match).Matches(labels.Set(obj.StringMap(content,
		"spec", "template", "metadata", "labels"))) {
		errs = append(errs, field.Invalid(path.Child("template", "metadata", "labels"),
			obj.StringMap(content, "spec", "template", "metadata", "labels"), "`selector` does not match template `labels`"))
	}
	if old != nil && !reflect.DeepEqual(selector, obj.At(old, "spec", "selector")) {
		errs = append(errs, field.Invalid(path.Child("selector"), selector, "field is immutable"))
	}
	return append(errs, validatePodSpec(obj.At(content, "spec", "template", "spec"), path.Child("template", "spec"))...)
}

func validatePodSpec(spec obj.Map, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	volumes := map[string]bool{}
	for _, v := range obj.Maps(spec, "volumes") {
		volumes[obj.Str(v, "name")] = true
	}
	names := map[string]bool{}
	if len(obj.Maps(spec, "containers")) == 0 {
		errs = append(errs, field.Required(path.Child("containers"), ""))
	}
	for _, list := range []string{"initContainers", "containers"} {
		for i, c := range obj.Maps(spec, list) {
			p, name := path.Child(list).Index(i), obj.Str(c, "name")
			if names[name] {
				errs = append(errs, field.Duplicate(p.Child("name"), name))
			}
			names[name] = true
			for _, message := range utilvalidation.IsDNS1123Label(name) {
				errs = append(errs, field.Invalid(p.Child("name"), name, message))
			}
			if strings.TrimSpace(obj.Str(c, "image")) == "" {
				errs = append(errs, field.Required(p.Child("image"), ""))
			}
			errs = append(errs, validateContainer(c, p)...)
			errs = append(errs, validateSleep(spec, c, p)...)
			for j, m := range obj.Maps(c, "volumeMounts") {
				if n := obj.Str(m, "name"); !volumes[n] {
					errs = append(errs, field.NotFound(p.Child("volumeMounts").Index(j).Child("name"), n))
				}
			}
			for j, port := range obj.Maps(c, "ports") {
				errs = append(errs, validatePort(obj.Get(port, "containerPort"), p.Child("ports").Index(j).Child("containerPort"))...)
			}
		}
	}
	return errs
}

// pullPolicies of an image; none given is one of them by default.
var pullPolicies = []string{"Always", "IfNotPresent", "Never"}

// validateContainer is what the API server says of a container's own values:
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/apis/core/validation/validation.go
func validateContainer(c obj.Map, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if policy := obj.Str(c, "imagePullPolicy"); policy != "" && !slices.Contains(pullPolicies, policy) {
		errs = append(errs, field.NotSupported(path.Child("imagePullPolicy"), policy, pullPolicies))
	}
	limits, requests := obj.At(c, "resources", "limits"), obj.At(c, "resources", "requests")
	for _, name := range obj.Keys(requests) {
		request, err := resource.ParseQuantity(fmt.Sprint(requests[name]))
		limit, limitErr := resource.ParseQuantity(fmt.Sprint(limits[name]))
		if err == nil && limitErr == nil && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("resources", "requests"), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

// validateSleep keeps a container's stop within that of its pod.
func validateSleep(spec, c obj.Map, path *field.Path) field.ErrorList {
	grace, given := obj.Number(obj.Get(spec, "terminationGracePeriodSeconds"))
	if !given {
		grace = 30
	}
	if sleep := obj.Int(c, "lifecycle", "preStop", "sleep", "seconds"); sleep < 0 || sleep > grace {
		return field.ErrorList{field.Invalid(path.Child("lifecycle", "preStop", "sleep"), sleep,
			fmt.Sprintf("must be non-negative and less than terminationGracePeriodSeconds (%d)", grace))}
	}
	return nil
}

func validatePort(v any, path *field.Path) field.ErrorList {
	n, ok := obj.Number(v)
	if !ok {
		return field.ErrorList{field.Required(path, "")}
	}
	var errs field.ErrorList
	for _, message := range utilvalidation.IsValidPortNum(int(n)) {
		errs = append(errs, field.Invalid(path, n, message))
	}
	return errs
}
