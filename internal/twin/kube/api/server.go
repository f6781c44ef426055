// Package api is the API server of one cluster of the twin: objects by kind,
// namespace and name, validated, owned by field managers, deleted by way of
// finalizers, owner references and namespaces.
package api

import (
	"fmt"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/obj"
	kschema "eks-lattice/internal/twin/kube/schema"
	"eks-lattice/internal/twin/world"
)

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
	Admit   func(*Request) error
	customs map[schema.GroupVersionKind]*kschema.Custom
	*Storage
}

// New returns an API server with the namespaces that every cluster has.
func New(w *world.World, cluster string) *Server {
	s := &Server{World: w, Cluster: cluster, customs: map[schema.GroupVersionKind]*kschema.Custom{}, Storage: newStorage()}
	for _, ns := range []string{"default", "kube-node-lease", "kube-public", "kube-system"} {
		s.put(s.bootstrap("v1", "Namespace", "", ns, obj.Map{"spec": obj.Map{"finalizers": []any{"kubernetes"}},
			"status": obj.Map{"phase": "Active"}}))
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

// Serves reports whether the server knows the kind.
func (s *Server) Serves(gvk schema.GroupVersionKind) bool {
	_, err := s.kind(gvk)
	return err == nil
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
