package api

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
)

// establish starts to serve the kinds of a CustomResourceDefinition.
func (s *Server) establish(crd *Object) error {
	kinds, err := kschema.Parse(crd.Content)
	if err != nil {
		delete(s.objects, crd.Key)
		return apierrors.NewInvalid(schema.GroupKind{Group: crd.Group, Kind: crd.Kind}, crd.Name, nil)
	}
	group, kind := obj.Str(crd.Content, "spec", "group"), obj.Str(crd.Content, "spec", "names", "kind")
	for gvk := range s.customs {
		if gvk.Group == group && gvk.Kind == kind {
			delete(s.customs, gvk)
		}
	}
	for _, c := range kinds {
		s.customs[c.GVK] = c
	}
	if obj.Get(crd.Content, "status", "conditions") != nil {
		return nil
	}
	now := s.World.Now().UTC().Format(time.RFC3339)
	condition := func(kind, reason, message string) any {
		return obj.Map{"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}
	}
	status := obj.Map{
		"conditions": []any{
			condition("NamesAccepted", "NoConflicts", "no conflicts found"),
			condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
		},
		"acceptedNames":  obj.Copy(obj.At(crd.Content, "spec", "names")),
		"storedVersions": storedVersions(crd.Content),
	}
	crd.Content = obj.Copy(crd.Content)
	crd.Content["status"] = obj.Copy(status)
	s.put(crd)
	return nil
}

func storedVersions(crd obj.Map) []any {
	var out []any
	for _, v := range obj.Maps(crd, "spec", "versions") {
		if obj.Bool(v, "storage") {
			out = append(out, obj.Str(v, "name"))
		}
	}
	return out
}
