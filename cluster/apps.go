package cluster

import (
	"cmp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/internal/names"
)

// newApps creates the namespaces and the applications in them.
func newApps(
	ctx *pulumi.Context, c *config, cluster components.ClusterRef, providers pulumi.ResourceOption,
) ([]*components.SecureApp, error) {
	namespaces := map[string]components.NamespaceRef{}
	for _, name := range c.namespaceNames() {
		namespace, err := components.NewAppNamespace(ctx, name, &components.AppNamespaceArgs{
			Cluster:         cluster,
			ServiceAccounts: c.serviceAccounts(name), ExistingServiceAccounts: c.existingServiceAccounts(name),
			CallsOnly: !slices.ContainsFunc(c.AppList.Apps, func(app components.SecureAppArgs) bool { return app.Namespace.Name == name }),
		}, providers)
		if err != nil {
			return nil, err
		}
		namespaces[name] = namespace.Ref()
	}
	var apps []*components.SecureApp
	for _, args := range c.AppList.Apps {
		args.Namespace = namespaces[args.Namespace.Name]
		if args.Container.Image == "" && args.Service == nil {
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
	var all []string
	for _, app := range c.AppList.Apps {
		all = appendNew(all, app.Namespace.Name)
	}
	for _, namespace := range c.Callers.Namespaces {
		all = appendNew(all, namespace.Name)
	}
	return all
}

// serviceAccounts returns each service account of a namespace that the stack creates
// once.
func (c *config) serviceAccounts(namespace string) []string {
	var accounts []string
	for _, app := range c.AppList.Apps {
		if app.Namespace.Name == namespace && app.Service == nil {
			accounts = appendNew(accounts, cmp.Or(app.ServiceAccount, names.DefaultServiceAccount))
		}
	}
	for _, callers := range c.Callers.Namespaces {
		if callers.Name == namespace {
			accounts = appendNew(accounts, callers.ServiceAccounts...)
		}
	}
	return accounts
}

// existingServiceAccounts returns each of the others that pods behind published
// Services call with.
func (c *config) existingServiceAccounts(namespace string) []string {
	var accounts []string
	for _, app := range c.AppList.Apps {
		if app.Namespace.Name == namespace && app.Service != nil && app.ServiceAccount != "" {
			accounts = appendNew(accounts, app.ServiceAccount)
		}
	}
	created := c.serviceAccounts(namespace)
	return slices.DeleteFunc(accounts, func(account string) bool { return slices.Contains(created, account) })
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
