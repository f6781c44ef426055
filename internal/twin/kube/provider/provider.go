// Package provider is the Pulumi provider for Kubernetes, over all clusters of an
// account.
package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/obj"
)

const (
	releaseType  = "kubernetes:helm.sh/v3:Release"
	autonamed    = "pulumi.com/autonamed"
	fieldManager = "__fieldManager"
	initialAPI   = "__initialApiVersion"
)

// Provider is the provider. It is an engine.Backend.
type Provider struct{ clusters *cluster.Clusters }

// New returns the provider.
func New(clusters *cluster.Clusters) *Provider { return &Provider{clusters} }

// Name is the package's name.
func (p *Provider) Name() string { return "kubernetes" }

// Version is the newest that anything in a deployment asks for, which is the EKS
// component. With an older one the engine warns of a wrong plugin.
func (p *Provider) Version() string { return "4.34.2" }

// Check names what the program left unnamed.
func (p *Provider) Check(_ *engine.Instance, urn resource.URN, olds, news engine.Props) (engine.Props, []engine.Failure, error) {
	news = obj.Clone(news)
	if string(urn.Type()) == releaseType {
		return news, checkRelease(urn, olds, news), nil
	}
	if strings.HasSuffix(string(urn.Type()), "List") || strings.HasSuffix(string(urn.Type()), "Patch") {
		return nil, nil, fmt.Errorf("the twin has no %s: it knows whole single objects", urn.Type())
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

// autoname is `<name>-<8 hex>`, drawn from the URN instead of at random.
func autoname(urn resource.URN) string {
	h := sha256.Sum256([]byte(urn))
	return urn.Name() + "-" + hex.EncodeToString(h[:4])
}
