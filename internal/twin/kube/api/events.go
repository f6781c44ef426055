package api

import "k8s.io/apimachinery/pkg/runtime/schema"

// events are the changes of a server's objects, notes of what they rely on
// included, counted, with the last one of each kind.
type events struct {
	count   int64
	last    map[schema.GroupKind]int64
	reading *Reading // whose reads are recorded, nil for nobody's
}

// Reading is what somebody read of a server, and when.
type Reading struct {
	kinds map[schema.GroupKind]bool
	all   bool
	at    int64
}

// Watch runs f and returns what it read. What f itself changes of that is news
// to it.
func (s *Server) Watch(f func()) *Reading {
	r := &Reading{kinds: map[schema.GroupKind]bool{}, at: s.events.count}
	outer := s.events.reading
	s.events.reading = r
	f()
	s.events.reading = outer
	return r
}

// News tells whether anything of a kind that was read has changed since.
func (s *Server) News(r *Reading) bool {
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
func (s *Server) Renew(r *Reading) { r.at = s.events.count }

// Events counts the changes so far, notes of what objects rely on included.
func (s *Server) Events() int64 { return s.events.count }

func (s *Server) touch(k Key) {
	s.events.count++
	s.events.last[schema.GroupKind{Group: k.Group, Kind: k.Kind}] = s.events.count
}

func (s *Server) read(group, kind string) {
	if r := s.events.reading; r != nil {
		r.kinds[schema.GroupKind{Group: group, Kind: kind}] = true
	}
}

func (s *Server) readAll() {
	if r := s.events.reading; r != nil {
		r.all = true
	}
}
