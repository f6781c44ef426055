package components

import (
	"fmt"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/sidecar"
)

// Namespaces and service accounts of the controllers, as in their charts.
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

// newLatticeController installs the controller that creates VPC Lattice resources
// for Gateways and routes.
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
			// A drained node evicts one of its two replicas at a time.
			"pdb": map[string]any{"enabled": true, "maxUnavailable": 1},
			// The controller would request a missing value from the node's metadata
			// service, which pods do not reach, and then exit.
			// https://www.gateway-api-controller.eks.aws.dev/latest/faq/
			"awsRegion":    c.args.Environment.Account.Region,
			"awsAccountId": c.args.Environment.Account.ID, // a string: as a number Helm prints 1.23e+11
			"clusterVpcId": c.network.vpcID,
			"clusterName":  c.args.ClusterName,
			// The environment creates the service network. The controller would create
			// one at its start, and never delete it.
			"defaultServiceNetwork": "",
			// By default one route after the other: a rollout of many applications at once
			// would register and deregister pods late. The guide recommends 10.
			// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/faq.md
			"routeMaxConcurrentReconciles": 10,
		},
	}), pulumi.Parent(c), pulumi.Provider(c.kubernetes), pulumi.DependsOn(append([]pulumi.Resource{identity, c.dns}, c.crds...)))
}

// newExternalDNS installs the controller that writes the names of routes into the
// private zone.
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
		SkipCRDs:  true, // DNSEndpoint exists already, for the Lattice controller
		Values: map[string]any{
			"image":          map[string]any{"repository": c.args.Sources.image(image)},
			"serviceAccount": map[string]any{"name": externalDNSServiceAccount},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "10m", "memory": "64Mi"},
				"limits":   map[string]any{"memory": "256Mi"},
			},
			"provider": map[string]any{"name": "aws"},
			"env":      []any{map[string]any{"name": "AWS_REGION", "value": c.args.Environment.Account.Region}},
			// The Lattice controller writes DNSEndpoints; nothing else here has a name.
			"sources":       []any{"crd"},
			"domainFilters": []any{c.args.Environment.Domain},
			"extraArgs": map[string]any{
				"aws-zone-type":  "private",
				"zone-id-filter": c.args.Environment.ZoneID, // another zone may have the same name
			},
			"registry": "txt",
			// sync deletes owned records that are not wanted any more. With the default
			// owner, the clusters would delete each other's records.
			"policy":             "sync",
			"txtOwnerId":         c.args.ClusterName,
			"txtPrefix":          txtPrefix(c.args.ClusterName),
			"interval":           "1m",
			"triggerLoopOnEvent": true, // a new route is callable in seconds
		},
	}), pulumi.Parent(c), pulumi.Provider(c.kubernetes), pulumi.DependsOn(append([]pulumi.Resource{identity, c.dns}, c.crds...)))
}

// newKyverno installs Kyverno's admission controller, which injects the proxy into
// pods, and none of its other controllers.
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
			// Applications' pods are refused while the webhook does not answer, so a
			// replica must survive the loss or drain of a node. The chart distributes
			// the replicas over the nodes.
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
			// No controller would collect the reports.
			"features": map[string]any{
				"admissionReports":                 off,
				"aggregateReports":                 off,
				"backgroundScan":                   off,
				"policyReports":                    off,
				"validatingAdmissionPolicyReports": off,
			},
			"crds": map[string]any{"migration": image(own)},
			// A webhook that outlives Kyverno blocks everything that it intercepts. So a
			// hook of the chart deletes it first, and it intercepts only what it must.
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

// newNamespace creates a namespace and returns its name, known once it exists.
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
