package components

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
	"eks-lattice/internal/sidecar"
)

const appNamespaceType = "eks-lattice:index:AppNamespace"

// DefaultServiceAccount is the account that every namespace has.
const DefaultServiceAccount = names.DefaultServiceAccount

// AppNamespaceArgs decides what a namespace of applications looks like.
type AppNamespaceArgs struct {
	Account Account
	// Namespace is the name in Kubernetes, and part of other clusters' policies.
	Namespace string
	// ServiceAccounts whose pods may call services.
	ServiceAccounts []string
	Sources         Sources
	Proxy           ProxyArgs

	ClusterName   pulumi.StringInput
	ClientRoleARN pulumi.StringInput
	// CACertificate is what the proxies trust, in PEM.
	CACertificate pulumi.StringInput
}

// AppNamespace is a namespace whose applications attach to the Gateway and
// call services: all that applications in it share.
type AppNamespace struct {
	pulumi.ResourceState

	// Name is known once the namespace is there.
	Name pulumi.StringOutput `pulumi:"name"`

	args *AppNamespaceArgs
	// ready is what pods need from their first moment.
	ready []pulumi.Resource
}

// NewAppNamespace registers an AppNamespace. It needs an aws and a kubernetes provider.
func NewAppNamespace(ctx *pulumi.Context, name string, args *AppNamespaceArgs, opts ...pulumi.ResourceOption) (*AppNamespace, error) {
	if args == nil {
		args = &AppNamespaceArgs{}
	}
	if err := args.check().Err(fmt.Sprintf("app namespace %q", name)); err != nil {
		return nil, err
	}
	n := &AppNamespace{args: args}
	if err := ctx.RegisterComponentResource(appNamespaceType, name, n, opts...); err != nil {
		return nil, fmt.Errorf("registering app namespace %q: %w", name, err)
	}
	if err := n.provision(ctx, name); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(n, pulumi.Map{"name": n.Name}); err != nil {
		return nil, fmt.Errorf("registering outputs of app namespace %q: %w", name, err)
	}
	return n, nil
}

// BeforePods returns what must be there before a pod of the namespace: pods get
// credentials and proxy configuration when they are created.
func (n *AppNamespace) BeforePods() []pulumi.Resource { return slices.Clone(n.ready) }

func (a *AppNamespaceArgs) check() problem.List {
	found := settings.List{settings.AppNamespace.For(&a.Namespace)}.Check()
	if len(a.ServiceAccounts) == 0 {
		found.Missing("serviceAccounts", "is empty: no pod could call anything")
	}
	for i, account := range a.ServiceAccounts {
		check.ServiceAccount(&found, fmt.Sprintf("serviceAccounts[%d]", i), account)
	}
	for _, input := range []struct {
		path  string
		given bool
	}{
		{"account", a.Account != Account{}},
		{"clusterName", a.ClusterName != nil},
		{"clientRoleArn", a.ClientRoleARN != nil},
		{"caCertificate", a.CACertificate != nil},
	} {
		if !input.given {
			found.Missing(input.path, "is missing")
		}
	}
	return found
}

func (n *AppNamespace) provision(ctx *pulumi.Context, name string) error {
	namespace, err := corev1.NewNamespace(ctx, name+"-namespace", &corev1.NamespaceArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name: pulumi.String(n.args.Namespace),
			Labels: pulumi.StringMap{
				attachLabel:               pulumi.String(attachLabelValue),
				sidecar.NamespaceLabelKey: pulumi.String(sidecar.NamespaceLabelValue),
			},
		},
	}, pulumi.Parent(n), timeouts(controllerTimeout))
	if err != nil {
		return fmt.Errorf("creating namespace %s: %w", n.args.Namespace, err)
	}
	n.Name = namespace.Metadata.Name().Elem()

	config, err := corev1.NewConfigMap(ctx, name+"-proxy", &corev1.ConfigMapArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:      pulumi.String(sidecar.ConfigMapName),
			Namespace: n.Name,
		},
		Data: n.args.CACertificate.ToStringOutput().ApplyT(func(ca string) (map[string]string, error) {
			return sidecar.ConfigMapData(sidecarArgs(n.args.Account, n.args.Sources, n.args.Proxy), ca)
		}).(pulumi.StringMapOutput),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("creating proxy configuration: %w", err)
	}
	n.ready = append(n.ready, config)

	for _, account := range n.args.ServiceAccounts {
		if err := n.newCaller(ctx, name, account); err != nil {
			return err
		}
	}
	return nil
}

// newCaller lets the pods of one service account call services.
func (n *AppNamespace) newCaller(ctx *pulumi.Context, name, account string) error {
	association, err := eks.NewPodIdentityAssociation(ctx, name+"-"+account, &eks.PodIdentityAssociationArgs{
		ClusterName:    n.args.ClusterName,
		Namespace:      pulumi.String(n.args.Namespace),
		ServiceAccount: pulumi.String(account),
		RoleArn:        n.args.ClientRoleARN,
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("associating client role with %s/%s: %w", n.args.Namespace, account, err)
	}
	n.ready = append(n.ready, association)
	if account == DefaultServiceAccount {
		return nil // Kubernetes makes it
	}
	made, err := corev1.NewServiceAccount(ctx, name+"-"+account, &corev1.ServiceAccountArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:      pulumi.String(account),
			Namespace: n.Name,
		},
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("creating service account %s: %w", account, err)
	}
	n.ready = append(n.ready, made)
	return nil
}
