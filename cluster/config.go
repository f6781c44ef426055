// Package cluster is the stack of one cluster with its applications: it reads
// the stack's configuration and the environment's outputs, and makes
// components.LatticeCluster with an AppNamespace and a SecureApp for each
// namespace and application.
package cluster

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
	"eks-lattice/environment"
	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
	"eks-lattice/internal/settings"
)

// Config is the configuration of a cluster stack, with what it learned from
// its environment.
type Config struct {
	AWS         settings.AWS
	Environment *environment.Outputs
	Cluster     components.LatticeClusterArgs
	// Apps have what their list says; appArgs adds what they share.
	Apps []components.SecureAppArgs
	// AppImage is that of applications that name none.
	AppImage string

	environmentStack string
}

// settings are those that no component has.
func (c *Config) settings() settings.List {
	return settings.List{
		settings.Tags.For(&c.AWS.Tags),
		settings.EnvironmentStack.For(&c.environmentStack),
		settings.AppImage.For(&c.AppImage),
	}
}

// ReadConfig reads the configuration of the running stack and the outputs of
// its environment. Its error names everything that is wrong with them.
func ReadConfig(ctx *pulumi.Context) (*Config, error) {
	r := settings.NewReader(ctx, names.RoleCluster)
	config := read(r, ctx.Stack())
	// The engine ends a program that refers to a stack which does not exist, and
	// shows its own error alone: what is wrong here must have been said before.
	if err := r.Err(); err != nil {
		return nil, err
	}
	outputs, missing := environment.ReadOutputs(ctx, config.environmentStack)
	r.ReportAs(missing)
	if len(missing) == 0 {
		if config.AWS.Region != outputs.Region.Plain() {
			var found problem.List
			found.Add("aws:region", config.AWS.Region, "is not the Region of the environment, %s; VPC Lattice connects within one Region", outputs.Region.Plain())
			r.ReportAs(found)
		}
		config.AWS.Tags = settings.StackTags(ctx, config.AWS.Tags)
		config.connect(outputs)
		r.Report(config.Cluster.Check()) // with the account, which is known now
	}
	return config, r.Err()
}

// read returns the stack's own configuration.
func read(r *settings.Reader, stack string) *Config {
	config := &Config{AWS: r.AWS()}
	r.Read(config.settings())
	r.Read(config.Cluster.Settings())
	r.Read(settings.List{settings.Each(settings.Apps, &config.Apps, (*components.SecureAppArgs).Settings)})
	if config.Cluster.ClusterName == "" {
		config.Cluster.ClusterName = names.Cluster(stack)
	}
	for _, app := range config.Apps {
		config.Cluster.AppNames = append(config.Cluster.AppNames, app.Name)
	}
	r.Report(config.settings().Check())
	if config.environmentStack == stack {
		var found problem.List
		found.Add("environmentStack", stack, "is this stack itself; give the name of a stack of role %s", names.RoleEnvironment)
		r.Report(found)
	}
	r.Report(config.Cluster.Check())
	r.Report(config.checkApps())
	return config
}

// checkApps returns what is wrong with each application and between them.
func (c *Config) checkApps() problem.List {
	var found problem.List
	taken := map[string]int{}
	for i, app := range c.Apps {
		path := fmt.Sprintf("apps[%d]", i)
		app.ClusterName = c.Cluster.ClusterName
		found = append(found, app.Check().Under(path+".")...)
		if first, ok := taken[app.Name]; ok && app.Name != "" {
			found.Add(path+".name", app.Name, "is the name of apps[%d] too; it is the host name, so each application needs its own", first)
		} else {
			taken[app.Name] = i
		}
	}
	return append(found, c.checkServiceNames()...)
}

// checkServiceNames reports applications of different names that VPC Lattice
// would know by one, which is <name>-<namespace>.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/utils/common.go
func (c *Config) checkServiceNames() problem.List {
	var found problem.List
	taken := map[string]int{}
	for i, app := range c.Apps {
		service := app.Name + "-" + app.Namespace
		first, ok := taken[service]
		if ok && app.Name != c.Apps[first].Name {
			found.Add(fmt.Sprintf("apps[%d].name", i), app.Name, "makes with its namespace the service name %s, which apps[%d] has too; rename one of them",
				problem.Derived(strconv.Quote(service)), first)
		}
		if !ok {
			taken[service] = i
		}
	}
	return found
}

// appArgs adds what applications share.
func (c *Config) appArgs(app components.SecureAppArgs) *components.SecureAppArgs {
	if app.Image == "" {
		app.Image = c.AppImage
	}
	app.Account = c.Cluster.Account
	app.ClusterName = c.Cluster.ClusterName
	app.Domain = c.Cluster.Domain
	app.GatewayName = c.Cluster.ServiceNetworkName
	app.Tags = c.AWS.Tags
	app.Sources = c.Cluster.Sources
	return &app
}

// connect fills in what the environment knows.
func (c *Config) connect(outputs *environment.Outputs) {
	c.Environment = outputs
	c.AWS.AccountID = outputs.AccountID.Plain()
	c.Cluster.Account = components.Account{
		ID:        outputs.AccountID.Plain(),
		Region:    outputs.Region.Plain(),
		Partition: outputs.Partition.Plain(),
	}
	c.Cluster.Tags = c.AWS.Tags
	c.Cluster.Domain = outputs.Domain.Plain()
	c.Cluster.ServiceNetworkName = outputs.ServiceNetworkName.Plain()
	c.Cluster.ServiceNetworkID = outputs.ServiceNetworkID.Input()
	c.Cluster.ZoneID = outputs.ZoneID.Input()
	c.Cluster.ZoneARN = outputs.ZoneARN.Input()
	c.Cluster.CertificateARN = outputs.CertificateARN.Input()
}
