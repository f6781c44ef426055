package cloud

import (
	"encoding/json"
	"slices"
	"strings"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var lawRefresh = law.New(law.References, "refresh-reads-the-account",
	"A refresh reports drift in the properties that the program set, for the next update to repair, and ignores the rest.",
	"https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go")

// live returns inputs and outputs of a resource as the account has them now.
func (s *Schema) live(inst *engine.Instance, inputs, kept, found engine.Props) (engine.Props, engine.Props, error) {
	state, err := plain(overlay(kept, found))
	if err != nil {
		return nil, nil, err
	}
	if all, tagged := state["tagsAll"].(engine.Props); tagged {
		state["tags"] = ownTags(all, Object(kept["tags"]), Object(allTags(inst, nil)))
	}
	now, _ := s.extract("", inputs, state).(engine.Props)
	return now, state, nil
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

// extract takes what the program gave at path as the account has it now.
// Objects keep the keys that the program gave, lists are taken whole, and what
// means the same keeps the program's spelling and order.
func (s *Schema) extract(path string, given, state any) any {
	if s.same(path, given, state) {
		return given
	}
	switch g := given.(type) {
	case map[string]any:
		now, ok := state.(map[string]any)
		if !ok || slices.Contains(wholeMaps, path) {
			return state
		}
		out := engine.Props{}
		for key, v := range g {
			if strings.HasPrefix(key, "__") {
				out[key] = v
			} else if now[key] != nil {
				out[key] = s.extract(strings.TrimPrefix(path+"."+key, "."), v, now[key])
			}
		}
		return out
	case []any:
		now, ok := state.([]any)
		if !ok {
			return state
		}
		if slices.Contains(s.Sets, path) {
			now = s.align(path, g, now)
		}
		out := make([]any, len(now))
		for i, e := range now {
			if i < len(g) {
				e = s.extract(path+"[]", g[i], e)
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
func (s *Schema) align(path string, given, state []any) []any {
	rest, out := slices.Clone(state), make([]any, 0, len(state))
	for _, g := range given {
		at := slices.IndexFunc(rest, func(e any) bool { return s.same(path+"[]", g, s.extract(path+"[]", g, e)) })
		if at >= 0 {
			out, rest = append(out, rest[at]), slices.Delete(rest, at, at+1)
		}
	}
	return append(out, rest...)
}
