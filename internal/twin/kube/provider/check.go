package provider

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/obj"
)

// Check names what the program left unnamed.
func (p *Provider) Check(_ *engine.Instance, urn resource.URN, olds, news engine.Props) (engine.Props, []engine.Failure, error) {
	news = obj.Clone(news)
	if string(urn.Type()) == releaseType {
		return news, checkRelease(urn, olds, news), nil
	}
	if strings.HasSuffix(string(urn.Type()), "List") || strings.HasSuffix(string(urn.Type()), "Patch") {
		return nil, nil, fmt.Errorf("the twin does not support %s, only single whole objects", urn.Type())
	}
	if _, unknown := news["metadata"].(resource.Computed); unknown {
		return news, nil, nil
	}
	if obj.Get(news, "metadata", "name") == nil && obj.Get(news, "metadata", "generateName") == nil {
		name := obj.Str(olds, "metadata", "name")
		if obj.Str(olds, "metadata", "annotations", autonamed) != "true" || name == "" {
			name = autoname(urn)
		}
		obj.Set(news, name, "metadata", "name")
		obj.Set(news, "true", "metadata", "annotations", autonamed)
	}
	return news, nil, nil
}
