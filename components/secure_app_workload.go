package components

import (
	"fmt"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/sidecar"
)

const (
	servicePort = 80
	// drainSeconds is how long a terminating pod continues to answer, because VPC
	// Lattice may still send it requests. The controller's guide says 60; the
	// controllers need the time as well, see LatticeCluster.Ref.
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/faq.md
	drainSeconds = 75
	// graceSeconds leaves the application time to stop after that, as the guide recommends.
	graceSeconds = 150
	// checksumAnnotation changes with the proxy's configuration.
	checksumAnnotation = "eks-lattice.io/sidecar-checksum"
)

// newWorkload creates the pods and the Service that a route leads to.
func (a *workload) newWorkload(ctx *pulumi.Context, before []pulumi.Resource) ([]pulumi.Resource, error) {
	selector := pulumi.ToStringMap(a.selector())
	metadata := metav1.ObjectMetaArgs{
		Name:      pulumi.String(a.version()),
		Namespace: pulumi.String(a.args.Namespace.Name),
		Labels:    pulumi.ToStringMap(a.labelsOfVersion()),
	}
	if err := a.newDisruptionBudget(ctx, before); err != nil {
		return nil, err
	}
	deployment, err := appsv1.NewDeployment(ctx, a.child("deployment"), &appsv1.DeploymentArgs{
		Metadata: metadata,
		Spec: appsv1.DeploymentSpecArgs{
			Replicas: pulumi.Int(a.args.Replicas),
			Strategy: strategy(),
			Selector: metav1.LabelSelectorArgs{MatchLabels: selector},
			Template: corev1.PodTemplateSpecArgs{
				Metadata: metav1.ObjectMetaArgs{
					Labels: pulumi.ToStringMap(a.labelsOfPods()),
					Annotations: pulumi.StringMap{
						sidecar.Annotation: pulumi.String(sidecar.AnnotationValue),
						// The template does not contain the injected containers, so it has to
						// change in another way for pods to get new ones.
						sidecar.PolicyAnnotation: a.cluster().InjectionPolicy,
						checksumAnnotation:       a.sidecarChecksum(),
						// kubectl exec and logs use the application, not the proxy.
						"kubectl.kubernetes.io/default-container": pulumi.String(a.version()),
					},
				},
				Spec: a.podSpec(),
			},
		},
	}, pulumi.Parent(a), pulumi.DependsOn(before), timeouts(controllerTimeout))
	if err != nil {
		return nil, fmt.Errorf("creating deployment %s: %w", a.version(), err)
	}
	service, err := corev1.NewService(ctx, a.child("service"), &corev1.ServiceArgs{
		Metadata: metadata,
		Spec: corev1.ServiceSpecArgs{
			Selector: selector,
			Ports: corev1.ServicePortArray{corev1.ServicePortArgs{
				Protocol:   pulumi.String("TCP"),
				Port:       pulumi.Int(servicePort),
				TargetPort: pulumi.Int(a.args.Port),
			}},
		},
	}, pulumi.Parent(a),
		// Pulumi regards a Service as ready when it has endpoints.
		pulumi.DependsOn([]pulumi.Resource{deployment}))
	if err != nil {
		return nil, fmt.Errorf("creating service %s: %w", a.version(), err)
	}
	policies, err := a.newTargetGroupPolicy(ctx, a.version(), pulumi.String(a.version()), a.labelsOfVersion(), service)
	if err != nil {
		return nil, err
	}
	// With the policies, so that the route never has a target group without them.
	return append(policies, deployment, service), nil
}

func (a *workload) podSpec() corev1.PodSpecPtrInput {
	return corev1.PodSpecArgs{
		ServiceAccountName:            pulumi.String(a.args.ServiceAccount),
		TerminationGracePeriodSeconds: pulumi.Int(graceSeconds),
		Containers:                    corev1.ContainerArray{a.container()},
	}
}

func (a *workload) sidecarChecksum() pulumi.StringOutput {
	environment := a.environment()
	return pulumi.All(environment.CACertificate, environment.ClientRoleARN).ApplyT(func(inputs []any) (string, error) {
		ca, role := inputs[0].(string), inputs[1].(string)
		return sidecar.Checksum(sidecar.Args{Region: environment.Account.Region}, ca, role)
	}).(pulumi.StringOutput)
}
