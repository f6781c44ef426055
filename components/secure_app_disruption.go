package components

import (
	"fmt"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// strategy keeps every pod until another one is ready. By default Kubernetes
// deletes a quarter of the pods before that, rounded down, and a version that never
// becomes ready would leave an application without them.
// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
func strategy() appsv1.DeploymentStrategyArgs {
	return appsv1.DeploymentStrategyArgs{
		Type: pulumi.String("RollingUpdate"),
		RollingUpdate: appsv1.RollingUpdateDeploymentArgs{
			MaxUnavailable: pulumi.Int(0),
			MaxSurge:       pulumi.String("25%"), // as by default: at least one
		},
	}
}

// newDisruptionBudget lets the drain of a node take one ready pod at a time. An
// application with one pod has none: its budget would allow either nothing, and
// with that no update of the nodes, or everything.
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/
func (a *workload) newDisruptionBudget(ctx *pulumi.Context, before []pulumi.Resource) error {
	if a.args.Replicas < 2 {
		return nil
	}
	_, err := newObject(ctx, a.child("disruption-budget"), map[string]any{
		"apiVersion": "policy/v1",
		"kind":       "PodDisruptionBudget",
		"metadata": map[string]any{
			"name": a.version(), "namespace": a.args.Namespace.Name, "labels": untyped(a.labelsOfVersion()),
		},
		"spec": map[string]any{
			"maxUnavailable": 1,
			"selector":       map[string]any{"matchLabels": untyped(a.selector())},
			// A pod that is not ready serves nobody, and must not keep a node from being replaced.
			"unhealthyPodEvictionPolicy": "AlwaysAllow",
		},
	}, pulumi.Parent(a), timeouts(controllerTimeout),
		pulumi.DependsOn(before)) // these depend on its namespace
	if err != nil {
		return fmt.Errorf("creating disruption budget %s: %w", a.version(), err)
	}
	return nil
}
