package cluster

import (
	"fmt"

	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// Run creates a cluster and its applications from the configuration of the
// running stack.
func Run(ctx *pulumi.Context) error {
	outputs, err := deploy(ctx)
	if err != nil {
		return err
	}
	outputs.export(ctx)
	return nil
}

func deploy(ctx *pulumi.Context) (*outputs, error) {
	c, err := readConfig(ctx)
	if err != nil {
		return nil, err
	}
	aws, err := c.AWS.NewProvider(ctx)
	if err != nil {
		return nil, err
	}
	component, err := eks.NewProvider(ctx, "eks", nil)
	if err != nil {
		return nil, fmt.Errorf("creating eks provider: %w", err)
	}
	cluster, err := components.NewLatticeCluster(ctx, c.Cluster.ClusterName, &c.Cluster, pulumi.Providers(aws, component))
	if err != nil {
		return nil, c.reader.Explain(c.clusterKeys(), err)
	}
	apps, err := newApps(ctx, c, cluster.Ref(), pulumi.Providers(aws, cluster.Kubernetes()))
	if err != nil {
		return nil, err
	}
	return newOutputs(c, cluster, apps), nil
}
