// A cluster with two applications, each of which admits the namespace of the
// other and nobody else.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"eks-lattice/components"
)

// apps are the applications: add yours here.
var apps = []struct{ name, namespace, caller string }{
	{name: "web", namespace: "front", caller: "back"},
	{name: "orders", namespace: "back", caller: "front"},
}

func main() { pulumi.Run(deploy) }

func deploy(ctx *pulumi.Context) error {
	region, err := config.Try(ctx, "aws:region")
	if err != nil {
		return err
	}
	domain, err := config.New(ctx, "").Try("domain")
	if err != nil {
		return err
	}
	account, err := components.LookupAccount(ctx, region)
	if err != nil {
		return err
	}
	shared, err := components.NewEnvironment(ctx, "environment", &components.EnvironmentArgs{
		Account:      account,
		Domain:       domain,
		Certificates: components.CertificatesArgs{CAMode: components.CAModeSelfManaged},
	})
	if err != nil {
		return err
	}
	name := "eks-" + ctx.Stack()
	args := &components.LatticeClusterArgs{Environment: shared.Ref()}
	for _, app := range apps {
		args.AppNames = append(args.AppNames, app.name)
	}
	cluster, err := components.NewLatticeCluster(ctx, name, args)
	if err != nil {
		return err
	}
	inside := pulumi.Providers(cluster.Kubernetes())
	for _, app := range apps {
		namespace, err := components.NewAppNamespace(ctx, app.namespace, &components.AppNamespaceArgs{Cluster: cluster.Ref()}, inside)
		if err != nil {
			return err
		}
		secured, err := components.NewSecureApp(ctx, app.name, &components.SecureAppArgs{
			Namespace: namespace.Ref(),
			Allow:     []components.Caller{{Cluster: name, Namespace: app.caller}},
		}, inside)
		if err != nil {
			return err
		}
		ctx.Export(app.name, secured.URL)
	}
	return nil
}
