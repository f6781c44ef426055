package cluster

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// outputs are those of a cluster's stack, for people and tools.
type outputs struct {
	ClusterName pulumi.StringOutput
	ClusterARN  pulumi.StringOutput
	VPCID       pulumi.StringOutput
	// ConfigureKubectl is a command that adds the cluster to kubectl, as a context
	// of the cluster's name.
	ConfigureKubectl pulumi.StringOutput
	// AppURLs maps the applications' names to the URLs for their callers.
	AppURLs pulumi.StringMap
	// Kubeconfig is a secret.
	Kubeconfig pulumi.StringOutput
}

func newOutputs(c *config, cluster *components.LatticeCluster, apps []*components.SecureApp) *outputs {
	urls := pulumi.StringMap{}
	for i, app := range apps {
		urls[c.AppList.Apps[i].Name] = app.URL
	}
	return &outputs{
		ClusterName: cluster.ClusterName,
		ClusterARN:  cluster.ClusterARN,
		VPCID:       cluster.VPCID,
		ConfigureKubectl: cluster.ClusterName.ApplyT(func(name string) string {
			return fmt.Sprintf("aws eks update-kubeconfig --region %s --name %s --alias %s", c.AWS.Region, name, name)
		}).(pulumi.StringOutput),
		AppURLs:    urls,
		Kubeconfig: cluster.Kubeconfig,
	}
}

func (o *outputs) export(ctx *pulumi.Context) {
	ctx.Export("clusterName", o.ClusterName)
	ctx.Export("clusterArn", o.ClusterARN)
	ctx.Export("vpcId", o.VPCID)
	ctx.Export("configureKubectl", o.ConfigureKubectl)
	ctx.Export("appUrls", o.AppURLs)
	ctx.Export("kubeconfig", o.Kubeconfig)
}
