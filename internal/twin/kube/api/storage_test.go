package api

import (
	"testing"

	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// News are changes of the kinds that were read, however they came about.
func TestNewsAreOfWhatWasRead(t *testing.T) {
	t.Parallel()
	config := func(value string) obj.Map {
		return obj.Map{"apiVersion": "v1", "kind": "ConfigMap", "metadata": obj.Map{"name": "x", "namespace": "default"},
			"data": obj.Map{"key": value}}
	}
	apply := func(t *testing.T, s *Server, content obj.Map) *Object {
		t.Helper()
		o, err := s.Apply(&world.Op{}, content, "test", true)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for name, tt := range map[string]struct {
		read   func(*Server)
		change func(*testing.T, *Server)
		want   bool
	}{
		"nothing": {func(s *Server) { s.List("", "ConfigMap", "") }, func(*testing.T, *Server) {}, false},
		"another kind": {func(s *Server) { s.List("", "Secret", "") }, func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("b")) },
			false},
		"a listed one": {func(s *Server) { s.List("", "ConfigMap", "") },
			func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("b")) }, true},
		"one looked for": {func(s *Server) { s.Get("", "ConfigMap", "default", "none") },
			func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("b")) }, true},
		"one looked up": {func(s *Server) { s.Lookup(Key{Kind: "ConfigMap"}) },
			func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("b")) }, true},
		"among all":      {func(s *Server) { s.All() }, func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("b")) }, true},
		"nothing of all": {func(s *Server) { s.All() }, func(*testing.T, *Server) {}, false},
		"the same again": {func(s *Server) { s.List("", "ConfigMap", "") },
			func(t *testing.T, s *Server) { t.Helper(); apply(t, s, config("a")) }, false},
		"its own change": {func(s *Server) { _, _ = s.Apply(&world.Op{}, config("b"), "test", true) }, func(*testing.T, *Server) {}, true},
		"a deletion": {func(s *Server) { s.List("", "ConfigMap", "") }, func(_ *testing.T, s *Server) {
			_ = s.Delete(&world.Op{}, Key{Kind: "ConfigMap", Namespace: "default", Name: "x"})
		}, true},
		"what it relies on": {func(s *Server) { s.List("", "ConfigMap", "") }, func(t *testing.T, s *Server) {
			t.Helper()
			apply(t, s, config("a")).DependsOn("urn", law.Law{})
		}, true},
	} {
		s := New(world.New(), "cluster")
		apply(t, s, config("a"))
		r := s.Watch(func() { tt.read(s) })
		tt.change(t, s)
		if s.News(r) != tt.want {
			t.Errorf("%s: news is %v", name, !tt.want)
		}
		if s.Renew(r); s.News(r) {
			t.Errorf("%s: news after it was dated to now", name)
		}
	}
}
