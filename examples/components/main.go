// Command components deploys an environment, a cluster and an application as a
// single stack.
package main

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

func main() { pulumi.Run(deploy) }

func deploy(ctx *pulumi.Context) error {
	region, ok := ctx.GetConfig("aws:region")
	if !ok {
		return errors.New("aws:region is missing")
	}
	account, err := components.LookupAccount(ctx, region)
	if err != nil {
		return err
	}
	shared, err := components.NewEnvironment(ctx, "environment", &components.EnvironmentArgs{
		Account:      account,
		Certificates: components.CertificatesArgs{CAMode: components.CAModeSelfManaged},
	})
	if err != nil {
		return err
	}
	cluster, err := components.NewLatticeCluster(ctx, "eks-shop", &components.LatticeClusterArgs{
		Environment: shared.Ref(),
		AppNames:    []string{"orders"},
	})
	if err != nil {
		return err
	}
	inside := pulumi.Providers(cluster.Kubernetes())
	shop, err := components.NewAppNamespace(ctx, "shop", &components.AppNamespaceArgs{Cluster: cluster.Ref()}, inside)
	if err != nil {
		return err
	}
	orders, err := components.NewSecureApp(ctx, "orders", &components.SecureAppArgs{
		Namespace: shop.Ref(),
		Allow:     []components.Caller{{Cluster: "eks-shop", Namespace: "web"}},
	}, inside)
	if err != nil {
		return err
	}
	ctx.Export("url", orders.URL)
	return nil
}
