package cloud

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/iam"
)

// Calls are the calls to AWS that the provider makes for a resource type, as far
// as IAM asks for a permission, and those that AWS then makes in the caller's name.
// Services declare theirs in a file called calls.go, which cites the sources.
type Calls struct {
	Create  []Call
	Created []Call // the rest of a creation, once the resource exists
	Read    []Call // also at the end of a creation and of an update
	Update  []Call
	Delete  []Call
}

// Call is one of them.
type Call struct {
	Action string // of IAM: "ec2:CreateVpc"
	on     []On
	when   func(r *Request) bool
	keys   func(r *Request) iam.Context
	then   func(r *Request)
}

// On names the resources of a call that AWS asks the policies about.
type On func(r *Request) []Target

// Target is a resource of a call, with the condition keys that come with it.
type Target struct {
	ARN  string
	Keys iam.Context
}

// calls are the declared ones, by the token of a resource type or function.
var calls = map[string]Calls{}

// DefineCalls declares the calls of a resource type or function.
func DefineCalls(token string, c Calls) bool {
	calls[token] = c
	return true
}

// WithoutCalls are the resource types and functions that declare none.
func WithoutCalls() (tokens []string) {
	known := slices.Collect(maps.Keys(functions))
	for _, token := range append(known, slices.Collect(maps.Keys(resources))...) {
		if _, ok := calls[token]; !ok {
			tokens = append(tokens, token)
		}
	}
	slices.Sort(tokens)
	return tokens
}

// Does is a call that acts on resources. Without any, AWS asks about "*".
func Does(action string, on ...On) Call { return Call{Action: action, on: on} }

// Each is one call for each of the actions.
func Each(on On, actions ...string) []Call {
	list := make([]Call, 0, len(actions))
	for _, action := range actions {
		list = append(list, Does(action, on))
	}
	return list
}

// Reads are calls that AWS asks about as a whole.
func Reads(actions ...string) []Call {
	list := make([]Call, 0, len(actions))
	for _, action := range actions {
		list = append(list, Does(action))
	}
	return list
}

// When is the call only if the request meets a condition.
func (c Call) When(condition func(r *Request) bool) Call {
	c.when = condition
	return c
}

// Changing is the call only if an update changes one of the inputs.
func (c Call) Changing(inputs ...string) Call {
	return c.When(func(r *Request) bool { return slices.ContainsFunc(inputs, r.Changed) })
}

// Having is the call only if an input is given, and neither false nor empty.
func (c Call) Having(input string) Call {
	return c.When(func(r *Request) bool { return r.Flag(input) || r.Str(input) != "" || len(r.List(input)) > 0 })
}

// With adds condition keys of the call itself.
func (c Call) With(keys func(r *Request) iam.Context) Call {
	c.keys = keys
	return c
}

// Then is called when the policies allow the call.
func (c Call) Then(done func(r *Request)) Call {
	c.then = done
	return c
}

// Tagging is the call only if a creation gives tags.
func (c Call) Tagging() Call { return c.When(func(r *Request) bool { return len(r.Tags()) > 0 }) }

// Tagged adds the tags of the request, which aws:RequestTag and aws:TagKeys stand for.
func (c Call) Tagged() Call { return c.With((*Request).RequestTags) }

// RequestTags are the condition keys of a call that gives the tags of the request.
func (r *Request) RequestTags() iam.Context { return tagKeys("aws:RequestTag/", r.Tags(), true) }

func tagKeys(prefix string, tags map[string]string, keys bool) iam.Context {
	ctx := iam.Context{}
	for key, value := range tags {
		ctx.Set(prefix+key, value)
	}
	if keys && len(tags) > 0 {
		ctx.Set("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	}
	return ctx
}

// Existing is a record with its tags.
func Existing(m *Meta) Target { return Target{m.ARN, tagKeys("aws:ResourceTag/", m.Tags, false)} }

// Named is a resource of the account and Region by the last part of its ARN.
func Named(service, resource string) On {
	return func(r *Request) []Target { return []Target{{ARN: r.ARN(service, resource)}} }
}

// Fresh is a resource that the call creates with the tags of the request: AWS
// does not know its id yet.
func Fresh(service, kind string) On {
	return func(r *Request) []Target {
		return []Target{{ARN: r.ARN(service, kind+"/*"), Keys: r.RequestTags()}}
	}
}

// Self is the record that the request is about.
func Self[T Record](t *Table[T]) On {
	return func(r *Request) []Target { return existing(t, r, r.ID) }
}

// Untied is a target without its tags, for calls that have no condition key for them.
func Untied(on On) On {
	return func(r *Request) []Target {
		list := on(r)
		for i := range list {
			list[i].Keys = nil
		}
		return list
	}
}

// Of are the records that a property names by their ids: one id or a list.
func Of[T Record](t *Table[T], property string) On {
	ref := Reference{Property: property}
	return func(r *Request) []Target { return existing(t, r, ref.ids(r.In)...) }
}

func existing[T Record](t *Table[T], r *Request, ids ...string) (list []Target) {
	for _, id := range ids {
		var none T
		if found := t.Get(r.Account, id); found != none {
			list = append(list, Existing(found.Info()))
		}
	}
	return list
}

// Retagging is the call only if an update sets tags. It names those that change.
func (c Call) Retagging() Call {
	return c.When(func(r *Request) bool { return len(r.changedTags()) > 0 }).
		With(func(r *Request) iam.Context { return tagKeys("aws:RequestTag/", r.changedTags(), true) })
}

// Untagging is the call only if an update takes tags away.
func (c Call) Untagging() Call {
	return c.When(func(r *Request) bool { return len(r.removedTags()) > 0 }).
		With(func(r *Request) iam.Context {
			ctx := iam.Context{}
			ctx.Set("aws:TagKeys", r.removedTags()...)
			return ctx
		})
}

func (r *Request) changedTags() map[string]string {
	changed, old := r.Tags(), Object(r.Old["tagsAll"])
	maps.DeleteFunc(changed, func(key, value string) bool { return old[key] == value })
	return changed
}

func (r *Request) removedTags() []string {
	now := Object(r.In["tagsAll"])
	gone := maps.Clone(Object(r.Old["tagsAll"]))
	maps.DeleteFunc(gone, func(key string, _ any) bool { return now[key] != nil })
	return slices.Sorted(maps.Keys(gone))
}
