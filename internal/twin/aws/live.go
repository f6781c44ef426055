package aws

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var lawRefresh = law.New(law.References, "refresh-reads-the-account",
	"A refresh takes each property that the program gave as the account has it now, so that what another party changed is a difference for the next update; what the program did not give is none.",
	"https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go")

// Read looks a resource up: inputs and outputs as the account has them now.
func (b backend) Read(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, _ engine.Props) (engine.Props, engine.Props, error) {
	k, err := kindOf(urn)
	if err != nil {
		return nil, nil, err
	}
	kept, ok := b.inputs[k.token+" "+id]
	if !ok {
		kept = merge(nil, inputs)
	}
	if len(inputs) == 0 {
		inputs = kept
	}
	found := k.outputs(b.request(k, op, inst, string(urn), id, kept, nil))
	if found == nil {
		return nil, nil, nil
	}
	state, err := plain(overlay(kept, found))
	if err != nil {
		return nil, nil, err
	}
	if all, tagged := state["tagsAll"].(engine.Props); tagged {
		state["tags"] = ownTags(all, obj(kept["tags"]), obj(allTags(inst, nil)))
	}
	live, _ := k.extract("", inputs, state).(engine.Props)
	return live, state, nil
}

// plain gives the account's values the types that properties have.
func plain(state engine.Props) (engine.Props, error) {
	b, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	var out engine.Props
	return out, json.Unmarshal(b, &out)
}

// ownTags leaves out the tags that the provider adds itself.
func ownTags(all, given, byProvider engine.Props) engine.Props {
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(key string, value any) bool { return given[key] == nil && byProvider[key] == value })
	return own
}

// extract takes what the program gave at path as the account has it now.
// Objects keep the keys that the program gave, lists are taken whole, and what
// means the same keeps the program's spelling and order.
func (k *kind) extract(path string, given, state any) any {
	if k.same(path, given, state) {
		return given
	}
	switch g := given.(type) {
	case map[string]any:
		s, ok := state.(map[string]any)
		if !ok || slices.Contains(wholeMaps, path) {
			return state
		}
		out := engine.Props{}
		for key, v := range g {
			if now := s[key]; strings.HasPrefix(key, "__") {
				out[key] = v
			} else if now != nil {
				out[key] = k.extract(strings.TrimPrefix(path+"."+key, "."), v, now)
			}
		}
		return out
	case []any:
		s, ok := state.([]any)
		if !ok {
			return state
		}
		if slices.Contains(k.sets, path) {
			s = k.align(path, g, s)
		}
		out := make([]any, len(s))
		for i, e := range s {
			if i < len(g) {
				e = k.extract(path+"[]", g[i], e)
			}
			out[i] = e
		}
		return out
	}
	return state
}

// wholeMaps have keys of the program's choice, so that every key counts.
var wholeMaps = []string{"tags", "tagsAll", "labels"}

// align puts the elements of a set into the order in which the program gave
// them; elements that it did not give come last.
func (k *kind) align(path string, given, state []any) []any {
	rest, out := slices.Clone(state), make([]any, 0, len(state))
	for _, g := range given {
		at := slices.IndexFunc(rest, func(s any) bool { return k.same(path+"[]", g, k.extract(path+"[]", g, s)) })
		if at >= 0 {
			out, rest = append(out, rest[at]), slices.Delete(rest, at, at+1)
		}
	}
	return append(out, rest...)
}

// same tells whether two values of the property at path mean the same.
func (k *kind) same(path string, x, y any) bool {
	switch x := x.(type) {
	case string:
		if y, ok := y.(string); ok && slices.Contains(k.documents, strings.ReplaceAll(path, "[]", "")) && equivalent(x, y) {
			return true
		}
	case map[string]any:
		y, ok := y.(map[string]any)
		return ok && len(x) == len(y) && k.sameKeys(path, x, y)
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		rest := slices.Clone(y)
		for i, e := range x {
			at := 0
			if slices.Contains(k.sets, path) {
				at = slices.IndexFunc(rest, func(o any) bool { return k.same(path+"[]", e, o) })
			} else if !k.same(path+"[]", e, y[i]) {
				at = -1
			}
			if at < 0 {
				return false
			}
			rest = slices.Delete(rest, at, at+1)
		}
		return true
	}
	return reflect.DeepEqual(x, y)
}

func (k *kind) sameKeys(path string, x, y map[string]any) bool {
	for key, v := range x {
		if o, there := y[key]; !there || !k.same(strings.TrimPrefix(path+"."+key, "."), v, o) {
			return false
		}
	}
	return true
}

// equivalent compares JSON documents as the provider compares policies: white
// space, the order of lists, and a list of one against its element do not count.
func equivalent(x, y string) bool {
	a, okA := canonical(x)
	b, okB := canonical(y)
	return okA && okB && bytes.Equal(a, b)
}

func canonical(document string) ([]byte, bool) {
	var v any
	if json.Unmarshal([]byte(document), &v) != nil {
		return nil, false
	}
	b, err := json.Marshal(unordered(v))
	return b, err == nil
}

func unordered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			v[key] = unordered(e)
		}
	case []any:
		if len(v) == 1 {
			return unordered(v[0])
		}
		texts := make([]string, len(v))
		for i, e := range v {
			b, _ := json.Marshal(unordered(e)) // it was JSON before
			texts[i] = string(b)
		}
		slices.Sort(texts)
		return texts
	}
	return v
}

// tagsAll are a record's tags, without those that AWS keeps for itself.
func (m *Meta) tagsAll() engine.Props {
	all := engine.Props{}
	for key, value := range m.Tags {
		if !strings.HasPrefix(key, "aws:") {
			all[key] = value
		}
	}
	return all
}

// list turns texts into a property.
func list(values []string) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		out = append(out, v)
	}
	return out
}
