// Package cluster is the stack of one cluster with its applications: it reads
// the stack's configuration and the environment's outputs, and makes
// components.LatticeCluster with an AppNamespace and a SecureApp for each
// namespace and application.
package cluster

import (
	"fmt"

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
	Apps        []App
	AppImage    string
}

// App is one application, as the list eks-lattice:apps has it.
type App struct {
	Name           string              `json:"name"`
	Namespace      string              `json:"namespace"`
	ServiceAccount string              `json:"serviceAccount"`
	Image          string              `json:"image"`
	Replicas       int                 `json:"replicas"`
	Allow          []components.Caller `json:"allow"`
}

// ReadConfig reads the configuration of the running stack and the outputs of
// its environment. Its error names everything that is wrong with them.
func ReadConfig(ctx *pulumi.Context) (*Config, error) {
	r := settings.NewReader(ctx)
	config, stack := read(r, ctx.Stack())
	outputs, missing := environment.ReadOutputs(ctx, stack)
	r.Problems = append(r.Problems, missing...)
	if len(missing) == 0 && config.AWS.Region != "" && config.AWS.Region != outputs.Region.Plain() {
		r.Problems.Add("aws:region", config.AWS.Region, "is not the Region of the environment, %s; VPC Lattice connects within one Region", outputs.Region.Plain())
	}
	if err := r.Problems.Err(fmt.Sprintf("the configuration of stack %q", ctx.Stack())); err != nil {
		return nil, err
	}
	config.AWS.Tags = settings.StackTags(ctx, config.AWS.Tags)
	config.connect(outputs)
	return config, nil
}

// read returns the stack's own configuration and the name of its environment.
func read(r *settings.Reader, stack string) (*Config, string) {
	config := &Config{AWS: r.AWS()}
	config.AWS.Tags = r.Map("tags", map[string]string{})
	config.Cluster = components.LatticeClusterArgs{
		ClusterName:       r.String("clusterName", names.Cluster(stack)),
		KubernetesVersion: r.String("kubernetesVersion", "1.35"),
		ExtendedSupport:   r.Bool("extendedSupport", false),
		Network: components.NetworkArgs{
			VPCCIDR:           r.String("vpcCidr", "10.0.0.0/16"),
			AvailabilityZones: r.Int("availabilityZones", 3),
			NATGatewayPerZone: r.Bool("natGatewayPerZone", false),
		},
		Nodes: components.NodesArgs{
			InstanceTypes: r.Strings("nodeInstanceTypes", []string{"m5.large"}),
			MinSize:       r.Int("nodeMinSize", 2),
			MaxSize:       r.Int("nodeMaxSize", 5),
			DesiredSize:   r.Int("nodeDesiredSize", 2),
		},
		PublicAccessCIDRs:  r.Strings("publicAccessCidrs", []string{"0.0.0.0/0"}),
		LogTypes:           r.Strings("clusterLogTypes", []string{}),
		LogRetentionDays:   r.Int("clusterLogRetentionDays", 30),
		AdminPrincipalARNs: r.Strings("adminPrincipalArns", []string{}),
		Sources: components.Sources{
			ImageMirror: r.String("imageMirror", ""),
			ChartMirror: r.String("chartMirror", ""),
		},
		Proxy: components.ProxyArgs{
			EnvoyImage:    r.String("envoyImage", ""),
			IptablesImage: r.String("iptablesImage", ""),
		},
	}
	config.AppImage = r.String("appImage", components.DefaultAppImage)
	config.Apps = settings.Object(r, "apps", []App{}, "a list of applications with name, namespace and allow")
	for _, app := range config.Apps {
		config.Cluster.AppNames = append(config.Cluster.AppNames, app.Name)
	}
	r.Problem(components.CheckTags(config.AWS.Tags))
	r.Problem(config.Cluster.Check())
	r.Problem(config.checkApps())
	return config, r.String("environmentStack", "environment")
}

// checkApps returns what is wrong with each application and between them.
func (c *Config) checkApps() problem.List {
	var found problem.List
	taken := map[string]int{}
	for i, app := range c.Apps {
		path := fmt.Sprintf("apps[%d]", i)
		args := c.appArgs(app)
		appProblems := args.Check()
		found = append(found, appProblems.Under(path+".")...)
		if first, ok := taken[app.Name]; ok && app.Name != "" {
			found.Add(path+".name", app.Name, "is the name of apps[%d] too; it is the host name, so each application needs its own", first)
		} else {
			taken[app.Name] = i
		}
	}
	return found
}

// appArgs returns what is known of an application before anything is made.
func (c *Config) appArgs(app App) *components.SecureAppArgs {
	image := app.Image
	if image == "" {
		image = c.AppImage
	}
	return &components.SecureAppArgs{
		Account:        c.Cluster.Account,
		ClusterName:    c.Cluster.ClusterName,
		Name:           app.Name,
		Namespace:      app.Namespace,
		ServiceAccount: app.ServiceAccount,
		Image:          image,
		Replicas:       app.Replicas,
		Callers:        app.Allow,
		Domain:         c.Cluster.Domain,
		GatewayName:    c.Cluster.ServiceNetworkName,
		Tags:           c.AWS.Tags,
		Sources:        c.Cluster.Sources,
		Proxy:          c.Cluster.Proxy,
	}
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
