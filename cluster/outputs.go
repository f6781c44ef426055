package cluster

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// Outputs is what a cluster's stack tells people and tools.
type Outputs struct {
	ClusterName pulumi.StringOutput
	ClusterARN  pulumi.StringOutput
	VPCID       pulumi.StringOutput
	// ConfigureKubectl is a command after which kubectl knows the cluster as a
	// context of the cluster's name.
	ConfigureKubectl pulumi.StringOutput
	// AppURLs maps the applications' names to what callers use.
	AppURLs pulumi.StringMap
	// Kubeconfig is a secret.
	Kubeconfig pulumi.StringOutput
}

func newOutputs(config *Config, cluster *components.LatticeCluster, apps []*components.SecureApp) *Outputs {
	urls := pulumi.StringMap{}
	for i, app := range apps {
		urls[config.Apps[i].Name] = app.URL
	}
	return &Outputs{
		ClusterName: cluster.ClusterName,
		ClusterARN:  cluster.ClusterARN,
		VPCID:       cluster.VPCID,
		ConfigureKubectl: cluster.ClusterName.ApplyT(func(name string) string {
			return fmt.Sprintf("aws eks update-kubeconfig --region %s --name %s --alias %s", config.AWS.Region, name, name)
		}).(pulumi.StringOutput),
		AppURLs:    urls,
		Kubeconfig: cluster.Kubeconfig,
	}
}

func (o *Outputs) export(ctx *pulumi.Context) {
	ctx.Export("clusterName", o.ClusterName)
	ctx.Export("clusterArn", o.ClusterARN)
	ctx.Export("vpcId", o.VPCID)
	ctx.Export("configureKubectl", o.ConfigureKubectl)
	ctx.Export("appUrls", o.AppURLs)
	ctx.Export("kubeconfig", o.Kubeconfig)
}
