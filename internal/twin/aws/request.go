package aws

import (
	"maps"
	"strings"
	"time"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// request is one call of a resource's function with its inputs.
type request struct {
	*Account
	kind   *kind // nil for a data source
	op     *world.Op
	urn    string
	region string
	id     string       // empty in create
	in     engine.Props // the new inputs; in remove the last ones
	old    engine.Props // the old inputs of an update
}

func (a *Account) request(k *kind, op *world.Op, inst *engine.Instance, urn, id string, in, old engine.Props) *request {
	return &request{Account: a, kind: k, op: op, urn: urn, region: a.regionOf(inst), id: id, in: in, old: old}
}

func (a *Account) regionOf(inst *engine.Instance) string {
	if inst != nil {
		if region := text(inst.Config["region"]); region != "" {
			return region
		}
	}
	return a.Region
}

// meta begins the record of a new resource.
func (r *request) meta(id, arn, name string) Meta {
	return Meta{URN: r.urn, ID: id, ARN: arn, Name: name, Region: r.region, Tags: r.tags()}
}

// newID returns "<prefix>-0123456789abcdef0".
func (r *request) newID(prefix string) string {
	return prefix + "-" + r.World.ID(r.urn, 17)
}

func (r *request) now() string { return r.World.Now().Format(time.RFC3339) }

func (r *request) tags() map[string]string {
	tags := map[string]string{}
	for k, v := range obj(r.in["tagsAll"]) {
		tags[k] = text(v)
	}
	return tags
}

func (r *request) str(key string) string          { return text(r.in[key]) }
func (r *request) flag(key string) bool           { return truth(r.in[key]) }
func (r *request) num(key string) int             { return number(r.in[key]) }
func (r *request) list(key string) []string       { return texts(r.in[key]) }
func (r *request) obj(key string) engine.Props    { return obj(r.in[key]) }
func (r *request) objs(key string) []engine.Props { return objs(r.in[key]) }
func (r *request) has(key string) bool            { return r.in[key] != nil }
func (r *request) changed(key string) bool        { return !r.kind.same(key, r.old[key], r.in[key]) }
func text(v any) string                           { s, _ := v.(string); return s }
func truth(v any) bool                            { b, _ := v.(bool); return b || v == "true" }
func obj(v any) engine.Props                      { m, _ := v.(map[string]any); return m }
func tail(s, sep string) string                   { return s[strings.LastIndex(s, sep)+1:] }

// or returns an input, or what AWS sets when the program does not.
func (r *request) or(key string, otherwise any) any {
	if v := r.in[key]; v != nil {
		return v
	}
	return otherwise
}

func number(v any) int {
	switch n := v.(type) {
	case float64:
		return int(n)
	case int:
		return n
	}
	return 0
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, text(e))
	}
	return out
}

func objs(v any) []engine.Props {
	list, _ := v.([]any)
	out := make([]engine.Props, 0, len(list))
	for _, e := range list {
		out = append(out, obj(e))
	}
	return out
}

// overlay is merge without what over sets to nil.
func overlay(base, over engine.Props) engine.Props {
	m := merge(base, over)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m
}

// merge lays over on top of base; either may be nil.
func merge(base, over engine.Props) engine.Props {
	m := engine.Props{}
	maps.Copy(m, base)
	maps.Copy(m, over)
	return m
}
