package api

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"eks-lattice/internal/twin/kube/obj"
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
	onChange             func() // of the dependencies, nil for an object that is not stored
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
	if o.onChange != nil {
		o.onChange()
	}
}

// OwnerReference is how objects that a controller creates for o refer to it.
func (o *Object) OwnerReference() obj.Map {
	return obj.Map{
		"apiVersion": o.Content["apiVersion"], "kind": o.Kind, "name": o.Name, "uid": o.UID(),
		"controller": true, "blockOwnerDeletion": true,
	}
}

// OwnedBy reports whether owner is among the object's owners.
func (o *Object) OwnedBy(owner *Object) bool {
	return slices.ContainsFunc(obj.Maps(o.Content, "metadata", "ownerReferences"), func(ref obj.Map) bool {
		return obj.Str(ref, "uid") == owner.UID()
	})
}

// UID is metadata.uid.
func (o *Object) UID() string { return obj.Str(o.Content, "metadata", "uid") }

// Terminating reports whether the object waits for its finalizers.
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
