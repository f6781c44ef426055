// Package cluster is the stack of one cluster with its applications. It reads
// the stack's configuration and the environment's outputs, and creates a
// components.LatticeCluster, and an AppNamespace and a SecureApp for each
// namespace and application.
package cluster

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/environment"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

// config is the configuration of a cluster stack.
type config struct {
	AWS     settings.AWS
	Own     ownConfig
	Cluster components.LatticeClusterArgs
	AppList appList
	Callers callerList

	reader *settings.Reader
}

// ownConfig has the keys that are not arguments of a component.
type ownConfig struct {
	Tags             map[string]string `setting:"tags"`
	EnvironmentStack string            `setting:"environmentStack"`
	AppImage         string            `setting:"appImage"`
}

type appList struct {
	// Apps name their namespaces. The rest of the Ref follows with the namespace.
	Apps []components.SecureAppArgs `setting:"apps"`
}

// callerList has the namespaces of pods that only call.
type callerList struct {
	Namespaces []callerNamespace `setting:"namespaces"`
}

type callerNamespace struct {
	Name            string   `setting:"name"`
	ServiceAccounts []string `setting:"serviceAccounts"`
}

// readConfig reads the configuration of the running stack and the outputs of
// its environment. Its error names everything that is wrong with them.
func readConfig(ctx *pulumi.Context) (*config, error) {
	c := &config{reader: settings.NewReader(ctx, names.RoleCluster)}
	c.read(ctx.Stack())
	// If the stack of the environment does not exist, the engine ends the program
	// and shows only its own error, so the configuration's problems come first.
	if err := c.reader.Err(); err != nil {
		return nil, err
	}
	shared, missing := environment.Read(ctx, c.Own.EnvironmentStack)
	if missing != nil {
		c.reader.ReportAs(problem.Of(missing))
		return nil, c.reader.Err()
	}
	c.Cluster.Environment = shared
	c.checkEnvironment()
	c.AWS.AccountID = shared.Account.ID
	c.AWS.Tags = settings.StackTags(ctx, c.Own.Tags)
	c.Cluster.Tags = c.AWS.Tags
	return c, c.reader.Err()
}

// read reads the stack's own configuration.
func (c *config) read(stack string) {
	c.AWS = c.reader.AWS()
	own := settings.Cluster.Bind(&c.Own)
	c.reader.Read(own)
	c.reader.Read(c.clusterKeys())
	c.reader.Read(settings.Cluster.Bind(&c.AppList))
	callers := settings.Cluster.Bind(&c.Callers)
	c.reader.Read(callers)
	callers.SetDefaults()
	c.reader.Report(callers.Keys(append(callers.Check(), c.Callers.repeated()...)))
	if c.Cluster.ClusterName == "" {
		c.Cluster.ClusterName = names.Cluster(stack)
	}
	for i := range c.AppList.Apps {
		app := &c.AppList.Apps[i]
		app.Namespace.Cluster.Name = c.Cluster.ClusterName
		c.Cluster.AppNames = append(c.Cluster.AppNames, app.Name)
	}
	c.reader.Report(own.Keys(own.Check()))
	var found problem.List
	if c.Own.EnvironmentStack == stack {
		found.Add("environmentStack", stack, "is this stack itself; give the name of a stack of role %s", names.RoleEnvironment)
	}
	found = append(found, c.checkCluster()...)
	c.reader.Report(append(found, c.checkApps()...))
}

func (c *config) clusterKeys() settings.List { return settings.Cluster.Bind(&c.Cluster) }

func (c *config) checkCluster() problem.List {
	return c.clusterKeys().Keys(problem.Of(c.Cluster.Check()))
}

// checkEnvironment reports configuration that does not fit the environment.
func (c *config) checkEnvironment() {
	var found problem.List
	if region := c.Cluster.Environment.Account.Region; c.AWS.Region != region {
		found.Add("aws:region", c.AWS.Region, "is not the Region of the environment, %s; VPC Lattice connects within one Region", region)
	}
	c.reader.ReportAs(found)
	for i := range c.AppList.Apps {
		c.AppList.Apps[i].Namespace.Cluster.Environment = c.Cluster.Environment
	}
	c.reader.Report(append(c.checkCluster(), c.checkApps()...)) // again, with the account
}

// checkApps returns what is wrong with each application and between them.
func (c *config) checkApps() problem.List {
	var found problem.List
	taken := map[string]int{}
	for i := range c.AppList.Apps {
		app := &c.AppList.Apps[i]
		path := fmt.Sprintf("apps[%d].", i)
		keys := settings.Application.Bind(app)
		found = append(found, keys.Keys(problem.Of(app.Check())).Under(path)...)
		if first, ok := taken[app.Name]; ok && app.Name != "" {
			found.Add(path+"name", app.Name, "is the name of apps[%d], too; it is the host name, so it must be unique", first)
		} else {
			taken[app.Name] = i
		}
	}
	found = append(found, c.checkPublished()...)
	return append(found, c.checkServiceNames()...)
}

// checkPublished reports Services that the stack would delete together with an
// application, or that two applications publish in different ways.
func (c *config) checkPublished() problem.List {
	var found problem.List
	taken := map[string]int{}
	for i, app := range c.AppList.Apps {
		if app.Service == nil {
			continue
		}
		path := fmt.Sprintf("apps[%d].", i)
		listed := slices.ContainsFunc(c.Callers.Namespaces, func(n callerNamespace) bool { return n.Name == app.Namespace.Name })
		if !listed && app.Namespace.Name != "" {
			found.Add(path+"namespace", app.Namespace.Name, "is not in namespaces; list it there, or the stack deletes it with the last "+
				"application in it, and with it what somebody else deployed there")
		}
		service := app.Namespace.Name + "/" + app.Service.Name
		first, again := taken[service]
		if again && (ofService(app) || ofService(c.AppList.Apps[first])) {
			found.Add(path+"service.name", app.Service.Name, "is that of apps[%d], too, and a healthCheck and HTTP/2 are properties of "+
				"the Service; publish another Service with the same pods", first)
		}
		if !again {
			taken[service] = i
		}
	}
	return found
}

// ofService reports whether an application says something about the target groups of
// its Service, of which the Lattice controller takes one opinion.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/api-types/target-group-policy.md
func ofService(app components.SecureAppArgs) bool {
	return app.HealthCheck != nil || app.Protocol == names.ProtocolHTTP2
}

// repeated returns the namespaces that are listed twice.
func (l callerList) repeated() problem.List {
	var found problem.List
	for i, namespace := range l.Namespaces {
		first := slices.IndexFunc(l.Namespaces, func(n callerNamespace) bool { return n.Name == namespace.Name })
		if first < i && namespace.Name != "" {
			found.Add(fmt.Sprintf("Namespaces[%d].Name", i), namespace.Name,
				"is the name of namespaces[%d], too; list its service accounts there", first)
		}
	}
	return found
}

// checkServiceNames reports applications with different names but the same
// service in VPC Lattice, whose name is <name>-<namespace>.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/utils/common.go
func (c *config) checkServiceNames() problem.List {
	var found problem.List
	apps := c.AppList.Apps
	taken := map[string]int{}
	for i, app := range apps {
		service := app.Name + "-" + app.Namespace.Name
		first, ok := taken[service]
		if ok && app.Name != apps[first].Name {
			found.Add(fmt.Sprintf("apps[%d].name", i), app.Name,
				"and its namespace give the service name %s, as those of apps[%d] do; rename one of them",
				problem.Derived(strconv.Quote(service)), first)
		}
		if !ok {
			taken[service] = i
		}
	}
	return found
}
