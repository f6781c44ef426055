package cloud

import (
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// Request is one call of a resource's function with its inputs.
type Request struct {
	Account *Account
	Op      *world.Op
	URN     string
	Region  string
	ID      string       // empty in a creation
	In      engine.Props // the new inputs; in a deletion the last ones
	Old     engine.Props // the old inputs of an update
	by      string       // the URN of the provider that makes the call
	same    func(path string, x, y any) bool
}

// Meta begins the record of a new resource.
func (r *Request) Meta(id, arn, name string) Meta {
	return Meta{URN: r.URN, ID: id, ARN: arn, Name: name, Region: r.Region, Tags: r.Tags()}
}

// Identified is Meta for a record whose id and ARN follow from the request:
// "vpc-0123456789abcdef0" and "arn:aws:ec2:...:vpc/vpc-0123456789abcdef0".
func (r *Request) Identified(prefix, service, kind, name string) Meta {
	id := r.NewID(prefix)
	return r.Meta(id, r.ARN(service, kind+"/"+id), name)
}

// ARN is that of a resource of the account in the request's Region.
func (r *Request) ARN(service, resource string) string {
	return r.Account.ARN(service, r.Region, r.Account.ID, resource)
}

// NewID returns "<prefix>-0123456789abcdef0".
func (r *Request) NewID(prefix string) string { return prefix + "-" + r.Digits(17) }

// Digits returns n hexadecimal digits, others at each call.
func (r *Request) Digits(n int) string { return r.Account.World.ID(r.URN, n) }

// Now is the time on the world's clock.
func (r *Request) Now() string { return r.Account.World.Now().Format(time.RFC3339) }

// Tags are the resource's tags with those of its provider.
func (r *Request) Tags() map[string]string {
	tags := map[string]string{}
	for k, v := range Object(r.In["tagsAll"]) {
		tags[k] = Text(v)
	}
	return tags
}

// Str is an input that is a string.
func (r *Request) Str(key string) string { return Text(r.In[key]) }

// Flag is an input that is a bool.
func (r *Request) Flag(key string) bool { return Truth(r.In[key]) }

// Num is an input that is a whole number.
func (r *Request) Num(key string) int { return Number(r.In[key]) }

// List is an input that is a list of strings.
func (r *Request) List(key string) []string { return Texts(r.In[key]) }

// Obj is an input that is an object.
func (r *Request) Obj(key string) engine.Props { return Object(r.In[key]) }

// Objs is an input that is a list of objects.
func (r *Request) Objs(key string) []engine.Props { return Objects(r.In[key]) }

// Has reports whether an input is given.
func (r *Request) Has(key string) bool { return r.In[key] != nil }

// Changed reports whether an update changes an input.
func (r *Request) Changed(key string) bool { return !r.same(key, r.Old[key], r.In[key]) }

// Or returns an input, or what AWS sets when the program does not.
func (r *Request) Or(key string, otherwise any) any {
	if v := r.In[key]; v != nil {
		return v
	}
	return otherwise
}
