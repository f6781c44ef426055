package cluster

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// newApps makes the applications, and once for each namespace what those in it
// share.
func newApps(ctx *pulumi.Context, config *Config, cluster *components.LatticeCluster, providers pulumi.ResourceOption) ([]*components.SecureApp, error) {
	namespaces := map[string]*components.AppNamespace{}
	for _, name := range appNamespaces(config.Apps) {
		namespace, err := components.NewAppNamespace(ctx, name, &components.AppNamespaceArgs{
			Account:         config.Cluster.Account,
			Namespace:       name,
			ServiceAccounts: serviceAccounts(config.Apps, name),
			Sources:         config.Cluster.Sources,
			Proxy:           config.Cluster.Proxy,
			ClusterName:     cluster.ClusterName,
			ClientRoleARN:   config.Environment.ClientRoleARN.Input(),
			CACertificate:   config.Environment.CACertificate.Input(),
		}, providers)
		if err != nil {
			return nil, err
		}
		namespaces[name] = namespace
	}
	var apps []*components.SecureApp
	for _, app := range config.Apps {
		namespace := namespaces[app.Namespace]
		args := config.appArgs(app)
		args.InjectionPolicy = cluster.InjectionPolicy
		args.LatticeRanges = cluster.LatticeRanges()
		args.CACertificate = config.Environment.CACertificate.Input()
		args.ClientRoleARN = config.Environment.ClientRoleARN.Input()
		args.BeforePods = append(cluster.BeforePods(), namespace.BeforePods()...)
		args.BeforeRoute = cluster.BeforeRoutes()
		secureApp, err := components.NewSecureApp(ctx, app.Name, args, providers)
		if err != nil {
			return nil, err
		}
		apps = append(apps, secureApp)
	}
	return apps, nil
}

// appNamespaces returns each namespace once, in the order of the applications.
func appNamespaces(apps []components.SecureAppArgs) []string {
	var names []string
	for _, app := range apps {
		if !slices.Contains(names, app.Namespace) {
			names = append(names, app.Namespace)
		}
	}
	return names
}

// serviceAccounts returns each service account of a namespace once.
func serviceAccounts(apps []components.SecureAppArgs, namespace string) []string {
	var names []string
	for _, app := range apps {
		if app.Namespace == namespace && !slices.Contains(names, app.ServiceAccount) {
			names = append(names, app.ServiceAccount)
		}
	}
	return names
}
