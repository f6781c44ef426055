package api

import (
	"fmt"
	"maps"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Apply is a server-side apply: content becomes what manager wants of the
// object, fields of other managers stay, and a field that another manager set
// to something else is a conflict unless force is given.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
func (s *Server) Apply(op *world.Op, content obj.Map, manager string, force bool) (*Object, error) {
	content = obj.Copy(content)
	k, key, err := s.identify(content)
	if err != nil {
		return nil, err
	}
	live := s.objects[key]
	if live == nil {
		if err := s.mayCreate(k, key); err != nil {
			return nil, err
		}
	}
	merged, managers, err := mergeApplied(k, key, live, content, manager, force)
	if err != nil {
		return nil, err
	}
	return s.store(op, k, key, live, merged, managers)
}

// Create creates an object for a controller, which does not apply but posts.
func (s *Server) Create(op *world.Op, content obj.Map, manager string) (*Object, error) {
	k, key, err := s.identify(obj.Copy(content))
	if err != nil {
		return nil, err
	}
	if s.objects[key] != nil {
		return nil, apierrors.NewAlreadyExists(k.resource, key.Name)
	}
	return s.Apply(op, content, manager, true)
}

// identify reads kind and name of an object and completes its namespace.
func (s *Server) identify(content obj.Map) (kind, Key, error) {
	gvk := schema.FromAPIVersionAndKind(obj.Str(content, "apiVersion"), obj.Str(content, "kind"))
	s.read(gvk.Group, gvk.Kind)
	k, err := s.kind(gvk)
	if err != nil {
		return kind{}, Key{}, err
	}
	namespace := obj.Str(content, "metadata", "namespace")
	if k.namespaced && namespace == "" {
		namespace = "default"
		obj.Set(content, namespace, "metadata", "namespace")
	}
	if !k.namespaced {
		namespace = ""
		obj.Delete(content, "metadata", "namespace")
	}
	return k, Key{gvk.Group, gvk.Kind, namespace, obj.Str(content, "metadata", "name")}, nil
}

func (s *Server) mayCreate(k kind, key Key) error {
	if !k.namespaced {
		return nil
	}
	ns := s.Get("", "Namespace", "", key.Namespace)
	if ns == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, key.Namespace)
	}
	if ns.Terminating() {
		return apierrors.NewForbidden(k.resource, key.Name,
			fmt.Errorf("unable to create new content in namespace %s because it is being terminated", key.Namespace))
	}
	return nil
}

// store takes a merged object through defaults, admission and validation.
func (s *Server) store(op *world.Op, k kind, key Key, live *Object, content obj.Map, managers fieldpath.ManagedFields) (*Object, error) {
	verb, old := "CREATE", obj.Map(nil)
	if live != nil {
		verb, old = "UPDATE", live.Content
	}
	complete(s.Cluster, k, key, content, old)
	request := &Request{Op: op, Verb: verb, Key: key, GVK: k.gvk, Object: content, Old: old}
	if live == nil || !reflect.DeepEqual(content, old) {
		if err := s.admit(request); err != nil {
			return nil, err
		}
	}
	content = request.Object
	if err := validate(k, key, content, old); err != nil {
		return nil, err
	}
	if live != nil && reflect.DeepEqual(content, old) {
		live.managers = managers
		return live, nil
	}
	o := live
	if o == nil {
		o = &Object{Key: key, gvk: k.gvk, URN: urnOf(op)}
		o.Content = content
		s.stamp(o)
		if key.Kind == "Namespace" {
			defer s.defaultServiceAccount(key.Name)
		}
	} else if !reflect.DeepEqual(spec(content), spec(old)) {
		obj.Set(content, obj.Int(old, "metadata", "generation")+1, "metadata", "generation")
	}
	o.Content, o.managers = content, managers
	for _, n := range request.Dependencies {
		o.dependsOn(n)
	}
	s.put(o)
	if key.Kind == "CustomResourceDefinition" {
		return o, s.establish(o)
	}
	return o, nil
}

func urnOf(op *world.Op) string {
	if op == nil {
		return ""
	}
	return op.URN
}

func spec(content obj.Map) obj.Map {
	c := maps.Clone(content)
	delete(c, "metadata")
	delete(c, "status")
	return c
}

func (s *Server) admit(r *Request) error {
	if s.Admit == nil {
		return nil
	}
	return s.Admit(r)
}

// Write lets a controller change a stored object in place, as manager. It does
// nothing when change leaves the object as it is.
func (s *Server) Write(o *Object, manager string, change func(content obj.Map)) error {
	next := obj.Copy(o.Content)
	change(next)
	next = obj.Copy(next)
	if reflect.DeepEqual(next, o.Content) {
		return nil
	}
	k, err := s.kind(o.gvk)
	if err != nil {
		return err
	}
	oldTyped, err := typedOf(k, o.Content)
	if err != nil {
		return fmt.Errorf("reading the stored %s: %w", o.Key, err)
	}
	newTyped, err := typedOf(k, next)
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.Key, err)
	}
	_, managers, err := updater.Update(oldTyped, newTyped, fieldpath.APIVersion(k.gvk.GroupVersion().String()), o.managers.Copy(), manager)
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.Key, err)
	}
	if !reflect.DeepEqual(spec(next), spec(o.Content)) {
		obj.Set(next, obj.Int(next, "metadata", "generation")+1, "metadata", "generation")
	}
	o.Content, o.managers = next, managers
	s.put(o)
	if o.Terminating() && len(o.Finalizers()) == 0 {
		s.discard(o)
	}
	return nil
}
