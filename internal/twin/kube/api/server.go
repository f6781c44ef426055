// Package api is the API server of one cluster of the twin: objects by kind,
// namespace and name, validated, owned by field managers, removed by way of
// finalizers, owner references and namespaces.
package api

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// Key names an object whatever the version it is read at.
type Key struct{ Group, Kind, Namespace, Name string }

// String is "Kind namespace/name".
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Kind + " " + k.Name
	}
	return k.Kind + " " + k.Namespace + "/" + k.Name
}

// Path is "namespace/name", or the name of an object without a namespace.
func (k Key) Path() string { return strings.TrimPrefix(k.Namespace+"/"+k.Name, "/") }

// Dependency is something in the world without which an object would not be in
// the state it is in.
type Dependency struct {
	URN       string
	Law       law.Law       // the reason
	Immediate bool          // nothing retries: what is missing now is missing for good
	After     time.Duration // how long it takes to be of use, see world.Dependency
}

// Object is one stored object.
type Object struct {
	Key
	Content              obj.Map
	URN                  string // the Pulumi resource that created it, directly or through a controller
	Dependencies         []Dependency
	DeletionDependencies []Dependency // what its deletion depended on: set while it terminates
	gvk                  schema.GroupVersionKind
	managers             fieldpath.ManagedFields
	server               *Server // nil for an object that is not stored
}

// DependsOn records that the object's state depends on the resource urn, which
// may come later: a controller retries.
func (o *Object) DependsOn(urn string, reason law.Law) {
	o.dependsOn(Dependency{URN: urn, Law: reason})
}

// DependsOnNow is DependsOn where nothing retries.
func (o *Object) DependsOnNow(urn string, reason law.Law) {
	o.dependsOn(Dependency{URN: urn, Law: reason, Immediate: true})
}

// DependsOnObject records that the object's state depends on another object,
// and on everything that the other one depends on.
func (o *Object) DependsOnObject(other *Object, reason law.Law) {
	o.DependsOn(other.URN, reason)
	for _, d := range other.Dependencies {
		o.dependsOn(d)
	}
}

func (o *Object) dependsOn(d Dependency) {
	if d.URN != "" && !slices.Contains(o.Dependencies, d) {
		o.Dependencies = append(o.Dependencies, d)
		o.changed()
	}
}

// DeletionDependsOn records that the object's deletion could not have ended
// without the resource urn.
func (o *Object) DeletionDependsOn(urn string, reason law.Law) {
	d := Dependency{URN: urn, Law: reason, Immediate: true}
	if urn != "" && !slices.Contains(o.DeletionDependencies, d) {
		o.DeletionDependencies = append(o.DeletionDependencies, d)
		o.changed()
	}
}

// Record records the object's dependencies as those of an operation: all of them
// when the operation waited for the object's state, else those that nothing retries.
func (o *Object) Record(op *world.Op, waited bool) {
	for _, d := range o.Dependencies {
		if waited || d.Immediate {
			op.DependsOnAfter(d.URN, d.After, d.Law)
		}
	}
}

func (o *Object) changed() {
	if o.server != nil {
		o.server.touch(o.Key)
	}
}

// OwnerReference is how objects that a controller creates for o refer to it.
func (o *Object) OwnerReference() obj.Map {
	return obj.Map{
		"apiVersion": o.Content["apiVersion"], "kind": o.Kind, "name": o.Name, "uid": o.UID(),
		"controller": true, "blockOwnerDeletion": true,
	}
}

// OwnedBy tells whether owner is among the object's owners.
func (o *Object) OwnedBy(owner *Object) bool {
	return slices.ContainsFunc(obj.Maps(o.Content, "metadata", "ownerReferences"), func(ref obj.Map) bool {
		return obj.Str(ref, "uid") == owner.UID()
	})
}

// UID is metadata.uid.
func (o *Object) UID() string { return obj.Str(o.Content, "metadata", "uid") }

// Terminating tells whether the object waits for its finalizers.
func (o *Object) Terminating() bool {
	return obj.Str(o.Content, "metadata", "deletionTimestamp") != ""
}

// Finalizers are metadata.finalizers.
func (o *Object) Finalizers() []string { return obj.Strings(o.Content, "metadata", "finalizers") }

// Labels are metadata.labels.
func (o *Object) Labels() map[string]string { return obj.StringMap(o.Content, "metadata", "labels") }

// Annotation is one of metadata.annotations.
func (o *Object) Annotation(key string) string {
	return obj.Str(o.Content, "metadata", "annotations", key)
}

// Request is a request that passes admission.
type Request struct {
	Op           *world.Op
	Verb         string // "CREATE", "UPDATE", "DELETE"
	Key          Key
	GVK          schema.GroupVersionKind
	Object       obj.Map // may be changed by admission
	Old          obj.Map
	Dependencies []Dependency // of the object, found in admission
}

// Server is one cluster's API server. It is guarded by the world's lock.
type Server struct {
	World   *world.World
	Cluster string
	// Admit runs the mutating and validating webhooks; nil means there are none.
	Admit    func(*Request) error
	objects  map[Key]*Object
	customs  map[schema.GroupVersionKind]*kschema.Custom
	revision int64
	changes  int64
	events   events
}

// New returns an API server with the namespaces that every cluster has.
func New(w *world.World, cluster string) *Server {
	s := &Server{
		World: w, Cluster: cluster,
		objects: map[Key]*Object{}, customs: map[schema.GroupVersionKind]*kschema.Custom{},
		events: events{last: map[schema.GroupKind]int64{}},
	}
	for _, ns := range []string{"default", "kube-node-lease", "kube-public", "kube-system"} {
		s.put(s.bootstrap("v1", "Namespace", "", ns, obj.Map{"spec": obj.Map{"finalizers": []any{"kubernetes"}}, "status": obj.Map{"phase": "Active"}}))
		s.put(s.bootstrap("v1", "ServiceAccount", ns, "default", nil))
	}
	return s
}

func (s *Server) bootstrap(version, kind, namespace, name string, content obj.Map) *Object {
	c := obj.Copy(content)
	if c == nil {
		c = obj.Map{}
	}
	gvk := schema.FromAPIVersionAndKind(version, kind)
	c["apiVersion"], c["kind"] = version, kind
	o := &Object{Key: Key{gvk.Group, kind, namespace, name}, Content: c, gvk: gvk}
	obj.Set(c, name, "metadata", "name")
	if namespace != "" {
		obj.Set(c, namespace, "metadata", "namespace")
	}
	if kind == "Namespace" {
		obj.Set(c, name, "metadata", "labels", "kubernetes.io/metadata.name")
	}
	s.stamp(o)
	return o
}

// stamp gives a new object what the server sets.
func (s *Server) stamp(o *Object) {
	id := s.World.ID(s.Cluster+" "+o.Key.String(), 32)
	obj.Set(o.Content, fmt.Sprintf("%s-%s-4%s-8%s-%s", id[:8], id[8:12], id[13:16], id[17:20], id[20:]), "metadata", "uid")
	obj.Set(o.Content, s.World.Now().UTC().Format(time.RFC3339), "metadata", "creationTimestamp")
	obj.Set(o.Content, int64(1), "metadata", "generation")
}

func (s *Server) put(o *Object) {
	s.revision++
	s.changes++
	obj.Set(o.Content, strconv.FormatInt(s.revision, 10), "metadata", "resourceVersion")
	s.objects[o.Key] = o
	o.server = s
	s.touch(o.Key)
}

// Changes counts the writes so far: controllers look again until it stands still.
func (s *Server) Changes() int64 { return s.changes }

// Get returns nil when there is no such object.
func (s *Server) Get(group, kind, namespace, name string) *Object {
	s.read(group, kind)
	return s.objects[Key{group, kind, namespace, name}]
}

// Lookup is Get by key.
func (s *Server) Lookup(k Key) *Object {
	s.read(k.Group, k.Kind)
	return s.objects[k]
}

// Definition returns the CustomResourceDefinition of a kind, nil when there is none.
func (s *Server) Definition(group, kind string) *Object {
	for _, crd := range s.List("apiextensions.k8s.io", "CustomResourceDefinition", "") {
		if obj.Str(crd.Content, "spec", "group") == group && obj.Str(crd.Content, "spec", "names", "kind") == kind {
			return crd
		}
	}
	return nil
}

// List returns the objects of a kind by namespace and name; an empty namespace
// means all.
func (s *Server) List(group, kind, namespace string) []*Object {
	s.read(group, kind)
	var out []*Object
	for k, o := range s.objects {
		if k.Group == group && k.Kind == kind && (namespace == "" || k.Namespace == namespace) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, byKey)
	return out
}

// All returns every object, sorted.
func (s *Server) All() []*Object {
	s.readAll()
	out := make([]*Object, 0, len(s.objects))
	for _, o := range s.objects {
		out = append(out, o)
	}
	slices.SortFunc(out, byKey)
	return out
}

func byKey(a, b *Object) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// Serves tells whether the server knows the kind.
func (s *Server) Serves(gvk schema.GroupVersionKind) bool {
	_, err := s.kind(gvk)
	return err == nil
}

// kind is what the server knows of a kind.
type kind struct {
	gvk        schema.GroupVersionKind
	resource   schema.GroupResource
	namespaced bool
	builtin    *kschema.Builtin
	custom     *kschema.Custom
}

func (s *Server) kind(gvk schema.GroupVersionKind) (kind, error) {
	if b, ok := kschema.LookupBuiltin(gvk); ok {
		return kind{gvk, schema.GroupResource{Group: gvk.Group, Resource: b.Resource}, b.Namespaced, &b, nil}, nil
	}
	s.read("apiextensions.k8s.io", "CustomResourceDefinition")
	if c, ok := s.customs[gvk]; ok {
		return kind{gvk, schema.GroupResource{Group: gvk.Group, Resource: c.Resource}, c.Namespaced, nil, c}, nil
	}
	return kind{}, &apimeta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
}

// Namespaced tells whether objects of the kind live in namespaces.
func (s *Server) Namespaced(gvk schema.GroupVersionKind) (bool, error) {
	k, err := s.kind(gvk)
	return k.namespaced, err
}

// NotFound is the error of a request for an object that is not there.
func (s *Server) NotFound(gvk schema.GroupVersionKind, name string) error {
	k, err := s.kind(gvk)
	if err != nil {
		return err
	}
	return apierrors.NewNotFound(k.resource, name)
}
