package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Delete deletes an object at once if it has no finalizers. Otherwise the object
// keeps a deletion timestamp until controllers remove its finalizers. Dependents
// follow in the background.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
func (s *Server) Delete(op *world.Op, key Key) error {
	o := s.Lookup(key)
	if o == nil {
		return apierrors.NewNotFound(schema.GroupResource{Group: key.Group, Resource: strings.ToLower(key.Kind) + "s"}, key.Name)
	}
	if err := s.admit(&Request{Op: op, Verb: "DELETE", Key: key, GVK: o.gvk, Old: o.Content}); err != nil {
		return err
	}
	if o.Terminating() {
		return nil
	}
	switch {
	case key.Kind == "Namespace" && key.Group == "":
		if slices.Contains([]string{"default", "kube-system", "kube-public"}, key.Name) {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, key.Name, fmt.Errorf("this namespace may not be deleted"))
		}
		s.terminate(o)
		obj.Set(o.Content, "Terminating", "status", "phase")
	case key.Kind == "CustomResourceDefinition":
		obj.Set(o.Content, []any{"customresourcecleanup.apiextensions.k8s.io"}, "metadata", "finalizers")
		s.terminate(o)
	case len(o.Finalizers()) > 0:
		s.terminate(o)
	default:
		s.discard(o)
	}
	return s.Settle(op)
}

func (s *Server) terminate(o *Object) {
	o.Content = obj.Copy(o.Content)
	obj.Set(o.Content, s.World.Now().UTC().Format(time.RFC3339), "metadata", "deletionTimestamp")
	obj.Set(o.Content, int64(0), "metadata", "deletionGracePeriodSeconds")
	obj.Set(o.Content, obj.Int(o.Content, "metadata", "generation")+1, "metadata", "generation")
	s.put(o)
}

func (s *Server) discard(o *Object) {
	if s.objects[o.Key] != o {
		return
	}
	s.drop(o)
	if o.Kind == "CustomResourceDefinition" {
		for gvk, c := range s.customs {
			if gvk.Group == obj.Str(o.Content, "spec", "group") && c.GVK.Kind == obj.Str(o.Content, "spec", "names", "kind") {
				delete(s.customs, gvk)
			}
		}
	}
}

// Settle runs the server's own controllers to the end: garbage collection,
// namespaces and CRDs that are going away.
func (s *Server) Settle(op *world.Op) error {
	for {
		before := s.changes
		for _, o := range s.All() {
			if s.objects[o.Key] != o {
				continue
			}
			if err := s.settleOne(op, o); err != nil {
				return err
			}
		}
		if s.changes == before {
			return nil
		}
	}
}

func (s *Server) settleOne(op *world.Op, o *Object) error {
	switch {
	case o.Kind == "Namespace" && o.Group == "" && o.Terminating():
		return s.settleNamespace(op, o)
	case o.Kind == "CustomResourceDefinition" && o.Terminating():
		left := s.List(obj.Str(o.Content, "spec", "group"), obj.Str(o.Content, "spec", "names", "kind"), "")
		for _, instance := range left {
			if err := s.Delete(op, instance.Key); err != nil && !apierrors.IsNotFound(err) {
				return nil // the API server tries again
			}
		}
		if len(left) == 0 {
			s.discard(o)
		}
	case !o.Terminating() && s.orphaned(o):
		if err := s.Delete(op, o.Key); err != nil && !apierrors.IsNotFound(err) {
			return nil
		}
	}
	return nil
}

// orphaned reports whether all owners of an object are deleted.
func (s *Server) orphaned(o *Object) bool {
	owners := obj.Maps(o.Content, "metadata", "ownerReferences")
	for _, ref := range owners {
		gvk := schema.FromAPIVersionAndKind(obj.Str(ref, "apiVersion"), obj.Str(ref, "kind"))
		for _, ns := range []string{o.Namespace, ""} {
			if owner := s.Get(gvk.Group, gvk.Kind, ns, obj.Str(ref, "name")); owner != nil && owner.UID() == obj.Str(ref, "uid") {
				return false
			}
		}
	}
	return len(owners) > 0
}

// settleNamespace empties a namespace and deletes it when it is empty; what
// holds it up stands in its conditions, in the words of the real controller:
// https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/controller/namespace/deletion/status_condition_utils.go
func (s *Server) settleNamespace(op *world.Op, ns *Object) error {
	held := map[string]int{}
	empty := true
	for _, o := range s.All() {
		if o.Namespace != ns.Name {
			continue
		}
		if s.objects[o.Key] == o && !o.Terminating() {
			if err := s.Delete(op, o.Key); err != nil && !apierrors.IsNotFound(err) {
				empty = false
				continue
			}
		}
		if s.objects[o.Key] == o {
			empty = false
			for _, f := range o.Finalizers() {
				held[f]++
			}
		}
	}
	if empty {
		s.discard(ns)
		return nil
	}
	var parts []string
	for _, f := range obj.Keys(held) {
		parts = append(parts, fmt.Sprintf("%s in %d resource instances", f, held[f]))
	}
	message := "Some content in the namespace has finalizers remaining: " + strings.Join(parts, ", ")
	if len(parts) == 0 || obj.Str(first(obj.Maps(ns.Content, "status", "conditions")), "message") == message {
		return nil
	}
	obj.Set(ns.Content, []any{obj.Map{
		"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain", "message": message,
	}}, "status", "conditions")
	s.put(ns)
	return nil
}

func first(list []obj.Map) obj.Map {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// defaultServiceAccount is what kube-controller-manager adds to every namespace.
func (s *Server) defaultServiceAccount(namespace string) {
	if s.Get("", "ServiceAccount", namespace, "default") == nil {
		s.put(s.bootstrap("v1", "ServiceAccount", namespace, "default", nil))
	}
	if s.Get("", "ConfigMap", namespace, "kube-root-ca.crt") == nil {
		s.put(s.bootstrap("v1", "ConfigMap", namespace, "kube-root-ca.crt", nil))
	}
}
