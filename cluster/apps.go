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
	for _, name := range c.namespaceNames() {
		namespace, err := components.NewAppNamespace(ctx, name, &components.AppNamespaceArgs{
			Cluster:         cluster,
			ServiceAccounts: c.serviceAccounts(name),
			CallsOnly:       !slices.ContainsFunc(c.AppList.Apps, func(app components.SecureAppArgs) bool { return app.Namespace.Name == name }),
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

// namespaceNames returns each namespace once: those of the applications in their
// order, then those of pods that only call.
func (c *config) namespaceNames() []string {
	var names []string
	for _, app := range c.AppList.Apps {
		names = appendNew(names, app.Namespace.Name)
	}
	for _, namespace := range c.Callers.Namespaces {
		names = appendNew(names, namespace.Name)
	}
	return names
}

// serviceAccounts returns each service account of a namespace once.
func (c *config) serviceAccounts(namespace string) []string {
	var names []string
	for _, app := range c.AppList.Apps {
		if app.Namespace.Name == namespace {
			names = appendNew(names, app.ServiceAccount)
		}
	}
	for _, callers := range c.Callers.Namespaces {
		if callers.Name == namespace {
			names = appendNew(names, callers.ServiceAccounts...)
		}
	}
	return names
}

// appendNew appends the items that a list does not have.
func appendNew(list []string, items ...string) []string {
	for _, item := range items {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}
