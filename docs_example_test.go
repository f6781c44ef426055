package main

// What follows is the program in README.md; TestExampleProgram keeps them equal.

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

func shop(ctx *pulumi.Context) error {
	const region, domain, cluster = "ap-northeast-2", "example.com", "eks-shop"
	cloud, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(region)})
	if err != nil {
		return err
	}
	keys, err := tls.NewProvider(ctx, "tls", nil) // for the self-managed CA
	if err != nil {
		return err
	}
	component, err := eks.NewProvider(ctx, "eks", nil)
	if err != nil {
		return err
	}
	account, err := components.LookupAccount(ctx, region, pulumi.Provider(cloud))
	if err != nil {
		return err
	}
	shared, err := components.NewEnvironment(ctx, "environment", &components.EnvironmentArgs{
		Account:            account,
		Domain:             domain,
		ServiceNetworkName: components.DefaultServiceNetwork,
		ClientRoleName:     components.DefaultClientRole,
		AnchorVPCCIDR:      "10.255.255.0/28",
		Certificates:       components.CertificatesArgs{Mode: components.CAModeSelfManaged, ValidityYears: 10},
	}, pulumi.Providers(cloud, keys))
	if err != nil {
		return err
	}
	home, err := components.NewLatticeCluster(ctx, cluster, &components.LatticeClusterArgs{
		Account:            account,
		ClusterName:        cluster,
		KubernetesVersion:  "1.35",
		Network:            components.NetworkArgs{VPCCIDR: "10.0.0.0/16", AvailabilityZones: 2},
		Nodes:              components.NodesArgs{InstanceTypes: []string{"m5.large"}, MinSize: 2, MaxSize: 5, DesiredSize: 2},
		PublicAccessCIDRs:  []string{"0.0.0.0/0"},
		Domain:             domain,
		AppNames:           []string{"orders"},
		ServiceNetworkName: components.DefaultServiceNetwork,
		ServiceNetworkID:   shared.ServiceNetworkID,
		ZoneID:             shared.ZoneID,
		ZoneARN:            shared.ZoneARN,
		CertificateARN:     shared.CertificateARN,
	}, pulumi.Providers(cloud, component))
	if err != nil {
		return err
	}
	inside := pulumi.Providers(cloud, home.Kubernetes())
	namespace, err := components.NewAppNamespace(ctx, "shop", &components.AppNamespaceArgs{
		Account:         account,
		Namespace:       "shop",
		ServiceAccounts: []string{components.DefaultServiceAccount},
		ClusterName:     home.ClusterName,
		ClientRoleARN:   shared.ClientRoleARN,
		CACertificate:   shared.CACertificate,
	}, inside)
	if err != nil {
		return err
	}
	orders, err := components.NewSecureApp(ctx, "orders", &components.SecureAppArgs{
		Account:         account,
		ClusterName:     cluster,
		Name:            "orders",
		Namespace:       "shop",
		Callers:         []components.Caller{{Cluster: cluster, Namespace: "web"}},
		LatticeRanges:   home.LatticeRanges(),
		Domain:          domain,
		GatewayName:     components.DefaultServiceNetwork,
		InjectionPolicy: home.InjectionPolicy,
		CACertificate:   shared.CACertificate,
		ClientRoleARN:   shared.ClientRoleARN,
		BeforePods:      append(home.BeforePods(), namespace.BeforePods()...),
		BeforeRoute:     home.BeforeRoutes(),
	}, inside)
	if err != nil {
		return err
	}
	ctx.Export("url", orders.URL)
	return nil
}
