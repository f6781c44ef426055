// Package law is the list of the rules that the twin enforces. Each rule says
// where it comes from, and a request that breaks it fails with the code and the
// wording of the real system.
package law

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Group is the chapter of docs/twin.md that a law stands in.
type Group string

// The groups, in the order in which docs/twin.md prints them.
const (
	References   Group = "references"
	Deletion     Group = "deletion"
	Lattice      Group = "Lattice"
	Certificates Group = "certificates"
	Access       Group = "cluster access"
	Kubernetes   Group = "Kubernetes"
	Controller   Group = "controller"
	Injection    Group = "injection"
	PodIdentity  Group = "Pod Identity"
	DNS          Group = "DNS"
	Call         Group = "call"
	Time         Group = "time"
)

// Groups lists every group in printing order.
var Groups = []Group{
	References, Deletion, Lattice, Certificates, Access, Kubernetes,
	Controller, Injection, PodIdentity, DNS, Call, Time,
}

// Law is one rule of the real system that the twin enforces. Whoever is refused,
// warned or delayed gets it as a value: see RefusalError, Warning and world.Op.
type Law struct {
	ID       string `json:"id"` // stable and kebab-case, unique in the twin: "vpc-has-dependencies"
	Group    Group  `json:"group"`
	Sentence string `json:"sentence"` // what the real system does, in one sentence
	Source   string `json:"source"`   // where that can be read: a public URL, or "modelled" with the reason
	Package  string `json:"package"`  // the import path of the package that registered it
}

var (
	mu  sync.Mutex
	all = map[string]Law{}
)

// New registers a law. It panics on a second law of the same id or on one that
// lacks a part, because both are mistakes of the twin's own source.
func New(group Group, id, sentence, source string) Law {
	mu.Lock()
	defer mu.Unlock()
	l := Law{ID: id, Group: group, Sentence: sentence, Source: source, Package: caller(2)}
	if _, taken := all[id]; taken {
		panic("law " + id + " is registered twice")
	}
	if id == "" || sentence == "" || source == "" || !slices.Contains(Groups, group) {
		panic(fmt.Sprintf("law %+v is incomplete", l))
	}
	all[id] = l
	return l
}

// caller returns the import path of the package whose code calls, skip frames up.
func caller(skip int) string {
	pc, _, _, _ := runtime.Caller(skip)
	name := runtime.FuncForPC(pc).Name() // eks-lattice/internal/twin/aws.init
	dir, base := path.Split(name)
	base, _, _ = strings.Cut(base, ".")
	return dir + base
}

// All returns every law, by group and then by id.
func All() []Law {
	mu.Lock()
	defer mu.Unlock()
	laws := make([]Law, 0, len(all))
	for _, l := range all {
		laws = append(laws, l)
	}
	slices.SortFunc(laws, func(a, b Law) int {
		if d := slices.Index(Groups, a.Group) - slices.Index(Groups, b.Group); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return laws
}

// RefusalError is the error of a request that broke a law.
type RefusalError struct {
	Law     Law
	Code    string // the real system's error code: "DependencyViolation", "Conflict", ...
	Message string // the real system's sentence
}

// Error prints the refusal as the real provider would: code, then sentence.
// The law's id follows, so that a reader of the twin's output can look it up.
func (r *RefusalError) Error() string {
	if r.Code == "" {
		return fmt.Sprintf("%s [law %s]", r.Message, r.Law.ID)
	}
	return fmt.Sprintf("%s: %s [law %s]", r.Code, r.Message, r.Law.ID)
}

// Refuse returns the refusal of a request that breaks l.
func (l Law) Refuse(code, format string, args ...any) *RefusalError {
	return &RefusalError{Law: l, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Of returns the law that an error says was broken, or the zero Law.
func Of(err error) Law {
	if r := (*RefusalError)(nil); errors.As(err, &r) {
		return r.Law
	}
	return Law{}
}

// Warning is something that the real system accepts and a user regrets.
type Warning struct {
	Law     Law
	Message string
}

// Warn returns a warning by l.
func (l Law) Warn(format string, args ...any) Warning {
	return Warning{Law: l, Message: fmt.Sprintf(format, args...)}
}

// String is the message with the law's id.
func (w Warning) String() string { return fmt.Sprintf("%s [law %s]", w.Message, w.Law.ID) }

// Compare orders warnings by their messages.
func (w Warning) Compare(other Warning) int { return cmp.Compare(w.Message, other.Message) }
