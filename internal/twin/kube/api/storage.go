package api

import (
	"cmp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/kube/obj"
)

// Storage holds the objects of a server, and records who reads what.
type Storage struct {
	objects  map[Key]*Object
	revision int64
	changes  int64
	events   events
}

func newStorage() *Storage {
	return &Storage{objects: map[Key]*Object{}, events: events{last: map[schema.GroupKind]int64{}}}
}

func (s *Storage) put(o *Object) {
	s.revision++
	s.changes++
	obj.Set(o.Content, strconv.FormatInt(s.revision, 10), "metadata", "resourceVersion")
	s.objects[o.Key] = o
	o.onChange = func() { s.touch(o.Key) }
	s.touch(o.Key)
}

// Changes counts the writes so far: controllers look again until it stands still.
func (s *Storage) Changes() int64 { return s.changes }

// Get returns an object, nil if it does not exist.
func (s *Storage) Get(group, kind, namespace, name string) *Object {
	s.read(group, kind)
	return s.objects[Key{group, kind, namespace, name}]
}

// Lookup is Get by key.
func (s *Storage) Lookup(k Key) *Object {
	s.read(k.Group, k.Kind)
	return s.objects[k]
}

// Definition returns the CustomResourceDefinition of a kind, nil if there is none.
func (s *Storage) Definition(group, kind string) *Object {
	for _, crd := range s.List("apiextensions.k8s.io", "CustomResourceDefinition", "") {
		if obj.Str(crd.Content, "spec", "group") == group && obj.Str(crd.Content, "spec", "names", "kind") == kind {
			return crd
		}
	}
	return nil
}

// List returns the objects of a kind by namespace and name; an empty namespace
// means all.
func (s *Storage) List(group, kind, namespace string) []*Object {
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
func (s *Storage) All() []*Object {
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

// drop deletes an object that is stored.
func (s *Storage) drop(o *Object) {
	delete(s.objects, o.Key)
	s.changes++
	s.touch(o.Key)
}

// events are the changes of a server's objects, notes of what they rely on
// included, counted, with the last one of each kind.
type events struct {
	count   int64
	last    map[schema.GroupKind]int64
	reading *Reading // that records reads, if one does
}

// Reading is what a function read of a server, and when.
type Reading struct {
	kinds map[schema.GroupKind]bool
	all   bool
	at    int64
}

// Watch runs f and returns what it read. What f itself changes of that is news
// to it.
func (s *Storage) Watch(f func()) *Reading {
	r := &Reading{kinds: map[schema.GroupKind]bool{}, at: s.events.count}
	outer := s.events.reading
	s.events.reading = r
	f()
	s.events.reading = outer
	return r
}

// News reports whether anything of a kind that was read has changed since.
func (s *Storage) News(r *Reading) bool {
	if r.all {
		return s.events.count != r.at
	}
	for kind := range r.kinds {
		if s.events.last[kind] > r.at {
			return true
		}
	}
	return false
}

// Renew dates a reading to now: what changed since has been changed back.
func (s *Storage) Renew(r *Reading) { r.at = s.events.count }

// Events counts the changes so far, notes of what objects rely on included.
func (s *Storage) Events() int64 { return s.events.count }

func (s *Storage) touch(k Key) {
	s.events.count++
	s.events.last[schema.GroupKind{Group: k.Group, Kind: k.Kind}] = s.events.count
}

func (s *Storage) read(group, kind string) {
	if r := s.events.reading; r != nil {
		r.kinds[schema.GroupKind{Group: group, Kind: kind}] = true
	}
}

func (s *Storage) readAll() {
	if r := s.events.reading; r != nil {
		r.all = true
	}
}
