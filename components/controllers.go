package components

import (
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/sidecar"
)

// Namespaces and service accounts of the controllers, as their charts have them.
const (
	latticeNamespace          = names.LatticeNamespace
	latticeServiceAccount     = "gateway-api-controller"
	externalDNSNamespace      = names.ExternalDNSNamespace
	externalDNSServiceAccount = "external-dns"
	kyvernoNamespace          = names.KyvernoNamespace
)

// controllers are the Helm releases.
type controllers struct {
	lattice     pulumi.Resource
	externalDNS pulumi.Resource
	kyverno     pulumi.Resource
}

func (c *LatticeCluster) newControllers(ctx *pulumi.Context) (err error) {
	if c.controllers.lattice, err = c.newLatticeController(ctx); err != nil {
		return err
	}
	if c.controllers.externalDNS, err = c.newExternalDNS(ctx); err != nil {
		return err
	}
	c.controllers.kyverno, err = c.newKyverno(ctx)
	return err
}

// newLatticeController installs what turns Gateways and routes into VPC Lattice.
func (c *LatticeCluster) newLatticeController(ctx *pulumi.Context) (pulumi.Resource, error) {
	identity, err := c.newIdentity(ctx, "lattice-controller", controllerIdentity{
		namespace:      latticeNamespace,
		serviceAccount: latticeServiceAccount,
		policy: pulumi.All(c.network.vpcID, c.args.Environment.ServiceNetworkID).ApplyT(func(ids []any) string {
			return latticeControllerPolicy(c.args.Environment.Account, c.args.ClusterName, ids[0].(string), ids[1].(string)).JSON()
		}).(pulumi.StringOutput),
	})
	if err != nil {
		return nil, err
	}
	namespace, err := c.newNamespace(ctx, latticeNamespace, map[string]string{"control-plane": "gateway-api-controller"})
	if err != nil {
		return nil, err
	}
	const image = "public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller"
	return newRelease(ctx, c.name+"-lattice-controller", c.args.Sources.release(latticeChart, releaseArgs{
		Name:      "gateway-api-controller",
		Namespace: namespace,
		Values: map[string]any{
			"image":          map[string]any{"repository": c.args.Sources.image(image)},
			"serviceAccount": map[string]any{"name": latticeServiceAccount},
			// of its two replicas, a drained node takes one at a time
			"pdb": map[string]any{"enabled": true, "maxUnavailable": 1},
			// Whatever is missing here the controller asks the node's metadata
			// service for, which pods do not reach, and then it exits.
			// https://www.gateway-api-controller.eks.aws.dev/latest/faq/
			"awsRegion":    c.args.Environment.Account.Region,
			"awsAccountId": c.args.Environment.Account.ID, // a string: as a number Helm prints 1.23e+11
			"clusterVpcId": c.network.vpcID,
			"clusterName":  c.args.ClusterName,
			// The service network is not this cluster's to make. What the
			// controller makes here it makes once, at its start, and never deletes.
			"defaultServiceNetwork": "",
		},
	}), pulumi.Parent(c), pulumi.Provider(c.kubernetes), pulumi.DependsOn(append([]pulumi.Resource{identity, c.dns}, c.crds...)))
}

// newExternalDNS installs what writes the names of routes into the private zone.
func (c *LatticeCluster) newExternalDNS(ctx *pulumi.Context) (pulumi.Resource, error) {
	identity, err := c.newIdentity(ctx, "external-dns", controllerIdentity{
		namespace:      externalDNSNamespace,
		serviceAccount: externalDNSServiceAccount,
		policy: c.args.Environment.ZoneARN.ToStringOutput().ApplyT(func(zoneARN string) string {
			return externalDNSPolicy(zoneARN, c.args.ClusterName, c.args.Environment.Domain, c.args.AppNames).JSON()
		}).(pulumi.StringOutput),
	})
	if err != nil {
		return nil, err
	}
	namespace, err := c.newNamespace(ctx, externalDNSNamespace, nil)
	if err != nil {
		return nil, err
	}
	const image = "registry.k8s.io/external-dns/external-dns"
	return newRelease(ctx, c.name+"-external-dns", c.args.Sources.release(externalDNSChart, releaseArgs{
		Name:      "external-dns",
		Namespace: namespace,
		SkipCRDs:  true, // DNSEndpoint is there already, for the Lattice controller
		Values: map[string]any{
			"image":          map[string]any{"repository": c.args.Sources.image(image)},
			"serviceAccount": map[string]any{"name": externalDNSServiceAccount},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "10m", "memory": "64Mi"},
				"limits":   map[string]any{"memory": "256Mi"},
			},
			"provider": map[string]any{"name": "aws"},
			"env":      []any{map[string]any{"name": "AWS_REGION", "value": c.args.Environment.Account.Region}},
			// The controller writes DNSEndpoints; nothing else here has a name.
			"sources":       []any{"crd"},
			"domainFilters": []any{c.args.Environment.Domain},
			"extraArgs": map[string]any{
				"aws-zone-type":  "private",
				"zone-id-filter": c.args.Environment.ZoneID, // another zone may have the same name
			},
			"registry": "txt",
			// sync deletes the records it owns and does not want: with the
			// default owner the clusters would delete each other's.
			"policy":             "sync",
			"txtOwnerId":         c.args.ClusterName,
			"txtPrefix":          txtPrefix(c.args.ClusterName),
			"interval":           "1m",
			"triggerLoopOnEvent": true, // a new route is callable in seconds
		},
	}), pulumi.Parent(c), pulumi.Provider(c.kubernetes), pulumi.DependsOn(append([]pulumi.Resource{identity, c.dns}, c.crds...)))
}

// newKyverno installs what puts the proxy into pods: the admission controller,
// and none of Kyverno's other controllers.
func (c *LatticeCluster) newKyverno(ctx *pulumi.Context) (pulumi.Resource, error) {
	namespace, err := c.newNamespace(ctx, kyvernoNamespace, nil)
	if err != nil {
		return nil, err
	}
	own, hooks := c.args.Sources.image("reg.kyverno.io"), c.args.Sources.image("ghcr.io")
	image := func(registry string) map[string]any {
		return map[string]any{"image": map[string]any{"registry": registry}}
	}
	off := map[string]any{"enabled": false}
	return newRelease(ctx, c.name+"-kyverno", c.args.Sources.release(kyvernoChart, releaseArgs{
		Name:      "kyverno",
		Namespace: namespace,
		Values: map[string]any{
			// Pods of applications are refused while nobody answers the webhook, so
			// the loss of a node, or its drain, must leave somebody. The chart
			// spreads the replicas over the nodes there are.
			// https://kyverno.io/docs/guides/high-availability/
			"admissionController": map[string]any{
				"replicas":            3,
				"podDisruptionBudget": map[string]any{"enabled": true, "minAvailable": 1},
				"container":           image(own),
				"initContainer":       image(own),
			},
			"backgroundController": off,
			"cleanupController":    off,
			"reportsController":    off,
			// reports that no controller collects would pile up
			"features": map[string]any{
				"admissionReports":                 off,
				"aggregateReports":                 off,
				"backgroundScan":                   off,
				"policyReports":                    off,
				"validatingAdmissionPolicyReports": off,
			},
			"crds": map[string]any{"migration": image(own)},
			// A webhook that stays behind when Kyverno goes blocks what it
			// watches for ever. So it is removed, by a hook that the chart runs
			// before its deletion, and watches no more than it has to.
			// https://github.com/kyverno/kyverno/issues/9551
			"webhooksCleanup": map[string]any{
				"enabled": true,
				"image":   map[string]any{"registry": hooks},
			},
			"config": map[string]any{"webhooks": map[string]any{
				"namespaceSelector": map[string]any{"matchExpressions": []any{map[string]any{
					"key":      sidecar.NamespaceLabelKey,
					"operator": "In",
					"values":   []any{sidecar.NamespaceLabelValue},
				}}},
			}},
		},
	}), pulumi.Parent(c), pulumi.Provider(c.kubernetes))
}

// newNamespace makes a namespace and returns its name, known once it is there.
func (c *LatticeCluster) newNamespace(ctx *pulumi.Context, namespace string, labels map[string]string) (pulumi.StringOutput, error) {
	resource, err := corev1.NewNamespace(ctx, c.name+"-namespace-"+namespace, &corev1.NamespaceArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:   pulumi.String(namespace),
			Labels: pulumi.ToStringMap(labels),
		},
	}, pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating namespace %s: %w", namespace, err)
	}
	return resource.Metadata.Name().Elem(), nil
}
