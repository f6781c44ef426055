package cloud

import (
	"encoding/json"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
)

// allTags adds the provider's default tags. They come as JSON text from an
// explicit provider.
func allTags(inst *engine.Instance, tags any) any {
	if _, unknown := tags.(resource.Computed); unknown {
		return tags
	}
	all := map[string]any{}
	if inst != nil {
		def := inst.Config["defaultTags"]
		if s, ok := def.(string); ok {
			var m map[string]any
			if json.Unmarshal([]byte(s), &m) == nil {
				def = m
			}
		}
		maps.Copy(all, Object(Object(def)["tags"]))
	}
	maps.Copy(all, Object(tags))
	return all
}

// ownTags leaves out the tags that the provider adds itself.
func ownTags(all, given, byProvider engine.Props) engine.Props {
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(key string, value any) bool { return given[key] == nil && byProvider[key] == value })
	return own
}
