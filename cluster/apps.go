package cluster

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// newApps creates the namespaces and the applications in them.
func newApps(
	ctx *pulumi.Context, c *config, cluster components.ClusterRef, providers pulumi.ResourceOption,
) ([]*components.SecureApp, error) {
	namespaces := map[string]components.NamespaceRef{}
	for _, name := range namespaceNames(c.AppList.Apps) {
		namespace, err := components.NewAppNamespace(ctx, name, &components.AppNamespaceArgs{
			Cluster:         cluster,
			ServiceAccounts: serviceAccounts(c.AppList.Apps, name),
		}, providers)
		if err != nil {
			return nil, err
		}
		namespaces[name] = namespace.Ref()
	}
	var apps []*components.SecureApp
	for _, args := range c.AppList.Apps {
		args.Namespace = namespaces[args.Namespace.Name]
		if args.Container.Image == "" {
			args.Container.Image = c.Own.AppImage
		}
		args.SecretEnv = c.reader.IsSecret("apps")
		app, err := components.NewSecureApp(ctx, args.Name, &args, providers)
		if err != nil {
			return nil, err
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// namespaceNames returns each namespace once, in the order of the applications.
func namespaceNames(apps []components.SecureAppArgs) []string {
	var names []string
	for _, app := range apps {
		if !slices.Contains(names, app.Namespace.Name) {
			names = append(names, app.Namespace.Name)
		}
	}
	return names
}

// serviceAccounts returns each service account of a namespace once.
func serviceAccounts(apps []components.SecureAppArgs, namespace string) []string {
	var names []string
	for _, app := range apps {
		if app.Namespace.Name == namespace && !slices.Contains(names, app.ServiceAccount) {
			names = append(names, app.ServiceAccount)
		}
	}
	return names
}
