package cluster

import (
	"fmt"

	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/components"
)

// Run makes a cluster and its applications from the configuration of the
// running stack.
func Run(ctx *pulumi.Context) error {
	config, err := ReadConfig(ctx)
	if err != nil {
		return err
	}
	aws, err := config.AWS.NewProvider(ctx)
	if err != nil {
		return err
	}
	component, err := eks.NewProvider(ctx, "eks", nil)
	if err != nil {
		return fmt.Errorf("creating eks provider: %w", err)
	}
	cluster, err := components.NewLatticeCluster(ctx, "cluster", &config.Cluster, pulumi.Providers(aws, component))
	if err != nil {
		return err
	}
	apps, err := newApps(ctx, config, cluster, pulumi.Providers(aws, cluster.Kubernetes()))
	if err != nil {
		return err
	}
	newOutputs(config, cluster, apps).export(ctx)
	return nil
}
