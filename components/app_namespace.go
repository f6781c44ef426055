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
	"eks-lattice/internal/sidecar"
)

const appNamespaceType = "eks-lattice:index:AppNamespace"

// AppNamespaceArgs configures a namespace of applications.
type AppNamespaceArgs struct {
	Cluster ClusterRef
	// Namespace is the name in Kubernetes, which the policies of other clusters'
	// applications contain. Empty means the name of the component.
	Namespace string
	// ServiceAccounts whose pods may call services. Nil means "default".
	ServiceAccounts []string
	// ExistingServiceAccounts are those that somebody else creates. Their pods may call
	// services, too.
	ExistingServiceAccounts []string
	// CallsOnly is a namespace without applications: no route in it attaches to the
	// Gateway.
	CallsOnly bool
}

// AppNamespace is a namespace whose applications attach to the Gateway and call
// services, with everything that applications in it share.
type AppNamespace struct {
	pulumi.ResourceState

	// Name is known once the namespace exists.
	Name pulumi.StringOutput `pulumi:"name"`

	args *AppNamespaceArgs
	// created is the name, unknown in a preview of its creation. Name is known there:
	// Kubernetes tries the creation.
	created pulumi.StringOutput
	// ready is what pods need when they are created.
	ready []pulumi.Resource
}

// NewAppNamespace registers an AppNamespace. It needs an aws and a kubernetes provider.
func NewAppNamespace(ctx *pulumi.Context, name string, args *AppNamespaceArgs, opts ...pulumi.ResourceOption) (*AppNamespace, error) {
	if args == nil {
		args = &AppNamespaceArgs{}
	}
	args = args.withDefaults(name)
	if err := args.problems().Err(fmt.Sprintf("app namespace %q", name)); err != nil {
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

// Ref returns what applications need to know of the namespace.
func (n *AppNamespace) Ref() NamespaceRef {
	return NamespaceRef{Cluster: n.args.Cluster, Name: n.args.Namespace, created: n.created, beforePods: slices.Clone(n.ready)}
}

func (a *AppNamespaceArgs) withDefaults(name string) *AppNamespaceArgs {
	args := *a
	if args.Namespace == "" {
		args.Namespace = name
	}
	if args.ServiceAccounts == nil {
		args.ServiceAccounts = []string{names.DefaultServiceAccount}
	}
	return &args
}

func (a *AppNamespaceArgs) problems() problem.List {
	var found problem.List
	checkName := check.AppNamespace
	if a.CallsOnly {
		checkName = check.CallerNamespace
	}
	checkName(&found, "Namespace", a.Namespace)
	if len(a.ServiceAccounts) == 0 {
		found.Missing("ServiceAccounts", "is empty: no pod could call anything")
	}
	for i, account := range a.ServiceAccounts {
		check.ServiceAccount(&found, fmt.Sprintf("ServiceAccounts[%d]", i), account)
	}
	for i, account := range a.ExistingServiceAccounts {
		path := fmt.Sprintf("ExistingServiceAccounts[%d]", i)
		check.ServiceAccount(&found, path, account)
		if slices.Contains(a.ServiceAccounts, account) {
			found.Add(path, account, "is one of ServiceAccounts, too; delete it there or here")
		}
	}
	a.Cluster.checkForNamespace(&found)
	return found
}

func (n *AppNamespace) provision(ctx *pulumi.Context, name string) error {
	labels := labelsOfProject()
	labels[sidecar.NamespaceLabelKey] = sidecar.NamespaceLabelValue
	if !n.args.CallsOnly {
		labels[attachLabel] = attachLabelValue
	}
	namespace, err := corev1.NewNamespace(ctx, name+"-namespace", &corev1.NamespaceArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:   pulumi.String(n.args.Namespace),
			Labels: pulumi.ToStringMap(labels),
		},
	}, pulumi.Parent(n), timeouts(controllerTimeout))
	if err != nil {
		return fmt.Errorf("creating namespace %s: %w", n.args.Namespace, err)
	}
	n.Name, n.created = namespace.Metadata.Name().Elem(), namespace.ID().ToStringOutput()

	cluster := n.args.Cluster
	config, err := corev1.NewConfigMap(ctx, name+"-proxy", &corev1.ConfigMapArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:      pulumi.String(sidecar.ConfigMapName),
			Namespace: n.Name,
			Labels:    pulumi.ToStringMap(labelsOfProject()),
		},
		Data: cluster.Environment.CACertificate.ToStringOutput().ApplyT(func(ca string) (map[string]string, error) {
			return sidecar.ConfigMapData(cluster.Proxy.sidecar(cluster.Environment.Account, cluster.Sources), ca)
		}).(pulumi.StringMapOutput),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("creating proxy configuration: %w", err)
	}
	n.ready = append(n.ready, config)

	for _, account := range n.args.ServiceAccounts {
		if err := n.newServiceAccount(ctx, name, account); err != nil {
			return err
		}
	}
	for _, account := range slices.Concat(n.args.ServiceAccounts, n.args.ExistingServiceAccounts) {
		if err := n.newCaller(ctx, name, account); err != nil {
			return err
		}
	}
	return nil
}

// newCaller lets the pods of one service account call services.
func (n *AppNamespace) newCaller(ctx *pulumi.Context, name, account string) error {
	association, err := eks.NewPodIdentityAssociation(ctx, name+"-"+account, &eks.PodIdentityAssociationArgs{
		ClusterName:    n.args.Cluster.clusterName(),
		Namespace:      pulumi.String(n.args.Namespace),
		ServiceAccount: pulumi.String(account),
		RoleArn:        n.args.Cluster.Environment.ClientRoleARN,
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("associating client role with %s/%s: %w", n.args.Namespace, account, err)
	}
	n.ready = append(n.ready, association)
	return nil
}

func (n *AppNamespace) newServiceAccount(ctx *pulumi.Context, name, account string) error {
	if account == names.DefaultServiceAccount {
		return nil // Kubernetes creates it
	}
	created, err := corev1.NewServiceAccount(ctx, name+"-"+account, &corev1.ServiceAccountArgs{
		Metadata: metav1.ObjectMetaArgs{
			Name:      pulumi.String(account),
			Namespace: n.Name,
			Labels:    pulumi.ToStringMap(labelsOfProject()),
		},
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("creating service account %s: %w", account, err)
	}
	n.ready = append(n.ready, created)
	return nil
}
