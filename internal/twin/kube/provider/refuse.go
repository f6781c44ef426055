package provider

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
)

// refuse words an API server's answer as the provider does.
func (c *client) refuse(urn resource.URN, content obj.Map, err error, update bool) error {
	var noMatch *apimeta.NoKindMatchError
	if errors.As(err, &noMatch) {
		return api.LawKindExists.Refuse("", "creation of resource %q with kind %s/%s failed because the Kubernetes API server reported that "+
			"the apiVersion for this resource does not exist. "+
			"Verify that any required CRDs have been created: %v", urn, obj.Str(content, "apiVersion"), obj.Str(content, "kind"), err)
	}
	broken := api.LawValid
	switch {
	case apierrors.IsConflict(err):
		broken = api.LawFieldOwner
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		broken = api.LawNamespaceExists
	}
	if r := (*law.RefusalError)(nil); errors.As(err, &r) {
		broken = r.Law
	}
	verb := "created"
	if update {
		verb = "updated"
	}
	if apierrors.IsConflict(err) {
		err = fmt.Errorf("server-side apply field conflict detected: %w", err)
	}
	return broken.Refuse("", "resource %q was not successfully %s by the Kubernetes API server: %s", urn, verb, controller.Message(err))
}
